"""The URLs of the whole site."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib.sitemaps.views import index, sitemap
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.static import serve
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from aigc_site import views
from editorial.articles.sitemaps import SITEMAPS

handler404 = views.show_not_found
handler500 = views.show_server_error

urlpatterns = [
    path("", views.redirect_to_language),
    path("healthz", views.report_health),
    path("livez", views.report_life),
    path("readyz", views.report_health),
    path("robots.txt", views.show_robots),
    path("sitemap.xml", index, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("sitemap-<section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="django.contrib.sitemaps.views.sitemap"),
    # Before Wagtail's own, which it replaces.
    path("admin/logout/", views.PostedLogoutView.as_view()),
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    # In demo and debug, the site serves uploads itself; in production, the web server in front does.
    *(
        [path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT})]
        if settings.DEMO or settings.DEBUG
        else []
    ),
    *i18n_patterns(
        path("accounts/", include("editorial.accounts.urls")),
        # Wagtail's page for readers of private pages, which takes passwords too.
        path("_util/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
        path("", include("catalog.public.urls")),
        path("", include("editorial.articles.urls")),
        path("", include(wagtail_urls)),
    ),
]
