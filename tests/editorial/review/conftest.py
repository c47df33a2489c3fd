"""What several tests of the review need."""

import pytest

from tests.editorial.review.mail_server import running_mail_server


@pytest.fixture
def mail_server(settings):
    """The mail server that the site uses."""
    with running_mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 5
        yield server
