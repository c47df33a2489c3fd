"""Wait for the response to a form."""

from contextlib import contextmanager


@contextmanager
def answered(page):
    """Wait after the block for the response to the form that it sent, and for the page that follows.

    Waiting for any navigation would be too early: Wagtail's scripts rewrite the address while the form is being sent.
    """
    with page.expect_event("load"), page.expect_response(_answers_form):
        yield


def _answers_form(response) -> bool:
    return response.request.method == "POST" and response.request.is_navigation_request()
