"""Template tags of the article blocks."""

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from wagtail.rich_text import RichText, expand_db_html

from catalog.values import BilingualText

register = template.Library()


@register.simple_tag(takes_context=True)
def linked(context, value: RichText | str) -> SafeString | str:
    """Return rich or plain text with links to the entries that the article mentions and to its sources."""
    html = expand_db_html(value.source) if isinstance(value, RichText) else escape(value)
    linker = context.get("linker")
    return linker.link(html) if linker else SafeString(html)


@register.simple_tag(takes_context=True)
def card_of(context, value) -> dict | None:
    """Return what an entry card shows, or None for an entry that is not public."""
    if not value.raw_data:
        return None
    chosen = value.raw_data[0]
    row = context.get("entries", {}).get((chosen["type"], chosen["value"]))
    if row is None:
        return None
    return {
        "name": BilingualText(en=row.name_en, zh=row.name_zh),
        "summary": BilingualText(en=row.summary_en, zh=row.summary_zh),
        "kind": row.get_kind_display(),
        "url": reverse(f"catalog:{row.kind}", args=[row.slug]),
    }
