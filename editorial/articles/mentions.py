"""Which articles mention an entry, a term or a source."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Model, QuerySet
from django.db.models.functions import Cast
from wagtail.models import Page, ReferenceIndex

from editorial.articles.pages import ArticlePage


def find_mentioning_articles(record: Model) -> QuerySet[ArticlePage]:
    """Return the live articles that mention a record, in any language, with their texts deferred."""
    types = ContentType.objects.get_for_models(type(record), Page)
    references = ReferenceIndex.objects.filter(
        to_content_type=types[type(record)], to_object_id=str(record.pk), base_content_type=types[Page]
    )
    # The reference index stores object ids as texts, and PostgreSQL doesn't compare texts with numbers.
    ids = references.annotate(page=Cast("object_id", BigIntegerField())).values("page")
    return ArticlePage.objects.live().public().filter(pk__in=ids).defer_streamfields()
