"""Registers the screens of `catalog.editing` with the Wagtail admin."""

from django.template.loader import render_to_string
from wagtail import hooks
from wagtail.snippets.models import register_snippet

from catalog.editing.account import HistoryChoicePanel
from catalog.editing.exports import escape_formulas
from catalog.editing.panels import register_relation_widgets
from catalog.editing.viewsets import CatalogGroup

# Before the viewsets, which build their forms when they are registered.
register_relation_widgets()
escape_formulas()
register_snippet(CatalogGroup)


@hooks.register("insert_editor_js")
def insert_picker_script() -> str:
    """Return the script tag of `catalog.editing.widgets.Picker`."""
    return render_to_string("wagtailadmin/catalog/picker_script.html")


@hooks.register("insert_editor_js")
def insert_autosave_script() -> str:
    """Return the script tag that `catalog.editing.stale` relies on."""
    return render_to_string("wagtailadmin/catalog/autosave_script.html")


@hooks.register("register_account_settings_panel")
def register_history_choice(request, user, profile) -> HistoryChoicePanel:
    return HistoryChoicePanel(request, user, profile)
