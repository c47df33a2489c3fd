"""The articles that mention an entry, a term or a source.

Articles belong to an app above the catalog, which registers how to find them in `AppConfig.ready()`; a system check
fails if nothing is registered.
"""

from collections.abc import Callable

from django.core import checks
from django.db.models import Model, QuerySet
from django.utils.translation import get_language
from wagtail.models import Page

ARTICLES_SHOWN = 12

# The registered function that finds the live articles that mention a record, in any language; none or one.
finders: list[Callable[[Model], QuerySet[Page]]] = []


def register_article_finder(finder: Callable[[Model], QuerySet[Page]]) -> None:
    """Register the function that finds articles, in place of an earlier one."""
    finders[:] = [finder]


def find_articles(record: Model) -> QuerySet[Page]:
    """Return the live articles that mention a record, in any language."""
    return finders[0](record)


def list_articles(record: Model) -> list[Page]:
    """Return the live articles in the reader's language that mention a record, newest first."""
    articles = find_articles(record).filter(locale__language_code=get_language())
    return list(articles.order_by("-first_published_at")[:ARTICLES_SHOWN])


def check_article_finder(app_configs=None, **kwargs) -> list[checks.CheckMessage]:
    """Report an error if no article finder is registered."""
    if finders:
        return []
    return [
        checks.Error(
            "Pages of entries list the articles that mention them, but nothing is registered to find these.",
            hint="Call register_article_finder() when apps are ready.",
            id="catalog.E010",
        )
    ]
