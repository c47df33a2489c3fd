"""The articles that mention an entry, a term or a source. They are written above the catalog.

The room that has them registers how they are found when apps are ready; a system check fails while none has.
"""

from collections.abc import Callable

from django.core import checks
from django.db.models import Model, QuerySet
from django.utils.translation import get_language
from wagtail.models import Page

ARTICLES_SHOWN = 12

# What finds the live articles that mention a record, in any language. Each has an address (`get_absolute_url`).
finders: list[Callable[[Model], QuerySet[Page]]] = []


def register_article_finder(finder: Callable[[Model], QuerySet[Page]]) -> None:
    """Have articles found by a function from now on."""
    finders[:] = [finder]


def find_articles(record: Model) -> QuerySet[Page]:
    """Return the live articles that mention a record, in any language."""
    return finders[0](record)


def list_articles(record: Model) -> list[Page]:
    """Return the live articles in the reader's language that mention a record, newest first."""
    articles = find_articles(record).filter(locale__language_code=get_language())
    return list(articles.order_by("-first_published_at")[:ARTICLES_SHOWN])


def check_article_finder(app_configs=None, **kwargs) -> list[checks.CheckMessage]:
    """Report that nothing finds articles."""
    if finders:
        return []
    return [
        checks.Error(
            "Pages of entries list the articles that mention them, but nothing is registered to find these.",
            hint="Call register_article_finder() when apps are ready.",
            id="catalog.E010",
        )
    ]
