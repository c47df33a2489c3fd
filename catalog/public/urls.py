"""The public URLs of the catalog, under the language prefix."""

from django.urls import path

from catalog.listing.listings import LISTINGS
from catalog.models.kinds import KINDS
from catalog.public import changes, compare, downloads, freshness, history_pages, views

app_name = "catalog"

urlpatterns = [
    *(path(f"{name}/", views.show_listing, {"name": name}, name=name) for name in LISTINGS),
    *(
        path(f"{name}/data.{form}", downloads.download_listing, {"name": name, "form": form}, name=f"{name}_{form}")
        for name in LISTINGS
        for form in downloads.CONTENT_TYPES
    ),
    *(
        path(f"{name}/feed.{form}", downloads.feed_listing, {"name": name, "form": form}, name=f"{name}_feed_{form}")
        for name in LISTINGS
        for form in ("atom", "json")
    ),
    path("startups/<slug:slug>/", views.redirect_startup),
    path("glossary/", views.show_glossary, name="glossary"),
    path("sources/<int:pk>/", views.show_source, name="source"),
    *(
        path(f"{kind.slug}/<slug:slug>/{rest}", view, {"kind": kind.key}, name=f"{kind.key.value}{name}")
        for kind in KINDS
        for rest, view, name in (
            ("", views.show_record, ""),
            ("history/", history_pages.show_history, "_history"),
            ("history/<int:sequence>/", history_pages.show_version, "_version"),
        )
    ),
    path("changes/", changes.show_changes, name="changes"),
    path("changes/feed.atom", changes.feed_changes, {"form": "atom"}, name="changes_atom"),
    path("changes/feed.json", changes.feed_changes, {"form": "json"}, name="changes_json"),
    path("freshness/", freshness.show_freshness, name="freshness"),
    path("freshness/data.csv", freshness.download_freshness, name="freshness_data"),
    path("compare/", compare.show_comparison, name="compare"),
    *(
        path(f"compare/data.{form}", compare.download_comparison, {"form": form}, name=f"compare_{form}")
        for form in downloads.CONTENT_TYPES
    ),
    path("timeline/", views.show_timeline, name="timeline"),
]
