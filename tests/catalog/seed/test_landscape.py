"""Loading the catalog's files: refused files, loaded entries, and how people's changes are kept."""

import copy
import random
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from wagtail.models import Revision

from catalog.models import (
    AIModel,
    Layer,
    ListingEntry,
    Modality,
    Organization,
    Product,
    Publication,
    Segment,
    Shipped,
    Source,
    Term,
)
from catalog.models.kinds import list_entry_kinds
from catalog.seed.landscape import load_landscape, order_by_references, read_landscape
from catalog.seed.schema import attributes_of
from catalog.seed.shipping import Shipment
from catalog.seed.yaml_files import FaultyFiles
from tests.factories import publish_revision, withdraw

VOCABULARIES = """\
layers:
  - {slug: application, en: Application, zh: 应用层}
modalities:
  - {slug: text, en: Text, zh: 文本}
segments:
  - slug: writing
    en: Writing
    zh: 写作
    synonyms: [essays]
    children:
      - {slug: translation, en: Translation, zh: 翻译}
"""
SOURCES = """\
- slug: paper-1
  kind: paper
  title: A paper
  url: https://Example.org/paper#top
  language: en
  published: 2020-05
- slug: press-1
  kind: press
  title: A report
  language: zh-hans
"""
TERMS = """\
- slug: transformer
  name: {en: Transformer, zh: Transformer}
  technique: true
  definition: {en: A network., zh: 一种网络。}
  related: [scaling]
  sources: [paper-1]
- slug: scaling
  name: {en: Scaling, zh: 规模化}
  technique: false
  definition: {en: Making larger., zh: 变大。}
  related: [transformer]
"""
ORGANIZATIONS = """\
- slug: lab
  name: {en: Lab, zh: 实验室}
  aliases: [The Lab, 某实验室]
  type: lab
  status: active
  country: US
  founded: 2015-12-11
  parent: giant
  segments: [translation]
  funding_rounds:
    - {key: seed, kind: seed, announced: 2016, amount: USD 1M, valuation: USD 10M–20M,
       investors: [giant], lead: giant}
  milestones:
    - key: launch
      kind: founding
      date: 2015-12-11
      text: {en: It begins., zh: 成立。}
    - key: users
      kind: users
      date: 2016
      text: {en: Users., zh: 用户。}
      quantity: 1000000
      unit: {en: users, zh: 用户}
      since_launch_months: 2.5
  citations:
    - fields: [founded, milestones/launch]
      source: paper-1
      as_of: 2020-05
    - fields: [founded]
      source: press-1
      stance: contradicts
      stated: {en: "2014", zh: "2014 年"}
      as_of: 2021
- slug: giant
  name: {en: Giant, zh: 巨头}
  type: big-tech
"""
MODELS = """\
- slug: gpt-b
  name: {en: GPT-B, zh: GPT-B}
  makers: [lab]
  released: 2020
  inputs: [text]
  techniques: [transformer]
  parameters: 175 billion
  training_compute: {low: 1.76e19, high: 1.8e19, kind: estimated}
  access: api
  identifiers: {arxiv: "2005.14165"}
  lineage:
    - {key: from-a, kind: successor-of, model: gpt-a}
- slug: gpt-a
  name: {en: GPT-A, zh: GPT-A}
"""
PRODUCTS = """\
- slug: writer
  name: {en: Writer, zh: 写手}
  maker: lab
  built_on: [gpt-b]
  layer: application
  price_plans:
    - {key: free, name: {en: Free, zh: 免费}, per: free}
"""
FILES = {
    "vocabularies": VOCABULARIES,
    "sources": SOURCES,
    "terms": TERMS,
    "organizations": ORGANIZATIONS,
    "models": MODELS,
    "products": PRODUCTS,
}
RECORDS = (Term, Organization, AIModel, Product)

# Each example loads a landscape.
FEWER = settings(max_examples=max(20, settings.default.max_examples // 16))


@pytest.fixture
def folder(tmp_path):
    """Return a folder with valid files."""
    for name, text in FILES.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def load(folder):
    """Load as the command does; return the report."""
    landscape = read_landscape(folder)
    if landscape.faults:
        raise FaultyFiles(landscape.faults)
    with transaction.atomic():
        shipment = Shipment()
        load_landscape(landscape=landscape, shipment=shipment)
    return shipment.report


def replace(folder, name, old, new):
    """Change a file, and make sure that there was something to change."""
    path = folder / f"{name}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def count_rows():
    models = (Shipped, Source, Segment, *RECORDS, Publication, Revision, ListingEntry)
    return {model.__name__: model.objects.count() for model in models}


def make_person():
    return get_user_model().objects.create_user("person", password="x")


def edit(entry, *, publish=True, **values):
    """Change an entry as a person does."""
    draft = entry.get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    user = get_user_model().objects.filter(username="person").first() or make_person()
    revision = draft.save_revision(user=user)
    if publish:
        publish_revision(revision, user=user)
    return type(entry).objects.get(pk=entry.pk)


class TestRefusedFiles:
    """Every fault names file, line and reason, and nothing is written."""

    @pytest.mark.parametrize(
        ("name", "old", "new", "line", "reason"),
        [
            ("organizations", "  founded:", "  fuonded:", 7, "Unknown key “fuonded”"),
            ("organizations", "kind: founding\n", "knid: founding\n", 15, "Unknown key “knid”"),
            ("vocabularies", "layers:", "leyers:", 1, "Unknown key “leyers”"),
            ("organizations", "parent: giant", "parent: nobody", 8, "no organization “nobody”"),
            ("organizations", "lead: giant", "lead: nobody", 12, "no organization “nobody”"),
            ("organizations", "parent: giant", "parent: lab", 8, "points to itself"),
            ("organizations", "[translation]", "[translation, translation]", 9, "twice"),
            ("organizations", "source: press-1", "source: press-9", 30, "no source “press-9”"),
            ("models", "[transformer]", "[scaling]", 6, "is_technique = false"),
            ("models", "model: gpt-a", "model: gpt-z", 12, "no model “gpt-z”"),
            ("terms", "related: [scaling]", "related: [nothing]", 5, "no term “nothing”"),
            ("products", "layer: application", "layer: cellar", 5, "no layer “cellar”"),
            ("organizations", "founded: 2015-12-11", "founded: 2015-13-41", 7, "There is no such date"),
            ("organizations", "founded: 2015-12-11", "founded: long ago", 7, "Enter a date"),
            ("organizations", "founded: 2015-12-11", "founded: true", 7, "must be a date"),
            ("models", "175 billion", "plenty", 7, "Enter an amount"),
            ("models", "kind: estimated", "kind: guessed", 8, "Choose one of the kinds"),
            ("organizations", "amount: USD 1M", "amount: 1M", 11, "Say the currency"),
            ("organizations", "amount: USD 1M", "amount: 5", 11, "with its currency"),
            ("organizations", "type: lab", "type: den", 4, "“den” is not one of: startup, company"),
            ("organizations", "country: US", "country: XX", 6, "not a country code"),
            ("organizations", "slug: giant", "slug: lab", 34, "Another organization has the slug “lab”"),
            ("organizations", "key: users", "key: launch", 18, "Two rows of “milestones” have the key “launch”"),
            ("organizations", "    - key: launch\n      kind", "    - kind", 14, "“key” is missing"),
            ("organizations", "{en: Lab, zh: 实验室}", "{en: Lab}", 2, "“name” has no Chinese text"),
            ("organizations", "{en: It begins., zh: 成立。}", "{zh: 成立。}", 17, "“text” has no English text"),
            ("terms", "{en: A network., zh: 一种网络。}", '{en: "", zh: 一种网络。}', 4, "no English text"),
            ("organizations", "[founded, milestones/launch]", "[size]", 26, "no value “size”"),
            ("organizations", "milestones/launch]", "milestones/exit]", 26, "no row “exit” in “milestones”"),
            ("organizations", "milestones/launch]", "milestones]", 26, "no value “milestones”"),
            ("organizations", "      stated: {en: \"2014\", zh: \"2014 年\"}\n", "", 29, "Say what the source says"),
            ("organizations", "[founded, milestones/launch]", "[founded, founded]", 26, "is given twice here"),
            ("organizations", "  type: lab\n", "  type: lab\n  type: lab\n", 5, "“type” is given twice here"),
            ("organizations", "{en: Lab, zh: 实验室}", "{en: Lab, zh: 实验室", 3, "not YAML"),
            ("organizations", "{en: Lab, zh: 实验室}", "Lab", 2, "must be a mapping"),
            ("organizations", "[The Lab, 某实验室]", "The Lab", 3, "must be a list of texts"),
            ("organizations", "slug: lab", "slug: 42", 1, "must be a text"),
            ("organizations", "slug: lab", "slug: My lab", 1, "slug"),
            ("organizations", "status: active", "status:", 5, "“status” is empty"),
            ("organizations", "since_launch_months: 2.5", "since_launch_months: .nan", 24, "number"),
            ("organizations", "type: big-tech", "aliases: []", 34, "“type” is missing"),
            ("organizations", "type: big-tech", "status: *other", 36, "not YAML"),
            ("organizations", "type: big-tech", "type: !odd big-tech", 36, "Tags"),
            ("organizations", "type: big-tech", "type:\tbig-tech", 36, "tab"),
            ("organizations", "type: big-tech", 'type: "big\\0tech"', 36, "control character"),
            ("vocabularies", "slug: translation", "slug: unknown", 11, "reserved words"),
            ("models", "arxiv:", "isbn:", 10, "Use only these keys"),
            ("sources", "- slug: press-1\n", "- slug: press-1\n  url: https://example.org/paper\n", 8,
             "this address already"),
            ("products", "per: free", "per: week", 7, "“week” is not one of"),
        ],
    )  # fmt: skip
    def test_fault_names_file_line_and_reason(self, db, folder, name, old, new, line, reason):
        before = count_rows()
        replace(folder, name, old, new)
        with pytest.raises(FaultyFiles) as refusal:
            load(folder)
        place = (folder / f"{name}.yaml", line)
        reasons = [fault.reason for fault in refusal.value.faults if (fault.file, fault.line) == place]
        assert any(reason in text for text in reasons), str(refusal.value)
        assert f"{name}.yaml, line {line}: " in str(refusal.value)
        assert count_rows() == before

    @pytest.mark.parametrize(
        ("content", "line", "reason"),
        [
            (b"", 1, "empty"),
            (b"# nothing but a comment\n", 1, "empty"),
            (b"- slug: ok\n  x: \xff\n", 2, "not UTF-8"),
            (b"just a text", 1, "must be a list"),
            (b"- slug: a\n--- \n- slug: b\n", 2, "not YAML"),
            (b"[" * 500 + b"]" * 500, 1, "nested too deeply"),
            (b"- &a [1]\n- *a\n", 1, "Aliases"),
        ],
    )
    def test_unreadable_file(self, db, folder, content, line, reason):
        (folder / "organizations.yaml").write_bytes(content)
        faults = [fault for fault in read_landscape(folder).faults if fault.file.stem == "organizations"]
        assert faults
        assert any(fault.line == line and reason in fault.reason for fault in faults), [str(it) for it in faults]

    def test_missing_file(self, db, folder):
        (folder / "products.yaml").unlink()
        [fault] = read_landscape(folder).faults
        assert "can't be read" in fault.reason

    def test_more_than_twenty_faults_are_only_counted(self, db, folder):
        (folder / "products.yaml").write_text("".join(f"- slug: p{n}\n" for n in range(30)))
        text = str(FaultyFiles(read_landscape(folder).faults))
        assert len(text.splitlines()) == 21
        assert text.endswith("… and 10 more.")

    def test_faults_found_when_publishing_name_their_place(self, db, folder, monkeypatch):
        from django.core.exceptions import ValidationError

        def refuse(self):
            raise ValidationError("No more of these.")

        before = count_rows()
        monkeypatch.setattr(Product, "full_clean", lambda self, *args, **kwargs: refuse(self))
        with pytest.raises(FaultyFiles, match=r"products\.yaml, line 1: product writer: No more of these\."):
            load(folder)
        assert count_rows() == before


class TestLoading:
    def test_values_relations_and_rows(self, db, folder):
        report = load(folder)
        assert report.created == 13
        lab = Organization.objects.get(slug="lab")
        assert lab.live
        assert lab.aliases == "The Lab\n某实验室"
        assert lab.founded.isoformat() == "2015-12-11"
        assert lab.parent.slug == "giant"
        assert [segment.slug for segment in lab.segments.all()] == ["translation"]
        seed = lab.funding_rounds.get()
        assert (seed.key, seed.round_kind, str(seed.amount)) == ("seed", "seed", "USD 1M")
        assert [investor.slug for investor in seed.investors.all()] == ["giant"]
        assert [row.key for row in lab.milestones.all()] == ["launch", "users"]
        assert [it.path for it in lab.citations.all()] == ["founded", "milestones/launch", "founded"]
        newer = AIModel.objects.get(slug="gpt-b")
        assert newer.lineage.get().model.slug == "gpt-a"
        assert newer.identifiers == {"arxiv": "2005.14165"}
        assert newer.training_compute.kind == "estimated"
        assert Segment.objects.get(slug="translation").parent.synonyms == "essays"
        assert Source.objects.get(slug="paper-1").url == "https://example.org/paper"
        assert Term.objects.get(slug="scaling").related.get().slug == "transformer"

    def test_every_entry_has_one_publication(self, db, folder):
        load(folder)
        for model in RECORDS:
            for entry in model.objects.all():
                assert Publication.objects.filter(entry=entry.uid).count() == 1
                assert not entry.has_unpublished_changes
                assert entry.latest_revision.user is None
        assert ListingEntry.objects.count() == 7

    def test_second_load_writes_nothing(self, db, folder, django_assert_num_queries):
        load(folder)
        before = count_rows()
        landscape = read_landscape(folder)
        with django_assert_num_queries(1):
            shipment = Shipment()
            load_landscape(landscape=landscape, shipment=shipment)
        assert shipment.report.is_empty
        assert count_rows() == before

    def test_loaded_values_are_those_of_the_file(self, db, folder):
        load(folder)
        replace(folder, "organizations", "{en: It begins.,", "{en: It starts.,")
        replace(folder, "organizations", "source: press-1\n      stance", "source: paper-1\n      stance")
        rows = dict(Organization.objects.get(slug="lab").milestones.values_list("key", "pk"))
        report = load(folder)
        assert (report.updated, report.created, report.notes) == (1, 0, [])
        lab = Organization.objects.get(slug="lab")
        assert dict(lab.milestones.values_list("key", "pk")) == rows
        assert lab.milestones.get(key="launch").text_en == "It starts."
        assert [citation.source.slug for citation in lab.citations.all()] == ["paper-1"] * 3
        publications = Publication.objects.filter(entry=lab.uid).order_by("sequence")
        assert [publication.sequence for publication in publications] == [1, 2]
        assert [change.path for change in publications[1].changes.all()] == ["milestones/launch"]

    def test_rows_and_values_removed_from_the_file_are_removed_from_the_entry(self, db, folder):
        load(folder)
        text = ORGANIZATIONS
        start, end = text.index("    - key: users"), text.index("  citations:")
        (folder / "organizations.yaml").write_text(text[:start] + text[end:].replace("  country: US\n", ""))
        replace(folder, "organizations", "  founded: 2015-12-11\n", "")
        load(folder)
        lab = Organization.objects.get(slug="lab")
        assert [row.key for row in lab.milestones.all()] == ["launch"]
        assert lab.founded is None

    def test_labels_and_sources_follow_the_files(self, db, folder):
        load(folder)
        replace(folder, "vocabularies", "en: Application", "en: Applications")
        replace(folder, "sources", "title: A paper", "title: The paper")
        assert load(folder).updated == 2
        assert Layer.objects.get().name_en == "Applications"
        assert Source.objects.get(slug="paper-1").title == "The paper"

    def test_a_kind_may_have_several_files(self, db, folder):
        (folder / "models").mkdir()
        (folder / "models" / "more.yaml").write_text("- slug: gpt-c\n  name: {en: GPT-C, zh: GPT-C}\n")
        load(folder)
        assert AIModel.objects.filter(slug="gpt-c", live=True).exists()

    def test_referenced_objects_come_first(self, db, folder):
        landscape = read_landscape(folder)
        order = [item.slug for item in landscape.items]
        assert order.index("giant") < order.index("lab") < order.index("gpt-a") < order.index("gpt-b")
        terms = [item for item in landscape.items if item.model is Term]
        assert len(order_by_references(terms)) == 2

    def test_schema_has_every_value_of_an_entry(self):
        for kind in list_entry_kinds():
            names = {attribute.name for attribute in attributes_of(kind.model).values()}
            assert {*kind.fields, "slug", "citations"} <= names


class TestChangesByPeople:
    def test_a_persons_change_is_kept_and_the_files_change_becomes_a_draft(self, db, folder):
        load(folder)
        lab = edit(Organization.objects.get(slug="lab"), name_en="Our lab")
        replace(folder, "organizations", "country: US", "country: GB")
        report = load(folder)
        assert [note for note in report.notes if "lab" in note and "draft" in note]
        lab.refresh_from_db()
        assert (lab.name_en, lab.country.code) == ("Our lab", "US")
        assert lab.has_unpublished_changes
        draft = lab.get_latest_revision_as_object()
        assert (draft.name_en, draft.country.code) == ("Our lab", "GB")
        assert draft.latest_revision.user is None
        assert Publication.objects.filter(entry=lab.uid).count() == 2
        before = count_rows()
        assert load(folder).is_empty
        assert count_rows() == before

    def test_a_pending_draft_goes_into_the_new_one(self, db, folder):
        load(folder)
        lab = edit(Organization.objects.get(slug="lab"), publish=False, name_en="Our lab")
        replace(folder, "organizations", "{en: It begins.,", "{en: It starts.,")
        load(folder)
        lab.refresh_from_db()
        assert lab.name_en == "Lab"
        draft = lab.get_latest_revision_as_object()
        assert draft.name_en == "Our lab"
        assert {row.key: row.text_en for row in draft.milestones.all()}["launch"] == "It starts."
        assert {row.key for row in draft.milestones.all()} == {"launch", "users"}

    def test_a_change_without_a_revision_is_noticed(self, db, folder):
        load(folder)
        Organization.objects.filter(slug="lab").update(name_en="Our lab")
        replace(folder, "organizations", "country: US", "country: GB")
        load(folder)
        lab = Organization.objects.get(slug="lab")
        assert (lab.name_en, lab.country.code) == ("Our lab", "US")

    def test_rows_that_a_person_added_or_deleted_stay_that_way(self, db, folder):
        load(folder)
        draft = Organization.objects.get(slug="lab").get_latest_revision_as_object()
        launch, users = draft.milestones.all()
        users.key = "ours"
        draft.milestones = [launch, users]
        publish_revision(draft.save_revision(user=make_person()))
        replace(folder, "organizations", "{en: It begins.,", "{en: It starts.,")
        load(folder)
        draft = Organization.objects.get(slug="lab").get_latest_revision_as_object()
        assert [row.key for row in draft.milestones.all()] == ["launch", "ours"]
        assert draft.milestones.all()[0].text_en == "It starts."

    def test_withdrawn_stays_withdrawn(self, db, folder):
        load(folder)
        lab = Organization.objects.get(slug="lab")
        withdraw(lab, user=get_user_model().objects.create_superuser("boss", password="x"))
        replace(folder, "organizations", "country: US", "country: GB")
        report = load(folder)
        lab.refresh_from_db()
        assert not lab.live
        assert lab.get_latest_revision_as_object().country.code == "GB"
        assert "not published" in report.notes[0]

    def test_deleted_stays_deleted(self, db, folder):
        # A word that nothing live uses can be deleted.
        spare = "modalities:\n  - {slug: smell, en: Smell, zh: 气味}\n"
        replace(folder, "vocabularies", "modalities:\n", spare)
        load(folder)
        Modality.objects.get(slug="smell").delete()
        replace(folder, "vocabularies", "zh: 气味", "zh: 气息")
        report = load(folder)
        assert not Modality.objects.filter(slug="smell").exists()
        assert "was deleted" in " ".join(report.notes)

    def test_a_renamed_entry_is_still_the_same(self, db, folder):
        load(folder)
        edit(Organization.objects.get(slug="giant"), slug="titan")
        replace(folder, "organizations", "country: US", "country: GB")
        report = load(folder)
        assert report.notes == []
        lab = Organization.objects.get(slug="lab")
        assert (lab.country.code, lab.parent.slug) == ("GB", "titan")
        assert Organization.objects.count() == 2

    def test_an_entry_that_a_person_made_before_it_shipped(self, db, folder):
        giant = Organization(slug="giant", name_en="Ours", name_zh="我们", type="company", city_en="Here", live=False)
        giant.save()
        edit(giant)
        source = Source.objects.create(slug="ours", kind="paper", title="Ours", url="https://example.org/paper")
        load(folder)
        giant.refresh_from_db()
        assert (giant.name_en, giant.type) == ("Ours", "company")
        draft = giant.get_latest_revision_as_object()
        assert (draft.name_en, draft.type) == ("Giant", "big-tech")
        assert not Source.objects.filter(slug="paper-1").exists()
        assert Organization.objects.get(slug="lab").citations.first().source == source

    def test_labels_and_sources_are_left_alone(self, db, folder):
        load(folder)
        source = Source.objects.get(slug="paper-1")
        source.title = "Ours"
        source.save()
        layer = Layer.objects.get()
        layer.save_revision(user=make_person())
        replace(folder, "vocabularies", "en: Application", "en: Applications")
        replace(folder, "sources", "title: A paper", "title: The paper")
        report = load(folder)
        assert (report.updated, len(report.notes)) == (0, 2)
        assert (Source.objects.get(slug="paper-1").title, Layer.objects.get().name_en) == ("Ours", "Application")


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "\x00", "lab", "2020-99", "USD", "a" * 400, "…", "<b>", "- x", "{{", "!x", "\ud800", 10**60]
    ),
)
ODD = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def list_places(value, path=()):
    """Yield every place in a tree of lists and mappings."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from list_places(inner, (*path, key))


def mutate(tree, *, path, how, value):
    """Return the tree with one place dropped, doubled or replaced."""
    tree = copy.deepcopy(tree)
    if not path:
        return value
    place = tree
    for key in path[:-1]:
        place = place[key]
    if how == "drop":
        del place[path[-1]]
    elif how == "double" and isinstance(place, list):
        place.append(copy.deepcopy(place[path[-1]]))
    else:
        place[path[-1]] = value
    return tree


@pytest.mark.django_db
class TestMutatedFiles:
    """Files are loaded completely or refused with a clear error; never half loaded, never another error."""

    @given(
        name=st.sampled_from(sorted(FILES)),
        how=st.sampled_from(["drop", "double", "put"]),
        value=ODD,
        seed=st.integers(),
    )
    @settings(FEWER, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    def test_mutated_value(self, tmp_path, name, how, value, seed):
        tree = YAML(typ="safe", pure=True).load(FILES[name])
        path = random.Random(seed).choice(list(list_places(tree)))
        text = StringIO()
        try:
            YAML(typ="safe", pure=True).dump(mutate(tree, path=path, how=how, value=value), text)
        except ValueError:
            text.write(FILES[name])
        self.check(tmp_path, name, text.getvalue().encode("utf-8", "surrogatepass"))

    @given(
        name=st.sampled_from(sorted(FILES)),
        junk=st.binary(max_size=12),
        place=st.integers(0, 400),
        cut=st.integers(0, 30),
    )
    @settings(FEWER, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    def test_mutated_bytes(self, tmp_path, name, junk, place, cut):
        content = FILES[name].encode()
        self.check(tmp_path, name, content[:place] + junk + content[place + cut :])

    def check(self, folder, name, content):
        for other, text in FILES.items():
            (folder / f"{other}.yaml").write_text(text)
        (folder / f"{name}.yaml").write_bytes(content)
        before = count_rows()
        with transaction.atomic():
            refused = False
            try:
                load(folder)
            except FaultyFiles as refusal:
                refused = bool(refusal.faults)
            if refused:
                assert count_rows() == before
            else:
                assert Shipped.objects.count() > before["Shipped"]
                assert all(not model.objects.filter(live=False).exists() for model in RECORDS)
            transaction.set_rollback(True)
