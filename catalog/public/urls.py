"""The public addresses of the catalog, under the language prefix."""

from django.urls import path

from catalog.listing.page import LISTINGS
from catalog.models.choices import EntryKind
from catalog.public import views

app_name = "catalog"

urlpatterns = [
    *(path(f"{name}/", views.show_listing, {"name": name}, name=name) for name in LISTINGS),
    path("models/<slug:slug>/", views.show_record, {"kind": EntryKind.MODEL}, name="model"),
    path("organizations/<slug:slug>/", views.show_record, {"kind": EntryKind.ORGANIZATION}, name="organization"),
    path("products/<slug:slug>/", views.show_record, {"kind": EntryKind.PRODUCT}, name="product"),
    path("startups/<slug:slug>/", views.redirect_startup),
    path("glossary/", views.show_glossary, name="glossary"),
    path("glossary/<slug:slug>/", views.show_record, {"kind": EntryKind.TERM}, name="term"),
    path("sources/<int:pk>/", views.show_source, name="source"),
    path("timeline/", views.show_timeline, name="timeline"),
]
