from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """The catalog: models, startups, organizations and products, with their sources and history."""

    name = "catalog"
    verbose_name = _("Catalog")

    def ready(self) -> None:
        from catalog.listing.facets import checks as facet_checks
        from catalog.listing.index import (
            follow_label,
            follow_publication,
            follow_verifications,
        )
        from catalog.models import Layer, Modality, Segment
        from catalog.models.field_groups import register_checks
        from catalog.models.protection import connect_protection
        from catalog.models.publication import publication_recorded
        from catalog.models.verification import verifications_outdated

        register_checks()
        facet_checks.register_checks()
        connect_protection()
        publication_recorded.connect(follow_publication)
        verifications_outdated.connect(follow_verifications)
        for model in (Layer, Modality, Segment):
            post_save.connect(follow_label, sender=model)
