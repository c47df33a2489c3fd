"""The link checker: when sources are read, what is stored and what is flagged; with a server on this machine."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import AIModel, Check, Source, SourceText, Verification
from editorial.review import extraction, watching
from editorial.review.fetching import MAX_BYTES
from editorial.review.watching import find_due, watch_sources
from tests.editorial.review.support import send, sign_in, url
from tests.editorial.review.test_fetching import make_fetcher
from tests.editorial.review.web_server import running_web_server
from tests.factories import make_record, make_source

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def watch(*, limit: int = 100, **options) -> dict[str, int]:
    """Run the link checker once."""
    return dict(watch_sources(fetcher=make_fetcher(**options), limit=limit, host_pause=0))


def watch_daily(*, days: int, since: datetime = START) -> None:
    for day in range(days):
        with time_machine.travel(since + day * DAY, tick=False):
            watch()


def make_cited(address: str, **values) -> tuple[Source, AIModel]:
    """Make a source, and a live model whose specifications cite it."""
    source = make_source(url=address, **values)
    return source, make_record(AIModel, cite={"parameters": "2022"}, source=source, parameters=None)


def flagged(record) -> set[str]:
    """Return the flagged field groups of an entry."""
    return set(Verification.objects.filter(entry=record.uid, flagged=True).values_list("group", flat=True))


def state_of(source: Source) -> tuple:
    source.refresh_from_db()
    return source.link_state, source.failures, source.moved_to


def test_the_first_text_is_kept_and_flags_nothing(web):
    web.show("/", "Twenty dollars.")
    source, model = make_cited(web.at("/"))

    assert watch() == {"reached": 1}

    assert state_of(source) == ("reached", 0, "")
    assert source.tried_at is not None
    assert source.changed_at is None
    assert [text.text for text in source.texts.all()] == ["Twenty dollars."]
    assert flagged(model) == set()


def test_a_changed_text_is_kept_too_and_flags_the_values_that_cite_it(web):
    web.show("/", "Twenty dollars.")
    web.show("/other", "Something else.")
    source, model = make_cited(web.at("/"))
    _other, untouched = make_cited(web.at("/other"))
    with time_machine.travel(START):
        watch()
    web.show("/", "Thirty dollars.")
    with time_machine.travel(START + 8 * DAY):
        watch()

    source.refresh_from_db()
    assert source.changed_at.date() == (START + 8 * DAY).date()
    assert [text.text for text in source.texts.all()] == ["Thirty dollars.", "Twenty dollars."]
    assert flagged(model) == {"specifications"}
    assert flagged(untouched) == set()
    assert not Check.objects.exists()


def test_white_space_and_an_unchanged_text_change_nothing(web):
    web.show("/", "Twenty dollars.")
    source, model = make_cited(web.at("/"))
    for number, text in enumerate(["Twenty dollars.", "Twenty  dollars.\n", "Twenty\ndollars."]):
        web.show("/", text)
        with time_machine.travel(START + number * 8 * DAY):
            assert watch() == {"reached": 1}
    assert source.texts.count() == 1
    assert flagged(model) == set()


def test_a_gone_source_flags_once_after_three_tries_on_different_days(web):
    source, model = make_cited(web.at("/"))

    watch_daily(days=3)
    assert state_of(source) == ("gone", 2, "")
    assert flagged(model) == set()

    watch_daily(days=1, since=START + 3 * DAY)
    assert state_of(source) == ("gone", 3, "")
    assert flagged(model) == {"specifications"}
    found = source.changed_at

    watch_daily(days=8, since=START + 4 * DAY)
    assert state_of(source)[1] > 3
    assert source.changed_at == found
    assert SourceText.objects.count() == 0


def test_a_source_gone_on_purpose_flags_at_once(web):
    web.answer("/", 410)
    source, model = make_cited(web.at("/"))
    watch()
    assert state_of(source) == ("gone", 3, "")
    assert flagged(model) == {"specifications"}


def test_tries_that_failed_do_not_count_towards_gone(web):
    source, model = make_cited(web.at("/"))
    for number, status in enumerate([404, 404, 500, 404, 404]):
        web.answer("/", status)
        with time_machine.travel(START + number * 8 * DAY):
            watch()
    assert state_of(source) == ("gone", 2, "")
    assert flagged(model) == set()


@pytest.mark.parametrize(("status", "state"), [(403, "blocked"), (500, "failed")])
def test_blocked_and_failing_sources_never_flag(web, status, state):
    web.show("/", "Twenty dollars.")
    source, model = make_cited(web.at("/"))
    with time_machine.travel(START):
        watch()
    web.answer("/", status)
    for number in range(1, 5):
        with time_machine.travel(START + number * 31 * DAY):
            assert watch() == {state: 1}
    assert state_of(source) == (state, 4, "")
    assert source.changed_at is None
    assert flagged(model) == set()


def test_a_source_that_is_back_stays_flagged_until_a_person_checks_it(web):
    web.answer("/", 410)
    source, model = make_cited(web.at("/"))
    with time_machine.travel(START):
        watch()
    web.show("/", "Here again.")
    with time_machine.travel(START + 8 * DAY):
        watch()
    assert state_of(source) == ("reached", 0, "")
    assert flagged(model) == {"specifications"}


def test_a_permanent_move_is_proposed_and_nothing_else(web):
    web.answer("/old", 301, Location="/new")
    web.show("/new", "Twenty dollars.")
    source, model = make_cited(web.at("/old"))

    assert watch() == {"moved": 1}

    assert state_of(source) == ("moved", 0, web.at("/new"))
    assert source.url == web.at("/old")
    assert flagged(model) == set()


def test_a_redirect_to_itself_is_no_move(web):
    turns = [(301, {"Location": "/new"}, b""), (200, {"Content-Type": "text/plain"}, b"Here.")]
    web.pages["/new"] = (301, {"Location": "/#top"}, b"")

    def answer(connection):
        status, headers, body = turns.pop(0)
        lines = [f"HTTP/1.1 {status} .", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        connection.write("\r\n".join(lines).encode() + body)

    web.pages["/"] = answer
    source, _model = make_cited(web.at("/"))
    watch()
    assert state_of(source) == ("reached", 0, "")


def test_the_longest_waiting_sources_come_first_up_to_the_limit(web):
    for name in "abcd":
        web.show(f"/{name}", name)
        make_source(url=web.at(f"/{name}"), slug=name)
    Source.objects.filter(slug="b").update(tried_at=START - 90 * DAY)
    Source.objects.filter(slug="a").update(tried_at=START - 60 * DAY)
    make_source(slug="without-address")

    with time_machine.travel(START):
        assert watch(limit=3) == {"reached": 3}
        assert [path for path in web.asked if path != "/robots.txt"] == ["/c", "/d", "/b"]
        assert watch(limit=3) == {"reached": 1}
        assert watch(limit=3) == {}


@pytest.mark.parametrize(
    ("failures", "days"), [(0, 7), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (400, 30)]
)
def test_a_source_is_left_alone_longer_after_each_failure(failures, days):
    source = make_source(url="https://example.org/")
    Source.objects.filter(pk=source.pk).update(failures=failures, tried_at=START)
    assert find_due(START + days * DAY - timedelta(seconds=1)) == []
    assert find_due(START + days * DAY) == [source]


@pytest.mark.parametrize(("said", "days"), [("3600", 1), (str(3 * 86400), 4), (str(400 * 86400), 30)])
def test_a_source_is_left_alone_for_as_long_as_its_host_asks(web, said, days):
    web.answer("/", 429, Retry_After=said)
    make_cited(web.at("/"))
    with time_machine.travel(START, tick=False):
        watch()
    assert find_due(START + days * DAY - timedelta(seconds=1)) == []
    assert len(find_due(START + days * DAY)) == 1


def test_a_host_that_asks_for_a_long_pause_is_left_to_another_run_and_others_are_read(web, names):
    names["busy.test"] = names["idle.test"] = ["127.0.0.1"]
    web.answer("/busy", 429, Retry_After="3600")
    for number in range(3):
        make_source(url=web.at("/busy", "busy.test") + f"?{number}")
    web.pages["/busy?0"] = web.pages["/busy"]
    web.show("/idle", "Here.")
    make_source(url=web.at("/idle", "idle.test"))

    assert watch() == {"blocked": 1, "reached": 1}
    assert "/busy?1" not in web.asked


def test_requests_to_one_host_are_spaced_and_other_hosts_come_in_between(web, names, monkeypatch):
    names["one.test"] = names["two.test"] = ["127.0.0.1"]
    slept = []
    # Python itself sleeps while it waits for a process, so that only the link checker's own clock is replaced.
    monkeypatch.setattr(watching, "time", SimpleNamespace(sleep=slept.append, monotonic=time.monotonic))
    for host in ("one.test", "two.test"):
        for number in range(2):
            web.show(f"/{number}", "Here.")
            make_source(url=web.at(f"/{number}", host))

    assert watch_sources(fetcher=make_fetcher(), limit=100, host_pause=20) == {"reached": 4}

    hosts = [headers["Host"].partition(":")[0] for headers in web.headers]
    assert [host for host, path in zip(hosts, web.asked, strict=True) if path != "/robots.txt"] == [
        "one.test",
        "two.test",
        "one.test",
        "two.test",
    ]
    assert [pause > 10 for pause in slept] == [False, False, True, True]


def test_two_runs_at_once_read_a_source_once(web):
    source = make_source(url=web.at("/"))

    def meanwhile(connection):
        # The other run starts while this one waits for the answer.
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nHere.")

    web.pages["/"] = meanwhile
    due = find_due(timezone.now())
    assert watching.claim_source(due[0])
    assert not watching.claim_source(due[0])
    assert watch() == {}
    assert state_of(source) == ("untried", 0, "")


def test_changes_by_people_meanwhile_stay(web):
    web.show("/", "Here.")
    source = make_source(url=web.at("/"), title="Before")
    [due] = find_due(timezone.now())
    Source.objects.filter(pk=source.pk).update(title="After", publisher="Acme")

    watching.store_result(due, make_fetcher().fetch(due.url))

    source.refresh_from_db()
    assert (source.title, source.publisher, source.link_state) == ("After", "Acme", "reached")


def test_the_result_of_an_address_replaced_meanwhile_is_dropped(web):
    web.show("/old", "Here.")
    source = make_source(url=web.at("/old"))
    [due] = find_due(timezone.now())
    fetched = make_fetcher().fetch(due.url)
    source.url = web.at("/new")
    source.save()

    watching.store_result(due, fetched)

    assert state_of(source) == ("untried", 0, "")
    assert not SourceText.objects.exists()


def test_saving_keeps_the_link_checkers_results_and_a_new_address_resets_them(web):
    web.answer("/", 410)
    source = make_source(url=web.at("/"))
    stale = Source.objects.get(pk=source.pk)
    watch()

    stale.title = "By hand"
    stale.save()
    assert state_of(source) == ("gone", 3, "")
    assert source.changed_at is not None
    assert source.title == "By hand"

    source.url = web.at("/new")
    source.save()
    assert state_of(source) == ("untried", 0, "")
    assert source.tried_at is None
    assert find_due(timezone.now()) == [source]


def test_a_page_that_crashes_the_parser_does_not_block_others(web, monkeypatch):
    web.show("/a", "<p>Odd.</p>", kind="text/html")
    web.show("/b", "Here.")
    make_source(url=web.at("/a"))
    make_source(url=web.at("/b"))
    crash = "import sys; print('Here.') if b'\"is_html\": false' in sys.stdin.buffer.read() else 1 / 0"
    monkeypatch.setattr(extraction, "PROGRAM", ("-c", crash))
    assert watch() == {"failed": 1, "reached": 1}


SLOW = "<html><body>" + "a<br>" * 900_000 + "</body></html>"
LARGE = "<html><body><ul>" + "<li>item of a list</li>" * 213_000 + "</ul></body></html>"


def read_between(web, page: str) -> tuple[dict[str, int], Source, AIModel]:
    """Run the link checker over a page, with another before and behind it; return what it found."""
    web.show("/a", "Before.", kind="text/html")
    web.show("/b", page, kind="text/html")
    web.show("/c", "Behind.", kind="text/html")
    make_source(url=web.at("/a"))
    source, model = make_cited(web.at("/b"))
    make_source(url=web.at("/c"))
    return watch(), source, model


@pytest.mark.parametrize(
    ("limit", "value", "page"),
    [
        ("PROCESSOR_SECONDS", 4, SLOW),
        ("SECONDS", 8, SLOW),
        ("MEMORY", 200 * 2**20, LARGE),
        ("MAX_TEXT_BYTES", 100_000, "<html><body>" + "<p>word</p>" * 60_000),
    ],
    ids=["processor", "time", "memory", "text"],
)
def test_a_page_that_takes_too_much_is_recorded_as_such_and_the_next_is_read(web, monkeypatch, limit, value, page):
    monkeypatch.setattr(extraction, limit, value)

    found, source, model = read_between(web, page)

    assert found == {"reached": 2, "unreadable": 1}
    assert state_of(source) == ("unreadable", 1, "")
    assert source.get_link_state_display() == "Too large or too slow to read"
    assert not source.texts.exists()
    assert flagged(model) == set()


@pytest.mark.long
@pytest.mark.parametrize(
    "page", [SLOW, LARGE, "<html><body><table><tr>" + "<td>a" * 990_000], ids=["breaks", "items", "cells"]
)
def test_no_page_of_five_megabytes_stops_the_link_checker(web, page):
    found, source, _model = read_between(web, page)
    assert found == {"reached": 2, "unreadable": 1}
    assert state_of(source) == ("unreadable", 1, "")


def test_a_page_that_takes_too_much_keeps_the_text_and_is_tried_again(web, monkeypatch):
    web.show("/", "Twenty dollars.")
    source, model = make_cited(web.at("/"))
    with time_machine.travel(START):
        watch()
    web.show("/", "a" * (MAX_BYTES + 1))
    with time_machine.travel(START + 8 * DAY):
        assert watch() == {"unreadable": 1}
    assert [text.text for text in source.texts.all()] == ["Twenty dollars."]
    assert flagged(model) == set()
    web.show("/", "Thirty dollars.")
    with time_machine.travel(START + 10 * DAY):
        assert watch() == {"reached": 1}
    assert flagged(model) == {"specifications"}


def test_a_robots_file_that_takes_too_much_stops_only_its_own_host(web, names, monkeypatch):
    """Each of the names has each of the rules, which are a hundred million in half a megabyte."""
    names["slow.test"] = names["other.test"] = ["127.0.0.1"]
    monkeypatch.setattr(extraction, "PROCESSOR_SECONDS", 2)
    agents = "".join(f"User-agent: {number}\n" for number in range(12_000))
    rules = "".join(f"Disallow: /{number}\n" for number in range(14_000))
    with running_web_server() as other:
        web.show("/robots.txt", agents + rules)
        for path in ("/a", "/b"):
            web.show(path, "Not read.")
            make_source(url=web.at(path, "slow.test"))
        other.show("/", "Here.")
        make_source(url=other.at("/", "other.test"))
        assert watch() == {"reached": 1, "unreadable": 2}
    assert web.asked == ["/robots.txt"]


def test_the_command_reads_nothing_of_this_machine(web, capsys):
    web.show("/", "Inside.")
    source, model = make_cited(web.at("/"))
    call_command("watch_sources", host_pause=0)
    assert capsys.readouterr().out == "failed: 1\n"
    assert web.asked == []
    assert state_of(source) == ("failed", 1, "")
    assert flagged(model) == set()


def test_the_demo_checks_no_links(web, settings):
    settings.DEMO = True
    make_source(url=web.at("/"))
    with pytest.raises(CommandError, match="reads nothing of the web"):
        call_command("watch_sources")
    assert web.asked == []


# The screen --------------------------------------------------------------------------------------------------


def make_moved(address: str = "https://example.org/old", to: str = "https://example.org/new", **values) -> Source:
    source = make_source(url=address, **values)
    Source.objects.filter(pk=source.pk).update(moved_to=to, link_state="moved", tried_at=START)
    source.refresh_from_db()
    return source


def take_over(client, source: Source):
    return client.post(
        reverse("review:moved_sources"), {"source": source.pk, "address": source.moved_to}, follow=True
    ).content.decode()


@pytest.mark.admin
def test_an_editor_accepts_a_new_address_with_one_button():
    editor, source = sign_in("Editor"), make_moved(title="A paper")
    screen = editor.get(reverse("review:moved_sources")).content.decode()
    assert "https://example.org/old" in screen
    assert "https://example.org/new" in screen

    assert "“A paper” has its new address." in take_over(editor, source)

    source.refresh_from_db()
    assert (source.url, source.moved_to) == ("https://example.org/new", "")
    assert source.latest_revision.user == editor.user
    assert source.latest_revision.as_object().url == "https://example.org/new"
    assert "https://example.org/old" not in editor.get(reverse("review:moved_sources")).content.decode()


@pytest.mark.admin
def test_an_address_that_another_source_has_is_refused_with_its_name():
    editor, source = sign_in("Editor"), make_moved()
    make_source(url="https://example.org/new", title="The very same")

    assert "The very same" in take_over(editor, source)

    source.refresh_from_db()
    assert source.url == "https://example.org/old"
    assert source.latest_revision is None


@pytest.mark.admin
def test_an_outdated_proposal_is_refused():
    editor, source = sign_in("Editor"), make_moved()
    Source.objects.filter(pk=source.pk).update(moved_to="https://example.org/newest")

    assert "It was decided" in take_over(editor, source)

    source.refresh_from_db()
    assert source.url == "https://example.org/old"


@pytest.mark.admin
def test_contributors_cannot_accept_new_addresses():
    contributor, source = sign_in("Contributor"), make_moved()
    take_over(contributor, source)
    source.refresh_from_db()
    assert source.url == "https://example.org/old"


@pytest.mark.admin
def test_a_restored_version_keeps_the_link_checkers_results(web):
    editor, source = sign_in("Editor"), make_source(url=web.at("/"))
    send(editor, url(source, "edit"), title="First")
    source.refresh_from_db()
    first = source.latest_revision
    web.answer("/", 410)
    watch()
    send(editor, url(source, "edit"), title="Second")

    send(editor, url(source, "revisions_revert", first.pk))

    assert state_of(source) == ("gone", 3, "")
    assert source.title == "First"


@pytest.mark.admin
def test_the_form_and_the_list_say_what_was_found():
    editor, source = sign_in("Editor"), make_moved(title="A paper")
    assert "https://example.org/new" in editor.get(url(source, "edit")).content.decode()
    assert "A paper" in editor.get(url(Source, "list"), {"link_state": "moved"}).content.decode()
    assert "A paper" not in editor.get(url(Source, "list"), {"link_state": "failed"}).content.decode()


@pytest.mark.admin
def test_the_screen_takes_as_many_queries_for_many_sources():
    editor, counts = sign_in("Editor"), []
    for size in (1, 30):
        for number in range(Source.objects.count(), size):
            make_moved(f"https://example.org/{number}", f"https://example.org/new/{number}")
        with CaptureQueriesContext(connection) as queries:
            editor.get(reverse("review:moved_sources"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
