from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """The catalog: models, startups, organizations and products, with their sources and history."""

    name = "catalog"
    verbose_name = _("Catalog")

    def ready(self) -> None:
        from catalog.listing import index
        from catalog.models.field_groups import register_checks
        from catalog.models.publication import register_publish
        from catalog.public.articles import check_article_finder
        from catalog.publishing.effects import check_slots, fill
        from catalog.publishing.guards import connect_guards
        from catalog.publishing.publication import publish

        checks.register(check_article_finder)
        register_checks()
        checks.register(check_slots)
        register_publish(publish)
        connect_guards()
        fill("index", index.follow)
