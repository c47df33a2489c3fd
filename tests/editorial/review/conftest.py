"""Fixtures that several tests of the review need."""

import socket

import pytest

from tests.editorial.review.mail_server import running_mail_server
from tests.editorial.review.web_server import Names, running_web_server


@pytest.fixture
def mail_server(settings):
    """The mail server that the site uses."""
    with running_mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 5
        yield server


@pytest.fixture
def web():
    """A web server whose pages the test defines."""
    with running_web_server() as server:
        yield server


@pytest.fixture
def names(monkeypatch):
    """The only host names that exist: no test asks a name server."""
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *args, **kwargs: names.look_up(host, port, **kwargs))
    return names
