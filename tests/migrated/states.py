"""Fills an empty database with every state that an entry, a page, a source or a notice can be in, and dumps it.

It was run at the commit whose data later ones have to migrate, and the dumps are kept beside it; they are not made
anew when the code changes. To keep the states of another commit, run there

    python -m tests.migrated.states

which replaces both dumps (PostgreSQL's by the programs of `tools/postgres.py`); record what is seen of them afterwards.
People act through the admin's forms where there are any. Permanent ids come from a seed, and the clock is set: so both
databases hold the same.
"""

import gzip
import io
import os
import random
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock
from uuid import UUID

HERE = Path(__file__).resolve().parent
SQLITE, POSTGRESQL = HERE / "states.sqlite3.gz", HERE / "states.sql.gz"
# The day on which what is seen is recorded: after all that happened, but for what is scheduled.
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROLES = {
    "contributor": "Contributor",
    "editor": "Editor",
    "editor2": "Editor",
    "reviewer": "Reviewer",
    "reviewer2": "Reviewer",
    "lead": "Lead",
    "lead2": "Lead",
    "administrator": "Administrator",
}
FILES = {
    "vocabularies": """\
layers:
  - {slug: model, en: Model, zh: 模型层}
  - {slug: application, en: Application, zh: 应用层}
modalities:
  - {slug: text, en: Text, zh: 文本}
  - {slug: image, en: Image, zh: 图像}
segments:
  - slug: writing
    en: Writing
    zh: 写作
    synonyms: [essays]
    children:
      - {slug: translation, en: Translation, zh: 翻译}
""",
    "sources": """\
- {slug: paper, kind: paper, title: A paper, url: https://example.org/paper, language: en, published: 2020-05}
- {slug: report, kind: press, title: 一篇报道, publisher: 日报, language: zh-hans, accessed: 2026-01-05}
- {slug: card, kind: documentation, title: Model card, url: https://example.org/card, language: en}
- {slug: pricing, kind: announcement, title: Price list, url: https://example.org/prices, language: en}
""",
    "terms": """\
- slug: transformer
  name: {en: Transformer, zh: Transformer}
  technique: true
  definition: {en: A network., zh: 一种网络。}
  related: [scaling]
  sources: [paper]
- slug: scaling
  name: {en: Scaling, zh: 规模化}
  technique: false
  definition: {en: Making larger., zh: 变大。}
  related: [transformer]
""",
    "organizations": """\
- slug: lab
  name: {en: Lab, zh: 实验室}
  aliases: [The Lab, 某实验室]
  summary: {en: It trains models., zh: 训练模型。}
  type: startup
  status: active
  country: US
  city: {en: Boston, zh: 波士顿}
  founded: 2015-12-11
  parent: giant
  segments: [translation]
  people:
    - {key: ada, name: {en: Ada Example, zh: 艾达}, role: founder, since: 2015}
  funding_rounds:
    - {key: seed, kind: seed, announced: 2016, amount: USD 1M, valuation: USD 10M–20M, investors: [giant], lead: giant}
    - {key: series-a, kind: series-a, announced: 2018-03, amount: EUR 20M, other_investors: Example Fund}
  milestones:
    - {key: launch, kind: founding, date: 2015-12-11, text: {en: It begins., zh: 成立。}}
    - {key: users, kind: users, date: 2016, text: {en: Users., zh: 用户。}, quantity: 1000000,
       unit: {en: users, zh: 用户}, since_launch_months: 2.5}
  links:
    - {key: site, kind: website, url: https://example.org/lab}
  citations:
    - {fields: [founded, milestones/launch, type, country], source: paper, as_of: 2020-05, quote: "founded in 2015"}
    - {fields: [founded], source: report, stance: contradicts, stated: {en: "2014", zh: 2014 年}, as_of: 2021}
    - {fields: [funding_rounds/seed], source: report, as_of: 2016}
- slug: giant
  name: {en: Giant, zh: 巨头}
  type: big-tech
  country: CN
""",
    "models": """\
- slug: gpt-b
  name: {en: GPT-B, zh: GPT-B}
  makers: [lab]
  released: 2020
  status: available
  inputs: [text]
  outputs: [text, image]
  techniques: [transformer]
  parameters: 175 billion
  training_compute: {low: 1.76e19, high: 1.8e19, kind: estimated}
  access: api
  identifiers: {arxiv: "2005.14165"}
  lineage:
    - {key: from-a, kind: successor-of, model: gpt-a}
  measurements:
    - {key: text, metric: {en: Training text, zh: 训练文本}, quantity: 45, unit: {en: TB, zh: TB}, as_of: 2020}
  citations:
    - {fields: [parameters, released], source: paper, as_of: 2020-05, locator: p. 3}
    - {fields: [access, status], source: card, as_of: 2025}
- slug: gpt-a
  name: {en: GPT-A, zh: GPT-A}
  makers: [lab]
  released: 2018-06
  status: retired
  parameters: undisclosed
  citations:
    - {fields: [status], source: card, as_of: 2025}
""",
    "products": """\
- slug: writer
  name: {en: Writer, zh: 写手}
  maker: lab
  built_on: [gpt-b]
  segments: [writing]
  layer: application
  launched: 2022-11-30
  status: available
  customers: [giant]
  price_plans:
    - {key: free, name: {en: Free, zh: 免费}, per: free}
    - {key: plus, name: {en: Plus, zh: 高级版}, price: USD 20, per: month, valid_from: 2023-02}
  citations:
    - {fields: [price_plans/free, price_plans/plus], source: pricing, as_of: 2026-01-02}
    - {fields: [launched], source: report, as_of: 2022-11}
""",
}


class Newsroom:
    """The people, each with a browser, and a clock that is set by days."""

    def __init__(self, clock) -> None:
        from django.contrib.auth.models import Group, User
        from django.test import Client

        self.clock = clock
        self.people = {}
        for name, role in ROLES.items():
            user = User.objects.create_user(name, f"{name}@example.org", first_name=name.capitalize(), last_name="Doe")
            user.groups.add(Group.objects.get(name=role))
            self.people[name] = user
        self.people["root"] = User.objects.create_superuser("root", "root@example.org")
        left = User.objects.create_user("left", "left@example.org", is_active=False)
        left.groups.add(Group.objects.get(name="Reviewer"))
        self.clients = {name: Client() for name in self.people}

    def on(self, day: str) -> None:
        """Move the clock to noon of a day of 2026, and a minute on for each time that it is that day already."""
        moment = datetime.fromisoformat(f"2026-{day}T12:00+00:00")
        now = datetime.now(UTC)
        self.clock.move_to(now + timedelta(minutes=1) if now.date() == moment.date() else moment)

    def as_(self, name: str):
        """The browser of a person, who signs in each time: days lie between."""
        self.clients[name].force_login(self.people[name])
        return self.clients[name]


def fresh(record):
    return type(record).objects.get(pk=record.pk)


def fill(clock) -> None:
    """Make everything. Days go forwards, so that histories and listings of past days come about by themselves."""
    clock.move_to(datetime(2026, 1, 5, 12, tzinfo=UTC))
    room = Newsroom(clock)
    records = fill_entries(room)
    fill_reviews(room, records)
    fill_emergencies(room)
    fill_pages(room)
    fill_sources(room)
    fill_checks(room)
    fill_choices(room)


def fill_entries(room) -> dict:
    """What ships, and what became of it: versions, renamed, withdrawn, restored, merged, batch, single-checked."""
    from catalog.models import AIModel, ApprovalKind, Organization, Product, Shipped, Term
    from catalog.publishing.approval import approve
    from catalog.seed.landscape import load_landscape, read_landscape
    from catalog.seed.shipping import Shipment
    from tests.editorial.review.support import decide, send, url
    from tests.factories import make_record, publish

    def ship(files: dict) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, f"{name}.yaml").write_text(text)
            landscape = read_landscape(Path(folder))
            assert not landscape.faults, landscape.faults
            load_landscape(landscape=landscape, shipment=Shipment())
        Shipped.objects.update_or_create(key="files", defaults={"digest": "of-another-day"})

    def decide_on(record, *, by: str, who: str, **values) -> None:
        """A person changes and submits an entry, another approves it."""
        answer = send(room.as_(by), url(record, "edit"), "submit", **values)
        assert answer.status_code == 302, answer.content.decode()[:20000]
        assert decide(room.as_(who), fresh(record)).status_code == 302

    ship(FILES)
    lab, giant = Organization.objects.get(slug="lab"), Organization.objects.get(slug="giant")
    made = {
        name: make_record(model, name=name.capitalize(), slug=name, **values)
        for name, model, values in (
            ("several", AIModel, {"parameters": "7 billion", "makers": [lab], "released": "2023"}),
            ("renamed", Organization, {"country": "GB", "type": "lab"}),
            ("withdrawn", Product, {"maker": giant, "layer": None}),
            ("restored", Term, {}),
            ("target", Organization, {"country": "FR"}),
            ("merged", Organization, {"country": "FR", "founded": "2019"}),
            ("batch", AIModel, {"access": "open-weights", "licence": "Apache-2.0"}),
            ("single", Product, {"maker": lab, "status": "available"}),
            ("newer-draft", AIModel, {"access": "api", "makers": [giant], "cite": {"access": "2025"}}),
            ("resubmitted", Product, {"maker": giant, "status": "available", "launched": "2024-02"}),
            ("scheduled", Organization, {"country": "DE", "type": "startup", "founded": "2020"}),
            ("owed", AIModel, {"access": "api", "summary_en": "Calm.", "summary_zh": "平静。"}),
            ("owed-twice", Term, {}),
            ("confirmed", Organization, {"country": "JP"}),
            ("reverted", AIModel, {"access": "api", "summary_en": "Before.", "summary_zh": "之前。"}),
            ("alarm", Product, {"maker": lab}),
            ("locked", Term, {"is_technique": True}),
            ("taken-back", Organization, {"country": "KR"}),
        )
    }
    room.on("01-12")
    publish(made["several"], parameters="7.1 billion", summary_en="Second version.", summary_zh="第二版。")
    decide_on(made["renamed"], by="editor", who="reviewer", slug="new-name", name_en="New name", name_zh="新名")
    room.on("02-02")
    decide_on(made["several"], by="editor", who="reviewer2", aliases="Sev\n多版本", summary_en="Third version.")
    decide_on(
        made["withdrawn"], by="lead", who="reviewer", withdrawal_en="It was a rumour.", withdrawal_zh="只是传闻。"
    )
    decide_on(made["restored"], by="lead", who="reviewer", withdrawal_en="Not a term.", withdrawal_zh="不是术语。")
    decide_on(made["merged"], by="editor2", who="lead", merged_into=str(made["target"].pk))
    room.on("02-16")
    decide_on(
        made["restored"], by="editor", who="reviewer", withdrawal_en="", withdrawal_zh="", definition_en="A word."
    )
    room.on("03-02")
    for name, kind, writer, approver in (
        ("batch", ApprovalKind.BATCH, "editor", "lead"),
        ("single", ApprovalKind.SINGLE_CHECKED, "reviewer", "reviewer"),
    ):
        draft = made[name].get_latest_revision_as_object()
        draft.summary_en, draft.summary_zh = f"By {kind}.", f"方式：{kind}。"
        revision = draft.save_revision(user=room.people[writer])
        approve(record=made[name], revision=revision, kind=kind, approver=room.people[approver])
        revision.publish(user=room.people[approver], skip_permission_checks=True)
    # What a person changed stays; what ships becomes a draft beside it.
    decide_on(giant, by="editor", who="reviewer", summary_en="By a person.", summary_zh="由人撰写。")
    ship({**FILES, "organizations": FILES["organizations"].replace("country: CN", "country: CN\n  founded: 1998")})
    return made


def fill_reviews(room, made: dict) -> None:
    """Drafts, versions in review, sent back, submitted again, taken back, and approved for a later time."""
    from django.utils import timezone

    from catalog.models import AIModel, Organization, Product, Term
    from tests.editorial.review.support import create, decide, send, url

    room.on("03-09")
    assert create(room.as_("contributor"), AIModel, slug="never-submitted").status_code == 302
    assert create(room.as_("editor"), Organization, slug="in-review", action="submit").status_code == 302
    assert create(room.as_("editor2"), Term, slug="sent-back", action="submit").status_code == 302
    state = Term.objects.get(slug="sent-back").current_workflow_task_state
    address = url(state.specific.record, "workflow_action", "reject", state.pk)
    room.as_("reviewer").post(address, {"comment": "Which one? @editor knows."})
    send(room.as_("editor2"), url(made["newer-draft"], "edit"), summary_en="Not yet seen.", summary_zh="尚未公开。")

    send(room.as_("editor"), url(made["resubmitted"], "edit"), "submit", summary_en="First try.", summary_zh="初稿。")
    state = fresh(made["resubmitted"]).current_workflow_task_state
    address = url(made["resubmitted"], "workflow_action", "reject", state.pk)
    room.as_("reviewer").post(address, {"comment": "Say since when."})
    room.on("03-10")
    answer = send(room.as_("editor"), url(made["resubmitted"], "edit"), "submit", summary_en="Since February 2024.")
    assert answer.status_code == 302
    # Changed after it was submitted: nobody approves it until it is submitted again.
    assert create(room.as_("editor"), Product, slug="outdated", action="submit").status_code == 302
    outdated = Product.objects.get(slug="outdated")
    send(room.as_("contributor"), url(outdated, "edit"), summary_en="One more thing.", summary_zh="还有一点。")

    send(room.as_("editor"), url(made["taken-back"], "edit"), "submit", summary_en="Too early.", summary_zh="太早了。")
    fresh(made["taken-back"]).current_workflow_state.cancel(user=room.people["editor"])

    later = {"go_live_at": "2099-01-01 00:00"}
    send(
        room.as_("editor"),
        url(made["scheduled"], "edit"),
        "submit",
        summary_en="Of the year 2099.",
        summary_zh="2099 年的版本。",
        **later,
    )
    decide(room.as_("reviewer"), fresh(made["scheduled"]))
    assert create(room.as_("editor"), AIModel, slug="scheduled-new", action="submit", **later).status_code == 302
    decide(room.as_("reviewer2"), AIModel.objects.get(slug="scheduled-new"))
    assert AIModel.objects.get(slug="scheduled-new").approved_schedule
    Term.objects.filter(slug="locked").update(locked=True, locked_at=timezone.now(), locked_by=room.people["lead"])


def fill_emergencies(room) -> None:
    """Published by one lead alone: owed a second look, twice, as a withdrawal; confirmed; brought back."""
    from catalog.models import AIModel, Organization, Product, Term
    from editorial.review.menu import review_address
    from tests.editorial.review.support import send, take_look, url

    def hurry(record, *, by: str, reason: str, **values) -> None:
        send(room.as_(by), url(record, "edit"), **values)
        answer = room.as_(by).post(review_address("emergency", record), {"reason": reason})
        assert answer.status_code == 302, answer.content.decode()[:20000]

    room.on("04-06")
    hurry(AIModel.objects.get(slug="owed"), by="lead", reason="The figure is libel.", summary_en="In a hurry.")
    hurry(Term.objects.get(slug="owed-twice"), by="lead", reason="Wrong word.", definition_en="Once.")
    hurry(Organization.objects.get(slug="confirmed"), by="lead", reason="A court says so.", aliases="Conf")
    hurry(AIModel.objects.get(slug="reverted"), by="lead2", reason="A leak.", summary_en="After.")
    hurry(
        Product.objects.get(slug="alarm"),
        by="lead2",
        reason="It endangers people.",
        withdrawal_en="It endangered people.",
        withdrawal_zh="有安全风险。",
    )
    room.on("04-07")
    hurry(Term.objects.get(slug="owed-twice"), by="lead2", reason="Still wrong.", definition_en="Twice.")
    take_look(room.as_("reviewer"), Organization.objects.get(slug="confirmed"), reason="Right.")
    take_look(room.as_("reviewer2"), AIModel.objects.get(slug="reverted"), revert="1", reason="No leak.")
    assert AIModel.objects.get(slug="reverted").summary_en == "Before."


def fill_pages(room) -> None:
    """Home, lists, texts and articles of both languages; articles in the states that entries have, with comments."""
    from django.core.management import call_command
    from wagtail.models import Comment, CommentReply, Page, PageSubscription

    from catalog.models import AIModel, Organization, Product, Source, Term
    from editorial.models import ArticlePage, ArticleSource, HomePage, TextPage
    from editorial.review.emergency import publish_in_emergency
    from tests.factories import make_article, make_home, publish_revision, withdraw

    room.on("04-13")
    Page.objects.filter(depth=2).delete()
    for language, title in (("en", "How this is made"), ("zh-hans", "编写说明")):
        home = make_home(language)
        body = [("heading", title), ("text", "<p>Every value has a source.</p>")]
        for slug in ("about", "method"):
            page = home.add_child(instance=TextPage(title=title, slug=slug, locale=home.locale, live=False, body=body))
            publish_revision(page.save_revision())
    gpt, lab = AIModel.objects.get(slug="gpt-b"), Organization.objects.get(slug="lab")
    writer, term = Product.objects.get(slug="writer"), Term.objects.get(slug="transformer")
    body = {
        "en": [
            ("heading", "Why"),
            ("text", "<p>The Lab made <b>GPT-B</b> [1], and Writer followed [2].</p>"),
            ("quote", {"text": "It writes.", "attribution": "Somebody"}),
            ("callout", {"kind": "disputed", "text": "Sources differ about the year."}),
            ("card", [("model", gpt)]),
        ],
        "zh-hans": [
            ("heading", "原因"),
            ("text", "<p>实验室推出 GPT-B [1]，随后是写手 [2]。</p>"),
            ("card", [("model", gpt)]),
        ],
    }
    mentions = [("model", gpt), ("organization", lab), ("product", writer), ("term", term)]
    pair = {}
    for language, title in (("en", "Why now"), ("zh-hans", "为什么是现在")):
        key = {"translation_key": pair["en"].translation_key} if pair else {}
        pair[language] = make_article(
            publish=False, language=language, title=title, slug="why-now", body=body[language], mentions=mentions, **key
        )
        draft = pair[language].get_latest_revision_as_object()
        draft.sources = [ArticleSource(source=Source.objects.get(slug=slug)) for slug in ("paper", "report")]
        publish_revision(draft.save_revision(user=room.people["contributor"]))
    states = {
        name: make_article(title=name.capitalize().replace("-", " "), slug=name, publish=name != "article-draft")
        for name in (
            *("article-draft", "article-newer-draft", "article-in-review", "article-scheduled"),
            *("article-withdrawn", "article-owed"),
        )
    }

    def write(name: str, *, by: str, **values):
        draft = fresh(states[name]).get_latest_revision_as_object()
        for field, value in values.items():
            setattr(draft, field, value)
        return draft.save_revision(user=room.people[by])

    room.on("04-14")
    withdraw(fresh(states["article-withdrawn"]), user=room.people["lead"])
    write("article-newer-draft", by="contributor", introduction="Not yet seen.")
    write("article-in-review", by="editor", introduction="Please look.")
    article = fresh(states["article-in-review"])
    article.get_workflow().start(article, user=room.people["editor"])
    publish_revision(
        write("article-scheduled", by="editor", introduction="In 2099.", go_live_at=datetime(2099, 1, 1, tzinfo=UTC))
    )
    write("article-owed", by="lead", introduction="In a hurry.")
    publish_in_emergency(record=fresh(states["article-owed"]), user=room.people["lead"], reason="A date was wrong.")
    PageSubscription.objects.create(page=article, user=room.people["reviewer2"], comment_notifications=True)
    comment = Comment.objects.create(
        page=article, user=room.people["editor"], text="Is this so, @reviewer?", contentpath="introduction"
    )
    CommentReply.objects.create(comment=comment, user=room.people["reviewer"], text="It is.")
    Comment.objects.create(
        page=article,
        user=room.people["reviewer"],
        text="Shorter.",
        contentpath="title",
        resolved_at=datetime.now(UTC),
        resolved_by=room.people["editor"],
    )
    assert HomePage.objects.count() == 2
    assert ArticlePage.objects.live().count() == 6
    call_command("draft_digest", week="2026-W06", stdout=io.StringIO())


def fill_sources(room) -> None:
    """What the watch finds of sources: same, changed, moved, gone, blocked, failed, and untried ones."""
    from catalog.models import AIModel, Source
    from editorial.review.fetching import Fetched, FetchOutcome
    from editorial.review.watching import note
    from tests.factories import make_record, make_source

    sources = {
        name: make_source(slug=name, title=f"{name.capitalize()} page", url=f"https://example.org/{name}", kind="press")
        for name in ("moved", "gone", "changed", "blocked", "failed", "untried")
    }
    for name in ("moved", "gone", "changed"):
        make_record(
            AIModel,
            name=f"Cites {name}",
            slug=f"cites-{name}",
            access="api",
            cite={"access": "2025"},
            source=sources[name],
        )

    def find(name: str, outcome: FetchOutcome, **values) -> None:
        if "text" in values:
            values["sha256"] = f"{values['text']:0<64.64}"
        note(Source.objects.get(slug=name), Fetched(outcome, **values))

    room.on("04-20")
    for name in ("moved", "changed", "card", "pricing"):
        find(name, FetchOutcome.REACHED, text=f"What {name} says.\nTwenty dollars.")
    find("blocked", FetchOutcome.BLOCKED)
    find("failed", FetchOutcome.FAILED)
    find("gone", FetchOutcome.GONE)
    room.on("04-28")
    find("changed", FetchOutcome.REACHED, text="What changed says.\nThirty dollars.")
    find(
        "moved", FetchOutcome.MOVED, text="What moved says.\nTwenty dollars.", moved_to="https://example.org/elsewhere"
    )
    find("card", FetchOutcome.REACHED, text="What card says.\nTwenty dollars.")
    find("failed", FetchOutcome.FAILED)
    find("gone", FetchOutcome.GONE, is_final=True)
    source = Source.objects.get(slug="report")
    source.publisher = "日报社"
    source.save()
    source.save_revision(user=room.people["editor"], log_action=True)


def fill_checks(room) -> None:
    """Checks with each outcome, of values and of whole groups, and from them each state of verification."""
    from catalog.listing.intervals import change_intervals
    from catalog.models import AIModel, Organization, Product, Source, Verification
    from catalog.models.checks import Outcome
    from catalog.models.verification import spread_of
    from catalog.publishing.checking import record_checks

    def entry(model, slug: str) -> UUID:
        return model.objects.get(slug=slug).uid

    lab, gpt, old = entry(Organization, "lab"), entry(AIModel, "gpt-b"), entry(AIModel, "gpt-a")
    writer, several = entry(Product, "writer"), entry(AIModel, "several")
    batch, renamed = entry(AIModel, "batch"), entry(Organization, "new-name")
    card, pricing = Source.objects.get(slug="card"), Source.objects.get(slug="pricing")

    draft = entry(AIModel, "newer-draft")
    # Three days before its check no longer holds, by the interval chosen below.
    until_due = round(30 * (1 + spread_of(entry=draft, group="access"))) - 3
    due = f"{TODAY - timedelta(days=until_due):%m-%d}"
    still_true, opened = Outcome.STILL_TRUE, {"sources": [card]}
    checks = [
        ("04-29", gpt, "specifications", still_true, "editor2", {"paths": ["parameters"]}),  # verified
        (
            "04-29",
            gpt,
            "access",
            still_true,
            "editor2",
            {"paths": ["access", "status"], "batch": UUID(int=7), **opened},
        ),
        ("04-30", old, "access", still_true, "editor2", {"paths": ["status"], **opened}),  # historical
        (
            "04-30",
            writer,
            "pricing",
            still_true,
            "reviewer",
            {"paths": ["price_plans/free", "price_plans/plus"]},
        ),  # overdue
        ("05-04", lab, "funding", still_true, "reviewer", {"paths": ["funding_rounds/seed"], "sources": [pricing]}),
        ("05-04", several, "profile", Outcome.CHANGED, "editor2", {}),  # flagged
        ("05-04", several, "access", Outcome.CANT_TELL, "editor2", {}),
        ("05-05", batch, "access", Outcome.CONFLICT, "reviewer2", {}),  # disputed
        ("05-05", renamed, "profile", still_true, "editor2", {}),
        (due, draft, "access", still_true, "editor", {"paths": ["access"]}),
    ]
    for day, uid, group, outcome, by, values in sorted(checks, key=lambda check: check[0]):
        room.on(day)
        record_checks(entry=uid, group=group, outcome=outcome, user=room.people[by], **values)
    Verification.objects.filter(entry=lab).update(owner=room.people["editor"])
    Verification.objects.filter(entry=several, group="profile").update(owner=room.people["editor2"])
    room.on("05-11")
    change = {"pricing": 20, "access": 30, "funding": 90, "profile": 180, "specifications": 200}
    change_intervals(days=change, user=room.people["lead"])
    states = {str(row.state(TODAY.date())) for row in Verification.objects.all()}
    missing = {"verified", "due", "overdue", "flagged", "disputed", "historical", "unverified"} - states
    assert not missing, missing


def fill_choices(room) -> None:
    """What people have chosen: notices, name in histories, language; and notices sent, reminded of, and waiting."""
    from django.core.management import call_command
    from wagtail.users.models import UserProfile

    from catalog.models import HistoryChoice, Organization
    from editorial.models import Notice, NoticeChoice
    from tests.editorial.review.support import send, url

    room.on("05-12")
    NoticeChoice.objects.create(
        user=room.people["reviewer"], in_admin=["submitted", "mentioned"], by_mail=["submitted"]
    )
    NoticeChoice.objects.create(user=room.people["lead2"], in_admin=[], by_mail=[])
    HistoryChoice.objects.create(user=room.people["reviewer"], shows_name=True)
    HistoryChoice.objects.create(user=room.people["lead"], shows_name=False)
    UserProfile.objects.update_or_create(user=room.people["reviewer2"], defaults={"preferred_language": "zh-hans"})
    call_command("send_notices", stdout=io.StringIO())
    Notice.objects.filter(recipient=room.people["editor"]).update(seen_at=datetime.now(UTC))
    room.on("05-13")
    target = Organization.objects.get(slug="target")
    send(room.as_("contributor"), url(target, "edit"), summary_en="A target.", summary_zh="目标。")
    target = fresh(target)
    target.get_workflow().start(target, user=room.people["editor2"])
    assert Notice.objects.filter(is_reminder=True).exists()
    assert Notice.objects.unsent().exists()
    assert Notice.objects.exclude(mailed_at=None).exists()


# --- dumping -----------------------------------------------------------------------------------------------
def make(url: str) -> None:
    """Fill the database at a URL; in a process of its own, since settings are read once."""
    import time_machine

    with (
        mock.patch("os.urandom", random.Random(13).randbytes),
        time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC), tick=False) as clock,
    ):
        os.environ.update(DJANGO_SETTINGS_MODULE="tests.settings", TEST_DATABASE_URL=url)
        import django
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection
        from django.test.utils import setup_test_environment

        django.setup()
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        setup_test_environment()
        call_command("migrate", verbosity=0)
        fill(clock)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_session")
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA journal_mode=DELETE")
                cursor.execute("VACUUM")
        connection.close()


def pack(path: Path, content: bytes) -> None:
    with path.open("wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        packed.write(content)
    print(f"{path.name}: {path.stat().st_size:,} bytes", flush=True)


def tidy(sql: str) -> str:
    """A dump without what only its own server or psql knows."""
    lines = [line for line in sql.splitlines() if not re.match(r"\\|SET |SELECT pg_catalog\.set_config|--|\s*$", line)]
    return "\n".join(lines) + "\n"


def main() -> None:
    if sys.argv[1:]:
        make(sys.argv[1])
        return
    again = [sys.executable, "-m", "tests.migrated.states"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "states.sqlite3"
        subprocess.run([*again, f"sqlite:///{path}"], check=True)
        pack(SQLITE, path.read_bytes())
    sys.path.insert(0, str(HERE.parent.parent / "tools"))
    import psycopg
    from postgres import running, system_programs

    with running() as url:
        server = url.rpartition("/")[0]
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE states")
        subprocess.run([*again, f"{server}/states"], check=True)
        program = (system_programs() or Path()) / "pg_dump"
        dump = [program, "--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges", "--no-comments"]
        answer = subprocess.run([*dump, f"{server}/states"], check=True, capture_output=True, text=True)
        pack(POSTGRESQL, tidy(answer.stdout).encode())


if __name__ == "__main__":
    main()
