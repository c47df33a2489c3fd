"""The size of a public page: what a reader's browser has to fetch, gzipped."""

import gzip
from pathlib import Path

import django_htmx
import pytest
from django.conf import settings

from catalog.models import Modality, Segment
from tests.factories import make_label, make_model, make_organization, make_product

KILOBYTE = 1000


def weigh(content: bytes) -> float:
    """Return the gzipped size in kB."""
    return len(gzip.compress(content)) / KILOBYTE


def test_styles_and_scripts_are_small():
    folder = Path(settings.STATICFILES_DIRS[0])
    htmx = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
    assert sum(weigh(path.read_bytes()) for path in folder.rglob("*.css")) <= 20
    assert sum(weigh(path.read_bytes()) for path in [htmx, *folder.rglob("*.js")]) <= 20


@pytest.mark.django_db
def test_a_full_listing_and_a_full_page_are_small(client):
    maker = make_organization(country="US")
    text = "A model that turns one thing into another, and was published by its maker in that year. " * 4
    models = [
        make_model(
            name=f"Model number {number}", summary_en=text, makers=[maker], inputs=[make_label(Modality, "text")]
        )
        for number in range(51)
    ]
    make_product(maker=maker, built_on=models, segments=[make_label(Segment, "code")])
    html = client.get("/en/models/").content
    assert html.count(b"Model number") >= 50
    assert weigh(html) <= 40
    assert weigh(client.get(maker.get_absolute_url()).content) <= 40
