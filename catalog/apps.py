from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """The catalog: models, startups, organizations and products, with their sources and history."""

    name = "catalog"
    verbose_name = _("Catalog")

    def ready(self) -> None:
        from catalog.editing.marking import limit_wagtail
        from catalog.kind_checks import check_kinds
        from catalog.listing import index
        from catalog.listing.facets.checks import check_facets
        from catalog.models.publication import register_publish
        from catalog.public.articles import check_article_finder
        from catalog.publishing.effects import check_slots, fill
        from catalog.publishing.guards import connect_catalog_guards
        from catalog.publishing.publication import publish

        checks.register(check_article_finder)
        checks.register(check_kinds, checks.Tags.models)
        checks.register(check_slots)
        checks.register(check_facets)
        register_publish(publish)
        connect_catalog_guards()
        limit_wagtail()
        fill("index", index.update_index)
