"""Which articles use a value that has changed since they were published. Editors see them in their queue."""

from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Cast
from wagtail.models import Page, ReferenceIndex

from catalog.models import Change, ListingEntry
from catalog.models.kinds import KINDS
from editorial.articles.pages import ArticlePage
from editorial.articles.used_values import FIELD, ON_CARDS, Outdated, find_outdated, name_claims, read_uses

# An article can't have used a value that was empty when it was published.
EMPTY = ["", [], {"en": "", "zh": ""}]
ARTICLES_AT_ONCE = 200


def list_outdated(*, most: int) -> list[Outdated]:
    """Return at most `most` live articles that use a changed value, in any language, earliest published first.

    Goes through the articles that are older than the newest change in batches, until enough are found. It looks at
    their references first, and reads histories only for articles that may be outdated.
    """
    newest = read_newest_changes()
    if not newest:
        return []
    articles = ArticlePage.objects.live().public().filter(last_published_at__lt=max(at for at, _on in newest.values()))
    articles = articles.select_related("locale").defer("body", "mentions").order_by("last_published_at", "pk")
    outdated: list[Outdated] = []
    batch = list(articles[:ARTICLES_AT_ONCE])
    while batch:
        outdated += find_outdated(find_candidates(batch, newest=newest))
        if len(outdated) >= most or len(batch) < ARTICLES_AT_ONCE:
            break
        at, pk = batch[-1].last_published_at, batch[-1].pk
        later = articles.filter(Q(last_published_at__gt=at) | Q(last_published_at=at, pk__gt=pk))
        batch = list(later[:ARTICLES_AT_ONCE])
    return outdated[:most]


def read_newest_changes() -> dict[tuple[str, int], tuple[datetime, datetime | None]]:
    """Return when an existing value of each entry and term that pages refer to was last changed; one query.

    The result maps (kind, id) to two times: the last change of any value that articles use, and of those on cards. The
    search starts at the newest publication, so long histories cost nothing.
    """
    changes = (
        Change.objects.alias(field=FIELD)
        .filter(publication__entry=OuterRef("entry"), old__isnull=False)
        .exclude(old__in=EMPTY)
        .order_by("-publication__sequence")
        .values("publication__at")
    )
    claims = frozenset[str]().union(*(name_claims(kind.key) for kind in KINDS))
    references = ReferenceIndex.objects.filter(
        base_content_type=ContentType.objects.get_for_model(Page),
        to_content_type=OuterRef("content_type"),
        to_object_id=Cast(OuterRef("object_id"), CharField()),
    )
    found = ListingEntry.objects.filter(Exists(references)).annotate(
        newest=Subquery(changes.filter(field__in=claims | ON_CARDS)[:1]),
        newest_on_cards=Subquery(changes.filter(field__in=ON_CARDS)[:1]),
    )
    rows = found.values_list("kind", "object_id", "newest", "newest_on_cards")
    return {(kind, pk): (at, on_cards) for kind, pk, at, on_cards in rows if at}


def find_candidates(
    articles: list[ArticlePage], *, newest: dict[tuple[str, int], tuple[datetime, datetime | None]]
) -> list[ArticlePage]:
    """Return the articles that may be outdated; one query.

    Some of them are not: values that changed back, or changed only in the other language, are found only by reading
    them.
    """
    uses = read_uses(articles)
    candidates = []
    for article in articles:
        used = uses.get(article.pk, {})
        times = [newest[key][1 if names <= ON_CARDS else 0] for key, names in used.items() if key in newest]
        if any(at and at > article.last_published_at for at in times):
            candidates.append(article)
    return candidates
