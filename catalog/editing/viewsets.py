"""The catalog in the admin: lists, forms and choosers of each kind."""

from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import ObjectList
from wagtail.admin.ui.tables import BooleanColumn, UpdatedAtColumn
from wagtail.snippets.views.chooser import SnippetChooserViewSet
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from catalog.editing import choosers, filters, views
from catalog.editing.action_log import CatalogHistoryView
from catalog.editing.list_columns import StateColumn, ValueColumn
from catalog.editing.panels import build_edit_handler, build_plain_handler
from catalog.editing.plain_text import spread
from catalog.models import AIModel, Layer, Modality, Organization, Product, Segment, Source, Term
from catalog.models.field_groups import fields_of
from catalog.models.kinds import Kind, list_kinds


class CatalogChooserViewSet(SnippetChooserViewSet):
    """A chooser that searches as the lists do."""

    choose_view_class = choosers.CatalogChooseView
    choose_results_view_class = choosers.CatalogChooseResultsView

    def get_urlpatterns(self):
        # Choosers don't create objects, and Wagtail's create view fails without a form.
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "create"]


class TermChooserViewSet(CatalogChooserViewSet):
    """A chooser of terms that offers only techniques for fields that accept nothing else."""

    url_filter_parameters = ["is_technique"]
    preserve_url_parameters = [*SnippetChooserViewSet.preserve_url_parameters, "is_technique"]


class CatalogViewSet(SnippetViewSet):
    """The base of all viewsets. `value_names` are the values in spreadsheets and on the inspect page."""

    chooser_viewset_class = CatalogChooserViewSet
    copy_view_class = views.CatalogCopyView
    edit_view_class = views.CarefulEditView
    history_view_class = CatalogHistoryView
    index_view_class = views.CatalogIndexView
    index_results_template_name = "wagtailadmin/catalog/index_results.html"
    inspect_view_class = views.CatalogInspectView
    inspect_view_enabled = True
    list_per_page = 50
    chooser_per_page = 20
    value_names: tuple[str, ...] = ()

    @cached_property
    def inspect_view_fields(self) -> list[str]:
        return ["slug", *spread(self.model, self.value_names)]

    @cached_property
    def export_filename(self) -> str:
        return self.model_name

    def get_index_view_kwargs(self, **kwargs):
        options = super().get_index_view_kwargs(value_names=self.value_names, **kwargs)
        # The view derives them from `value_names`.
        del options["list_export"]
        return options


class RecordViewSet(CatalogViewSet):
    """The base for entries and terms, which have drafts and reviews."""

    add_view_class = views.CatalogCreateView
    edit_view_class = views.CatalogEditView


class EntryViewSet(RecordViewSet):
    """The base for entries: form, spreadsheet and inspect page follow the registry of field groups."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.value_names = tuple(fields_of(cls.model.kind))

    @cached_property
    def edit_handler(self):
        return build_edit_handler(self.model)


class AIModelViewSet(EntryViewSet):
    model = AIModel
    icon = "cogs"
    filterset_class = filters.AIModelFilterSet
    list_display = [
        "__str__",
        ValueColumn("makers", AIModel),
        ValueColumn("released", AIModel),
        ValueColumn("access", AIModel, accessor=AIModel.get_access_display),
        ValueColumn("status", AIModel, accessor=AIModel.get_status_display),
        StateColumn(),
        UpdatedAtColumn(label=_("Updated")),
    ]


class OrganizationViewSet(EntryViewSet):
    model = Organization
    icon = "group"
    filterset_class = filters.OrganizationFilterSet
    list_display = [
        "__str__",
        ValueColumn("type", Organization, accessor=Organization.get_type_display),
        ValueColumn("country", Organization, accessor="country.name"),
        ValueColumn("founded", Organization),
        ValueColumn("status", Organization, accessor=Organization.get_status_display),
        StateColumn(),
        UpdatedAtColumn(label=_("Updated")),
    ]


class ProductViewSet(EntryViewSet):
    model = Product
    icon = "desktop"
    filterset_class = filters.ProductFilterSet
    list_display = [
        "__str__",
        ValueColumn("maker", Product),
        ValueColumn("launched", Product),
        ValueColumn("layer", Product),
        ValueColumn("status", Product, accessor=Product.get_status_display),
        StateColumn(),
        UpdatedAtColumn(label=_("Updated")),
    ]


class TermViewSet(RecordViewSet):
    model = Term
    icon = "openquote"
    chooser_viewset_class = TermChooserViewSet
    filterset_class = filters.TermFilterSet
    value_names = ("name", "aliases", "definition", "is_technique", "related", "sources")
    list_display = [
        "__str__",
        ValueColumn("name_zh", Term),
        BooleanColumn("is_technique", label=capfirst(_("technique of models")), sort_key="is_technique"),
        StateColumn(),
        UpdatedAtColumn(label=_("Updated")),
    ]

    @cached_property
    def edit_handler(self) -> ObjectList:
        return build_plain_handler(Term)


class SourceViewSet(CatalogViewSet):
    model = Source
    icon = "link"
    filterset_class = filters.SourceFilterSet
    value_names = (
        "title",
        "kind",
        "publisher",
        "url",
        "language",
        "published",
        "accessed",
        "archived_url",
        "link_state",
    )
    list_display = [
        "__str__",
        ValueColumn("kind", Source, accessor=Source.get_kind_display),
        ValueColumn("publisher", Source),
        ValueColumn("published", Source),
        ValueColumn("link_state", Source, accessor=Source.get_link_state_display),
        UpdatedAtColumn(label=_("Updated")),
    ]


class LabelViewSet(CatalogViewSet):
    """The base for vocabularies, listed in the order in which readers see them."""

    ordering = ["position", "slug"]
    value_names: tuple[str, ...] = ("name", "position")


class SegmentViewSet(LabelViewSet):
    model = Segment
    icon = "grid"
    filterset_class = filters.SegmentFilterSet
    value_names = ("name", "parent", "synonyms", "position")
    list_display = [
        "name_en",
        ValueColumn("name_zh", Segment),
        ValueColumn("parent", Segment),
        ValueColumn("slug", Segment),
        ValueColumn("position", Segment),
    ]


class ModalityViewSet(LabelViewSet):
    model = Modality
    icon = "media"
    list_display = ["name_en", *(ValueColumn(name, Modality) for name in ("name_zh", "slug", "position"))]


class LayerViewSet(LabelViewSet):
    model = Layer
    icon = "list-ul"
    list_display = ["name_en", *(ValueColumn(name, Layer) for name in ("name_zh", "slug", "position"))]


# Other kinds get a viewset from `make_viewset`.
VIEWSETS: dict[type, type[RecordViewSet]] = {
    it.model: it for it in (AIModelViewSet, OrganizationViewSet, ProductViewSet, TermViewSet)
}


def make_viewset(kind: Kind) -> type[EntryViewSet]:
    """Return a viewset for a kind of entry: its list has the date and the state, and filters by state."""
    dates = [ValueColumn(kind.date, kind.model)] if kind.date else []
    return type(
        f"{kind.model_name}ViewSet",
        (EntryViewSet,),
        {
            "model": kind.model,
            "filterset_class": filters.make_state_filterset(kind.model),
            "list_display": ["__str__", *dates, StateColumn(), UpdatedAtColumn(label=_("Updated"))],
        },
    )


class CatalogGroup(SnippetViewSetGroup):
    """The catalog's group in the admin's menu."""

    menu_label = _("Catalog")
    menu_name = "catalog"
    menu_icon = "table"
    # Directly after Pages.
    menu_order = 150
    items = (
        *(VIEWSETS.get(kind.model) or make_viewset(kind) for kind in list_kinds()),
        SourceViewSet,
        SegmentViewSet,
        ModalityViewSet,
        LayerViewSet,
    )
