"""The views of the site as a whole: language redirect, health, robots.txt, and error pages."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request, override
from wagtail.admin.views.account import LogoutView


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
