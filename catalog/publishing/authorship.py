"""Who wrote a version. Its authors must not approve it."""

from wagtail.log_actions import registry as log_registry
from wagtail.models import Revision

from catalog.models.approval import digest_of
from catalog.models.publication import Published

SUBMISSIONS = ("wagtail.workflow.start", "wagtail.workflow.resume")


def find_authors(*, record: Published, revision: Revision) -> list[int]:
    """Return the ids of the users who wrote or submitted part of a revision since the last publication or withdrawal.

    Saving a version with the same content as the one before does not make someone an author.
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
    return sorted(authors - {None})
