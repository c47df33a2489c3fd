"""The template tag with which a preview builds an entry's page from the document of its draft."""

from django import template

from catalog.reading.details import Detail

register = template.Library()


@register.simple_tag
def build_preview(document: dict) -> Detail:
    """Return the contents that the page would have if the draft were published."""
    return Detail(document=document, preview=True)
