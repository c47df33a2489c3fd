"""Template filters of the review screens for entries, terms and pages."""

from django import template

from catalog.editing import columns

register = template.Library()

register.filter("newest_name", columns.newest_name)


@register.filter
def state_of(record) -> str:
    """Return the publication state of an object that can go live, as lists name it."""
    return columns.state_of(columns.with_state(type(record)._default_manager.filter(pk=record.pk)).get())
