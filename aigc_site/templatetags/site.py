"""Template tags of the layout."""

from django import template
from django.conf import settings
from django.urls import reverse, translate_url
from django.utils.http import escape_leading_slashes
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag(takes_context=True)
def language_links(context) -> list[dict]:
    """Return the current page in each language: code, name, address with query, and whether it is this one."""
    # A path that begins with two slashes would be the address of another site.
    address = escape_leading_slashes(context["request"].get_full_path())
    return [
        {
            "code": code,
            "name": name,
            "url": translate_url(address, code),
            "current": code == get_language(),
        }
        for code, name in settings.LANGUAGES
    ]


@register.simple_tag
def is_demo() -> bool:
    """Whether this is the demo, which every page says."""
    return settings.DEMO


@register.simple_tag(takes_context=True)
def is_section(context, name: str) -> bool:
    """Return whether the current page is in the section of the site whose home has this URL name."""
    return context["request"].path.startswith(reverse(name))
