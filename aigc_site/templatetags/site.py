"""Tags of the layout."""

import json

from django import template
from django.conf import settings
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from wagtail.models import Page

register = template.Library()


@register.simple_tag(takes_context=True)
def language_links(context) -> list[dict]:
    """The same page in each language: code, name, address with its query, and whether it is this one."""
    request = context["request"]
    return [
        {
            "code": code,
            "name": name,
            "url": translate_url(request.get_full_path(), code),
            "current": code == get_language(),
        }
        for code, name in settings.LANGUAGES
    ]


@register.simple_tag(takes_context=True)
def absolute_url(context, path: str) -> str:
    """The full address of a path of this site."""
    return context["request"].build_absolute_uri(path)


@register.simple_tag(takes_context=True)
def is_section(context, name: str) -> bool:
    """Whether this page lies in the part of the site that an address name begins."""
    return context["request"].path.startswith(reverse(name))


@register.simple_tag(takes_context=True)
def edit_url(context, record) -> str:
    """Where the reader may edit what the page shows; nothing for everyone else.

    Asking who the reader is opens the session and makes the response private, so that anonymous readers, who have
    no session cookie, are never asked.
    """
    request = context["request"]
    if not record or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    user = request.user
    if isinstance(record, Page):
        allowed = user.is_active and record.permissions_for_user(user).can_edit()
        return reverse("wagtailadmin_pages:edit", args=[record.pk]) if allowed else ""
    meta = record._meta
    if not user.has_perm(f"{meta.app_label}.change_{meta.model_name}"):
        return ""
    try:
        return reverse(f"wagtailsnippets_{meta.app_label}_{meta.model_name}:edit", args=[record.pk])
    except NoReverseMatch:
        return ""


@register.filter
def json_ld(data: dict) -> SafeString:
    """JSON that may stand inside a script element: what could end it is escaped."""
    text = json.dumps(data, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)
