"""Who wrote a version. Its authors must not approve it."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from wagtail.log_actions import registry as log_registry
from wagtail.models import Revision

from catalog.models.approval import BOOKKEEPING, digest_of, without_keys
from catalog.models.publication import Published

SUBMISSIONS = ("wagtail.workflow.start", "wagtail.workflow.resume")

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+|<[^>]*>")
# Shorter sentences are nobody's: two people write "Founded in 2021." by themselves.
_SHORTEST_SENTENCE = 20


def find_authors(*, record: Published, revision: Revision) -> list[int]:
    """Return the ids of the users who wrote or submitted part of a revision.

    These are those who changed or submitted something since the last publication or withdrawal, and those who wrote
    earlier what goes live again with it. Saving a version with the same content as the one before does not make someone
    an author.
    """
    last = record.last_published
    since, said = (last.pk, digest_of(last.content)) if last else (0, None)
    authors = set()
    for saved in record.revisions.filter(pk__gt=since, pk__lte=revision.pk).order_by("pk"):
        digest = digest_of(saved.content)
        if digest != said:
            authors.add(saved.user_id)
        said = digest
    submissions = log_registry.get_logs_for_instance(record).filter(action__in=SUBMISSIONS, revision_id__gt=since)
    authors.update(submissions.values_list("user_id", flat=True))
    authors.update(find_restored_authors(record=record, revision=revision))
    return sorted(authors - {None})


def find_restored_authors(*, record: Published, revision: Revision) -> set[int]:
    """Return the ids of the users who wrote, before the last publication, what a revision says again and it did not.

    It does not matter who restores a value, a row of a list or a sentence, or how.
    """
    last = record.last_published
    restored = set(split_content(revision.content)) - set(split_content(last.content)) if last else set()
    authors: set[int] = set()
    if not last or not restored:
        return authors
    before: set[str] = set()
    saved = record.revisions.filter(pk__lt=last.pk).order_by("pk").values_list("user_id", "content")
    for user, content in saved.iterator(chunk_size=50):
        present = restored.intersection(split_content(content))
        if user and present - before:
            authors.add(user)
        before = present
    return authors


def split_content(content: dict[str, Any]) -> Iterator[str]:
    """Yield what a revision's content says, piece by piece: its values, the rows of its lists, and its sentences."""
    for name, value in content.items():
        if name in BOOKKEEPING or not value:
            continue
        if isinstance(value, str) and value[0] in "[{":
            # Blocks of an article, and amounts, are JSON in a text.
            with suppress(ValueError):
                value = json.loads(value)
                if isinstance(value, list):
                    # A block that is typed again has another id.
                    value = [{**block, "id": None} for block in value]
        value = without_keys(value)
        for piece in value if isinstance(value, list) else [value]:
            yield f"{name}: {json.dumps(piece, sort_keys=True, cls=DjangoJSONEncoder)}"
            yield from split_sentences(piece)


def split_sentences(value: Any) -> Iterator[str]:
    """Yield the sentences of all texts in a value, without markup, in whatever field they are."""
    match value:
        case str():
            yield from split_text(value)
        case dict() | list():
            for part in value.values() if isinstance(value, dict) else value:
                yield from split_sentences(part)


# Most texts of an article are the same in the next of its versions.
@lru_cache(maxsize=500)
def split_text(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, without markup."""
    sentences = (" ".join(sentence.split()) for sentence in _SENTENCE_END.split(text))
    return tuple(sentence for sentence in sentences if len(sentence) >= _SHORTEST_SENTENCE)
