"""HTML within a sentence, rendered from a template."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


def render_inline(template: str, **values: object) -> SafeString:
    """Return a rendered template without its last line break, which would be a space within a sentence."""
    return mark_safe(render_to_string(template, values).removesuffix("\n"))
