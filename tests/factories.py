"""Make entries for tests, as editors do: a draft that is published through a revision."""

from itertools import count

from django.contrib.auth import get_user_model
from wagtail.models import Locale, Page, Site

from catalog.models import (
    AIModel,
    ApprovalKind,
    Layer,
    Modality,
    Organization,
    Product,
    Segment,
    Source,
    Term,
)
from catalog.models.kinds import kind_of
from catalog.publishing.approval import approve
from catalog.publishing.authorship import find_authors
from editorial.models import ArticleIndexPage, ArticlePage, HomePage

_numbers = count(1)


def make_source(**values) -> Source:
    """Make a source: a paper without an address, unless `values` differ."""
    number = next(_numbers)
    values = {"slug": f"source-{number}", "kind": "paper", "title": f"Source {number}", **values}
    return Source.objects.create(**values)


def make_label(model: type[Layer] | type[Modality] | type[Segment], slug: str, **values):
    """Return a word of a vocabulary; make it if it doesn't exist."""
    words = {"name_en": slug.capitalize(), "name_zh": f"{slug} 词", **values}
    return model.objects.get_or_create(slug=slug, defaults=words)[0]


def make_record(
    model,
    *,
    publish: bool = True,
    cite: dict[str, str] | None = None,
    source: Source | None = None,
    children: dict | None = None,
    **values,
):
    """Make an entry or term, published by default.

    `cite` maps paths (`parameters`, `milestones/launch`) to as-of dates; all citations name `source`, by default a new
    one. `children` maps lists to rows, each an unsaved object or keyword arguments.
    """
    number = next(_numbers)
    name = values.pop("name", f"{model.__name__} {number}")
    values = {"slug": f"{model.kind.value}-{number}", "name_en": name, "name_zh": f"{name} 中文", **values}
    if model is Organization:
        values.setdefault("type", "company")
    if model is Term:
        values.setdefault("definition_en", "What it means.")
        values.setdefault("definition_zh", "它的意思。")
    relations = {field.name for field in model._meta.many_to_many}
    plain = {name: value for name, value in values.items() if name not in relations}
    record = model(live=False, **plain)
    for name in relations & values.keys():
        setattr(record, name, values[name])
    for name, rows in (children or {}).items():
        row_class = getattr(model, name).rel.related_model
        setattr(record, name, [row if isinstance(row, row_class) else row_class(**row) for row in rows])
    if cite:
        source = source or make_source()
        citation = kind_of(model.kind).row_model("citations")
        record.citations = [
            citation(field=path.partition("/")[0], item=path.partition("/")[2], source=source, as_of=as_of)
            for path, as_of in cite.items()
        ]
    record.save()
    revision = record.save_revision()
    if publish:
        publish_revision(revision)
        record = model.objects.get(pk=record.pk)
    return record


def publish_revision(revision, *, user=None) -> None:
    """Approve a version, by a colleague if a person wrote it, and publish it."""
    record = revision.content_object
    if find_authors(record=record, revision=revision):
        colleague, _ = get_user_model().objects.get_or_create(username="colleague")
        approve(record=record, revision=revision, kind=ApprovalKind.REVIEWED, approver=colleague)
    else:
        approve(record=record, revision=revision, kind=ApprovalKind.SHIPPED)
    revision.publish(user=user, skip_permission_checks=True)


def publish(record, **values) -> None:
    """Approve and publish another version of a record."""
    draft = type(record).objects.get(pk=record.pk).get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    publish_revision(draft.save_revision())


def make_organization(**values) -> Organization:
    return make_record(Organization, **values)


def make_model(**values) -> AIModel:
    return make_record(AIModel, **values)


def make_product(**values) -> Product:
    return make_record(Product, **values)


def make_term(**values) -> Term:
    return make_record(Term, **values)


def make_home(language: str = "en"):
    """Make the home page of a language, with its list of articles, under Wagtail's root; the site points to it."""
    locale, _ = Locale.objects.get_or_create(language_code=language)
    home = Page.get_first_root_node().add_child(
        instance=HomePage(
            title="AIGC Landscape", slug=f"home-{language}", locale=locale, introduction="What it is.", live=False
        )
    )
    index = home.add_child(instance=ArticleIndexPage(title="Articles", slug="articles", locale=locale, live=False))
    for page in (home, index):
        publish_revision(page.save_revision())
    home.refresh_from_db()
    if language == "en":
        Site.objects.update_or_create(is_default_site=True, defaults={"hostname": "testserver", "root_page": home})
    return home


def make_article(*, publish: bool = True, language: str = "en", **values):
    """Make an article, published by default; `body` and `mentions` are StreamField data."""
    index = ArticleIndexPage.objects.filter(locale__language_code=language).first()
    if index is None:
        index = Page.objects.child_of(make_home(language)).first().specific
    number = next(_numbers)
    values = {
        "title": f"Article {number}",
        "slug": f"article-{number}",
        "locale": index.locale,
        "live": False,
        **values,
    }
    article = index.add_child(instance=ArticlePage(**values))
    revision = article.save_revision()
    if publish:
        publish_revision(revision)
        article.refresh_from_db()
    return article


def withdraw(record, *, user=None) -> None:
    """Withdraw an object as people do: with a version that gives the reason."""
    draft = record.get_latest_revision_as_object()
    draft.withdrawal_en, draft.withdrawal_zh = "It was wrong.", "内容有误。"
    publish_revision(draft.save_revision(user=user), user=user)
