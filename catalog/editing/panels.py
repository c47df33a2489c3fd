"""The panels of an entry's form, made from the registry of field groups.

The model determines the kind of panel: two columns for a bilingual text, rows for a list, and a field panel for
everything else. A value added to the registry gets its panel automatically.
"""

from django import forms
from django.db import models
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.forms.models import register_form_field_override
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    Panel,
    PublishingPanel,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.panels.base import get_form_for_model
from wagtail.admin.widgets import AdminDateTimeInput

from catalog.editing.forms import EntryForm, RowForm, citation_form
from catalog.editing.widgets import Picker
from catalog.models import Term
from catalog.models.base import Entry
from catalog.models.choices import FieldGroup
from catalog.models.document import child_lists
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.vocabulary import Label
from catalog.reading.details import field_of
from catalog.values import BilingualField


def relation_widget(field: ParentalManyToManyField) -> dict:
    """Return the form field options of a relation: checkboxes for small vocabularies, the picker for the rest."""
    target = field.remote_field.model
    if issubclass(target, Label):
        return {"widget": forms.CheckboxSelectMultiple}
    # The chooser reads its filters from the query string, as text.
    filters = {name: str(int(value)) for name, value in (field.get_limit_choices_to() or {}).items()}
    return {"widget": Picker(target, filters)}


def register_relation_widgets() -> None:
    """Use `relation_widget` in every form of the admin, rows of lists included."""
    register_form_field_override(ParentalManyToManyField, override=relation_widget)


class StableId(Panel):
    """A panel whose id on the page is the same in every language, because links lead to it (`find_panel`)."""

    @property
    def clean_name(self) -> str:
        with translation.override("en"):
            return super().clean_name


class Tab(StableId, ObjectList):
    pass


class RowPanelPair(StableId, FieldRowPanel):
    pass


class RowsPanel(StableId, InlinePanel):
    """An InlinePanel whose rows use the form class from `form_class`."""

    def form_class(self) -> type[forms.ModelForm]:
        return RowForm

    def get_form_options(self) -> dict:
        options = super().get_form_options()
        deferred = self.child_edit_handler.get_form_options().get("defer_required_on_fields", [])
        options["formsets"][self.relation_name]["form"] = get_form_for_model(
            self.db_field.related_model, form_class=self.form_class(), defer_required_on_fields=deferred
        )
        return options


class CitationsPanel(RowsPanel):
    """The citations of an entry; the cited value is chosen from the values of its kind."""

    def form_class(self) -> type[forms.ModelForm]:
        return citation_form(field_choices(self.model), frozenset(child_lists(self.model)))


def form_label(model: type[models.Model], name: str):
    """Return the label of a value or list in forms."""
    attribute = getattr(model, name)
    if isinstance(attribute, BilingualField):
        return attribute.verbose_name
    lists = child_lists(model)
    if name in lists:
        return capfirst(lists[name]._meta.verbose_name_plural)
    return capfirst(field_of(model, name).verbose_name)


def field_choices(model: type[Entry]) -> list[tuple]:
    """Return the values and lists of a kind of entry as choices, by field group."""
    return [
        (FieldGroup(group).label, [(name, form_label(model, name)) for name in names])
        for group, names in FIELD_GROUPS[model.kind].items()
    ]


def panel_for(model: type[models.Model], name: str) -> Panel:
    """Return the panel that edits one value or list."""
    attribute = getattr(model, name)
    if isinstance(attribute, BilingualField):
        english, chinese = attribute.columns
        # The English name suggests the slug until the entry is first published.
        first = FieldPanel(english)
        if name == "name":
            first = TitleFieldPanel(english, classname="", placeholder=False)
        return RowPanelPair([first, FieldPanel(chinese)], heading=attribute.verbose_name)
    rows = child_lists(model).get(name)
    if rows:
        return RowsPanel(name, heading=form_label(model, name), label=rows._meta.verbose_name)
    return FieldPanel(name)


def go_live_panel() -> PublishingPanel:
    """Return the panel for the time when an approved version goes live.

    It has no expiry time: only people withdraw entries.
    """
    widget = AdminDateTimeInput(
        js_overlay_parent_selector="#schedule-publishing-dialog",
        attrs={
            "data-controller": "w-action",
            "data-action": "w-dialog:hidden->w-action#reset",
            "data-w-dialog-target": "notify",
        },
    )
    return PublishingPanel(children=[FieldPanel("go_live_at", widget=widget)])


def withdrawal_panel() -> MultiFieldPanel:
    """Return the panel to withdraw or merge an object: as with any version, another person approves it."""
    reason = FieldRowPanel([FieldPanel("withdrawal_en"), FieldPanel("withdrawal_zh")])
    return MultiFieldPanel([reason, FieldPanel("merged_into")], heading=_("Withdraw or merge"), classname="collapsed")


def build_edit_handler(model: type[Entry]) -> TabbedInterface:
    """Return the form of a kind of entry: a tab for each field group, and one for the sources."""
    tabs: list[Tab] = []
    for group, names in FIELD_GROUPS[model.kind].items():
        panels = [panel_for(model, name) for name in names]
        if not tabs:
            address = [FieldPanel("slug")]
            picture = MultiFieldPanel([FieldPanel("logo"), FieldPanel("logo_credit")], heading=_("Logo"))
            panels = [panels[0], *address, *panels[1:], picture, withdrawal_panel(), go_live_panel()]
        tabs.append(Tab(panels, heading=FieldGroup(group).label))
    citations = CitationsPanel("citations", heading=_("Sources"), label=_("citation"))
    tabs.append(Tab([citations], heading=_("Sources")))
    return TabbedInterface(tabs, base_form_class=EntryForm)


def find_panel(model: type[Entry], name: str) -> str:
    """Return the HTML id of a value or list in the form of a kind of entry, for links to it.

    Raises KeyError if the form has no such value.
    """
    form = build_edit_handler(model).bind_to_model(model)
    for tab, tab_id in zip(form.children, form.child_identifiers, strict=True):
        for panel, panel_id in zip(tab.children, tab.child_identifiers, strict=True):
            # The panel of a bilingual text has two columns.
            parts = [panel, *getattr(panel, "children", ())]
            names = {getattr(part, "relation_name", getattr(part, "field_name", "")) for part in parts}
            if names & {name, f"{name}_en"}:
                return f"panel-child-{tab_id}-{panel_id}-section"
    raise KeyError(name)


def build_plain_handler(model: type[Term]) -> ObjectList:
    """Return the form of a term: the model's panels, then those to withdraw and to schedule."""
    return ObjectList([*model.panels, withdrawal_panel(), go_live_panel()])
