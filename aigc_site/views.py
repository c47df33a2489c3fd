"""The views of the site as a whole: language redirect, health, robots.txt, and error pages."""

import re

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import escape_leading_slashes
from django.utils.translation import get_language_from_request, override
from django.views.decorators.cache import never_cache
from wagtail.admin.views.account import LogoutView

# Names of fields whose values are never shown again: passwords and one-time codes.
SECRET_NAME = re.compile(r"passw|secret|token$|\b(otp|code)$", re.IGNORECASE)


def redirect_to_language(request: HttpRequest) -> HttpResponse:
    """Redirect to the home page in the language that the browser prefers."""
    with override(get_language_from_request(request)):
        response = HttpResponseRedirect(reverse("home"))
    patch_vary_headers(response, ["Accept-Language"])
    return response


def report_life(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process runs."""
    return JsonResponse({"status": "ok"})


def report_health(request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database is reachable and migrated, else 503 with the reason."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "reason": "The database can't be reached."}, status=503)
    if waiting:
        return JsonResponse({"status": "unavailable", "reason": "The database is not migrated."}, status=503)
    return JsonResponse({"status": "ok"})


def show_robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers what they may read, and where the sitemap is."""
    lines = ["User-agent: *", "Disallow: /admin/", f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


class PostedLogoutView(LogoutView):
    """Sign out by POST alone. Wagtail's own view refuses a GET, and takes the session's cookie away all the same."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method != "POST":
            return redirect("wagtailadmin_home")
        return super().dispatch(request, *args, **kwargs)


def show_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the 404 page in the reader's language."""
    return render(request, "404.html", status=404)


def show_server_error(request: HttpRequest) -> HttpResponse:
    """Show the 500 page in the reader's language; its template needs neither database nor session."""
    return render(request, "500.html", status=500)


@never_cache
def show_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in both languages that a form was refused as possibly forged, and offer to send it again after a look at it.

    It is offered only if a page of this site sent the form, so that no other site can make a person confirm what they
    have not typed. Passwords and files are left out. The second sending is checked like any other.
    """
    sender = request.headers.get("Origin") or request.headers.get("Referer") or ""
    # A missing or opaque ("null") origin is foreign too.
    is_own = f"{sender}/".startswith(f"{request.scheme}://{request.get_host()}/")
    sent = list(request.POST.lists()) if is_own and request.method == "POST" else []
    secrets = {name for name, _values in sent if SECRET_NAME.search(name)}
    values = [(name, value) for name, found in sent if name not in secrets for value in found]
    context = {
        "languages": settings.LANGUAGES,
        "address": escape_leading_slashes(request.get_full_path()),
        "values": values,
        "left_out": bool(values) and bool(request.FILES or secrets - {"csrfmiddlewaretoken"}),
    }
    return render(request, "403_csrf.html", context, status=403)
