"""HTML that stands within a sentence, made by a template."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


def render_inline(template: str, **values) -> SafeString:
    """Render a template without the line break at its file's end, which within a sentence would be a space."""
    return mark_safe(render_to_string(template, values).removesuffix("\n"))
