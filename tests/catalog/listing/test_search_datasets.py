"""Search over names that nobody on this project wrote; runs only if those files are beside the repository."""

import csv
import json
import random
import re
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

from catalog.listing.search import find, index_for_search
from catalog.listing.search.tokens import words_of
from catalog.listing.spelling import correct
from catalog.models import ListingEntry, Term
from catalog.models.kinds import EntryKind

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "datasets"
PROJECTS, CHINESE_MODELS = FOLDER / "ai_native_landscape_bilingual.jsonl", FOLDER / "awesome_llms_in_china.csv"
HAN = re.compile("[\u4e00-\u9fff]+")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not (PROJECTS.exists() and CHINESE_MODELS.exists()), reason="the data sets are not there"),
]


def read_names() -> dict[str, str]:
    """Return names with a text, each name once."""
    names = {}
    for line in PROJECTS.read_text().splitlines():
        project = json.loads(line)
        texts = [project[language]["frontmatter"]["description"] or "" for language in ("en", "zh")]
        names[project["en"]["frontmatter"]["name"]] = "\n".join(texts)
    with CHINESE_MODELS.open() as file:
        for row in csv.DictReader(file):
            name = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", row["大模型"] or "").strip()
            if name:
                names[name] = f"{row['公司']}\n{row['说明']}"
    return names


@pytest.fixture
def names() -> list[str]:
    """Write all of them into the listing index; return the names in a random but fixed order."""
    kind = ContentType.objects.get_for_model(Term)
    texts = read_names()
    rows = [
        ListingEntry(
            entry=uuid4(),
            since=date(2026, 1, 1),
            kind=EntryKind.TERM,
            slug=f"name-{number}",
            content_type=kind,
            object_id=number,
            published_at=timezone.now(),
            name_en=name[:160],
            name_zh=name[:160],
            text=text,
        )
        for number, (name, text) in enumerate(texts.items())
    ]
    index_for_search(*ListingEntry.objects.bulk_create(rows))
    names = sorted(name for name in texts if len(name) <= 40)
    random.Random(6).shuffle(names)
    return names


def measure(pairs: list[tuple[str, str]]) -> tuple[float, float]:
    """Return Recall@5 and mean reciprocal rank of (typed, name meant)."""
    assert len(pairs) >= 20
    words = {word for name in ListingEntry.objects.values_list("name_en", flat=True) for word in words_of(name)}
    ranks = []
    for typed, name in pairs:
        keys = (find(typed) or find(correct(typed, words=words) or ""))[:20]
        found = ListingEntry.objects.in_bulk(keys)
        shown = [found[key].name_en for key in keys]
        ranks.append(shown.index(name) + 1 if name in shown else 0)
    return sum(0 < rank <= 5 for rank in ranks) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)


def misspell(word: str) -> str:
    """Swap two letters in the middle."""
    middle = len(word) // 2
    return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]


def test_names_are_found_as_written_by_sound_in_the_other_script_and_misspelt(names):
    chinese = [name for name in names if HAN.fullmatch(name) and len(name) >= 3][:60]
    latin = [name for name in names if re.fullmatch("[A-Za-z]{7,}", name)][:60]
    assert min(measure([(name, name) for name in names[:60]])) >= 0.95
    assert min(measure([("".join(lazy_pinyin(name)), name) for name in chinese])) >= 0.95
    assert min(measure([(OpenCC("s2t").convert(name), name) for name in chinese])) >= 0.95
    initials = ["".join(lazy_pinyin(name, style=Style.FIRST_LETTER)) for name in chinese]
    # Several names may share their initials.
    assert measure(list(zip(initials, chinese, strict=True)))[0] >= 0.95
    assert min(measure([(misspell(name), name) for name in latin])) >= 0.95
