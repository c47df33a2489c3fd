"""Template filters of the review screens for entries, terms and pages."""

from django import template

from catalog.editing import list_columns

register = template.Library()

register.filter("newest_name", list_columns.newest_name)


@register.filter
def publication_state(record) -> str:
    """Return the publication state of an object that can go live, as lists name it."""
    return list_columns.describe_states(
        list_columns.with_state(type(record)._default_manager.filter(pk=record.pk)).get()
    )
