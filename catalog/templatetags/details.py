"""Lets a preview build the page of an entry from the document of its draft."""

from django import template

from catalog.reading.details import Detail

register = template.Library()


@register.simple_tag
def build_preview(document: dict) -> Detail:
    """What the page of an entry would show, were the draft published."""
    return Detail(document=document, preview=True)
