"""The action log of an object in the admin: who did what to which version, and why; as a list and as a spreadsheet."""

from django.contrib.admin.utils import quote
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import TitleColumn
from wagtail.log_actions import registry
from wagtail.models import ModelLogEntry, PageLogEntry, PreviewableMixin
from wagtail.snippets.views import snippets

from catalog.editing.exports import TextSpreadsheetMixin
from catalog.editing.views import NewestNameMixin


class AuditMixin(TextSpreadsheetMixin):
    """Adds the version of each action, and a spreadsheet, to a history view of Wagtail."""

    list_export = ["time", "who", "action", "version", "kind", "reason"]
    export_headings = {
        "time": _("Time"),
        "who": _("Who"),
        "action": _("Action"),
        "version": _("Version"),
        "kind": _("Kind of approval"),
        "reason": _("Reason"),
    }

    @cached_property
    def columns(self):
        # The first column shows the action, with comments and reasons below it.
        action, *others = super().columns
        version = TitleColumn(
            "version",
            label=_("Version"),
            accessor=lambda entry: entry.revision_id or "–",
            get_url=self.get_version_url,
        )
        return [action, version, *others]

    def get_version_url(self, entry: ModelLogEntry | PageLogEntry) -> str | None:
        """Return the address of the preview of an entry's version; None if it has none."""
        if not (entry.revision_id and self.revisions_view_url_name and isinstance(self.object, PreviewableMixin)):
            return None
        return reverse(self.revisions_view_url_name, args=(quote(self.object.pk), entry.revision_id))

    def get_base_queryset(self):
        # Show the autosaves of one version as one action. Wagtail's grouping shows a bulk action on one object only.
        entries = registry.get_logs_for_instance(self.object)
        newer = entries.filter(
            uuid=OuterRef("uuid"), action=OuterRef("action"), revision=OuterRef("revision"), pk__gt=OuterRef("pk")
        )
        return self._annotate_queryset(entries.filter(~Exists(newer))).defer("revision__content")

    def get_filename(self) -> str:
        return f"{self.object.slug}-history"

    def render_to_response(self, context, **options):
        if self.is_export:
            return self.as_spreadsheet(context["object_list"], self.request.GET["export"])
        return super().render_to_response(context, **options)

    def to_row_dict(self, item) -> dict[str, str]:
        return {
            "time": item.timestamp.isoformat(),
            "who": str(item.user_display_name),
            "action": str(item.message),
            "version": str(item.revision_id or ""),
            "kind": item.data.get("kind", ""),
            "reason": str(item.comment),
        }


class CatalogHistoryView(NewestNameMixin, AuditMixin, snippets.HistoryView):
    pass
