"""What entries, vocabulary words, sources and publications refuse by themselves."""

import pytest
from django.core.exceptions import ValidationError

from catalog.models import Publication, Segment
from catalog.models.source import normalize_url
from tests.factories import make_label, make_model, make_organization

pytestmark = pytest.mark.django_db


def test_history_cannot_be_rewritten():
    publication = Publication.objects.of(make_model().uid)[0]
    with pytest.raises(TypeError):
        publication.save()
    with pytest.raises(TypeError):
        publication.delete()


def test_segments_have_two_levels():
    parent = make_label(Segment, "image")
    child = make_label(Segment, "image-generation", parent=parent)
    for segment, wrong in ((make_label(Segment, "x"), child), (parent, make_label(Segment, "y")), (parent, parent)):
        segment.parent = wrong
        with pytest.raises(ValidationError, match="two levels"):
            segment.full_clean()


def test_urls_of_sources_have_one_spelling():
    assert normalize_url("HTTPS://Example.org:443") == "https://example.org/"
    assert normalize_url("http://[::1]:80/A?b=C#d") == "http://[::1]/A?b=C"
    assert normalize_url("http://example.org:99999/") == "http://example.org:99999/"


@pytest.mark.parametrize("slug", ["unknown", "undisclosed"])
def test_reserved_words_of_query_strings_are_no_slugs(slug):
    with pytest.raises(ValidationError, match="reserved words"):
        make_organization(slug=slug)
