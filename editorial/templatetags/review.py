"""What the screens of the review say of an entry, a term or a page."""

from django import template

from catalog.editing import columns

register = template.Library()

register.filter("newest_name", columns.newest_name)


@register.filter
def state_of(record) -> str:
    """The publication state of any object that can go live, as lists name it."""
    return columns.state_of(columns.with_state(type(record)._default_manager.filter(pk=record.pk)).get())
