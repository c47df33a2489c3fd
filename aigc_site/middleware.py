"""Security headers for every response, messages for refusals in the admin, and the timing header of demo and debug."""

import time
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from catalog.editing.views import report_refusal

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "payment",
        "usb",
    )
)
# Wagtail's admin has inline scripts and styles and shows previews in frames of its own origin.
ADMIN_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'self'; object-src 'none'"
)


class SecurityHeadersMiddleware:
    """Adds headers that Django's middleware does not: Permissions-Policy, and the admin's Content-Security-Policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if request.path.startswith("/admin/"):
            response.headers.setdefault("Content-Security-Policy", ADMIN_POLICY)
        return response


class RefusalMiddleware:
    """Shows in the admin why a version can't go live, in all views where Wagtail does not expect a refusal.

    Nothing has changed at that point: `publish()` is all or nothing, and so are Wagtail's approvals and bulk actions.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ValidationError) or not request.path.startswith("/admin/"):
            return None
        report_refusal(request, exception)
        origin = request.headers.get("Referer", "")
        if not url_has_allowed_host_and_scheme(origin, request.get_host(), require_https=request.is_secure()):
            origin = reverse("wagtailadmin_home")
        if request.headers.get("X-Requested-With") == "XMLHttpRequest":
            # The form of answer that Wagtail's dialogs understand.
            return JsonResponse({"step": "success", "redirect": origin})
        return HttpResponseRedirect(origin)


class ServerTimingMiddleware:
    """Adds the time that a response took, the part of it spent in the database, and the number of queries.

    Only in demo and debug: timings could help an attacker.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        queries: list[float] = []

        def time_query(execute, sql, params, many, context):
            begun = time.perf_counter()
            try:
                return execute(sql, params, many, context)
            finally:
                queries.append(time.perf_counter() - begun)

        begun = time.perf_counter()
        with connection.execute_wrapper(time_query):
            response = self.get_response(request)
        total = time.perf_counter() - begun
        noun = "query" if len(queries) == 1 else "queries"
        response.headers["Server-Timing"] = (
            f'total;dur={total * 1000:.1f}, db;dur={sum(queries) * 1000:.1f};desc="{len(queries)} {noun}"'
        )
        return response
