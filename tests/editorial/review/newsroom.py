"""A newsroom with one of everything, for the test that tries every address of the admin."""

from datetime import timedelta
from types import SimpleNamespace

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from wagtail.admin.models import EditingSession
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Locale, Page, Site, Task, UploadedFile, Workflow

from catalog.models import AIModel, Layer, Modality, Organization, Product, Segment, Term
from editorial.articles.pages import ArticleIndexPage, TextPage
from editorial.review.emergency import publish_in_emergency
from tests.editorial.review.admin_addresses import WALKERS
from tests.factories import make_article, make_home, make_label, make_record, make_source, publish_revision


def build_newsroom() -> SimpleNamespace:
    """Make one of everything; return it by name.

    All walkers wrote part of the versions in review, so none of them may approve. Somebody else published the version
    that needs a second look.
    """
    room = SimpleNamespace(users={}, clients={"anonymous": Client(raise_request_exception=False)})
    for name in WALKERS[1:]:
        user = User.objects.create_user(name, f"{name}@example.org", is_superuser=name == "superuser")
        if name != "superuser":
            user.groups.add(Group.objects.get(name=name.capitalize()))
        room.users[name] = user
        room.clients[name] = Client(raise_request_exception=False)
        room.clients[name].force_login(user)
    room.reader = User.objects.create_user("reader", "reader@example.org")
    room.somebody = User.objects.create_user("somebody", "somebody@example.org")
    room.somebody.groups.add(Group.objects.get(name="Lead"))
    room.group = Group.objects.create(name="Spare")

    make_files(room)
    make_labels(room)
    make_pages(room)
    make_records(room)
    room.workflow = Workflow.objects.get()
    room.task = Task.objects.get(active=True)
    room.spare_workflow = Workflow.objects.create(name="Spare", active=False)
    room.spare_task = Task.objects.create(
        name="Spare", content_type=ContentType.objects.get_for_model(Task), active=False
    )
    room.session = EditingSession.objects.create(
        user=room.users["editor"],
        content_type=ContentType.objects.get_for_model(Organization),
        object_id=str(room.records["organization"].pk),
        last_seen_at=timezone.now(),
    )
    return room


def make_files(room) -> None:
    owner = room.users["editor"]
    room.image = Image.objects.create(title="Picture", file=get_test_image_file(), uploaded_by_user=owner)
    room.document = Document.objects.create(
        title="Paper", file=ContentFile(b"a,b\n", name="paper.csv"), uploaded_by_user=owner
    )
    room.uploads = {
        model: UploadedFile.objects.create(
            for_content_type=ContentType.objects.get_for_model(model), file=file, uploaded_by_user=owner
        )
        for model, file in ((Image, get_test_image_file()), (Document, ContentFile(b"a,b\n", name="more.csv")))
    }
    room.collection = Collection.get_first_root_node().add_child(instance=Collection(name="Spare"))


def make_labels(room) -> None:
    room.labels = {
        model._meta.model_name: make_label(model, "spare", position=9) for model in (Segment, Modality, Layer)
    }
    room.source = make_source(url="https://example.org/old", moved_to="https://example.org/new")
    for thing in (*room.labels.values(), room.source):
        thing.save_revision()


def make_pages(room) -> None:
    room.home = make_home()
    # A place to which an article could be moved.
    more = ArticleIndexPage(title="More", slug="more", live=False)
    room.elsewhere = room.home.add_child(instance=more)
    room.site = Site.objects.get()
    make_home("zh-hans")
    room.locale = Locale.objects.create(language_code="fr")
    room.article = make_article(slug="live", body=[("heading", "Why")])
    submit(room, room.article)
    room.article_draft = make_article(publish=False, slug="draft")
    room.article_scheduled = make_article(publish=False, slug="scheduled")
    schedule(room.article_scheduled)
    room.text = room.home.add_child(instance=TextPage(title="Method", slug="method", live=False))
    publish_revision(room.text.save_revision())


def make_records(room) -> None:
    room.records, room.scheduled = {}, {}
    for model in (Organization, AIModel, Product, Term):
        name = model._meta.model_name
        values = {"logo": room.image, "logo_credit": "Somebody"} if model is not Term else {}
        match name:
            case "organization":
                values["segments"] = [room.labels["segment"]]
            case "aimodel":
                values |= {"inputs": [room.labels["modality"]], "makers": [room.records["organization"]]}
                values |= {"status": "available", "cite": {"status": "2024"}, "source": room.source}
            case "product":
                values |= {"layer": room.labels["layer"], "maker": room.records["organization"]}
            case "term":
                values["sources"] = [room.source]
        room.records[name] = make_record(model, slug=f"live-{name}", **values)
        submit(room, room.records[name])
        room.scheduled[name] = make_record(model, publish=False, slug=f"scheduled-{name}")
        schedule(room.scheduled[name])
    room.owed = make_record(AIModel, slug="owed")
    draft = room.owed.get_latest_revision_as_object()
    draft.summary_en = "In a hurry."
    draft.save_revision(user=room.somebody)
    publish_in_emergency(record=room.owed, user=room.somebody, reason="It could not wait.")


def submit(room, record) -> None:
    """Let everybody change a record, and submit the result."""
    name = "introduction" if isinstance(record, Page) else "aliases"
    for user in room.users.values():
        draft = record.get_latest_revision_as_object()
        setattr(draft, name, f"By {user.username}")
        draft.save_revision(user=user)
        record.refresh_from_db()
    record.get_workflow().start(record, user=room.users["superuser"])


def schedule(record) -> None:
    """Approve a version that goes live tomorrow."""
    draft = record.get_latest_revision_as_object()
    draft.go_live_at = timezone.now() + timedelta(days=1)
    setattr(draft, "introduction" if isinstance(record, Page) else "aliases", "Tomorrow")
    publish_revision(draft.save_revision())
