"""Migrates the database of the settings, and writes down what the public and the newsroom see of it, as text.

Addresses are plain paths, and nothing of the site's own code is imported, so that this outlives what becomes of it.
Run by `tests.migrated.databases` in a process of its own; the clock stands still.
"""

import csv
import io
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import django
import time_machine
from bs4 import BeautifulSoup, NavigableString

from tests.migrated.states import TODAY

NEW_YEAR = datetime(2099, 1, 1, 12, tzinfo=UTC)
ENTRIES = {
    "organizations": (
        *("lab", "giant", "renamed", "new-name", "target", "merged", "scheduled", "confirmed", "taken-back"),
        "in-review",
    ),
    "models": (
        *("gpt-a", "gpt-b", "several", "batch", "newer-draft", "owed", "reverted", "never-submitted"),
        *("scheduled-new", "cites-moved", "cites-gone", "cites-changed"),
    ),
    "products": ("writer", "withdrawn", "single", "resubmitted", "alarm", "outdated"),
    "glossary": ("transformer", "scaling", "restored", "owed-twice", "locked", "sent-back"),
}
ARTICLES = (
    *("why-now", "article-draft", "article-newer-draft", "article-in-review", "article-scheduled"),
    *("article-withdrawn", "article-owed"),
)
# Before anything, then after the first versions, renamings, withdrawals, drafts and emergencies.
DAYS = ("2026-01-01", "2026-01-08", "2026-01-20", "2026-02-10", "2026-03-05", "2026-04-10")
PUBLIC = [
    *("", "about/", "method/", "articles/", *(f"articles/{slug}/" for slug in ARTICLES)),
    *("changes/", "changes/?kind=model&date_min=2026-04", "freshness/", "timeline/", "timeline/?year=2015"),
    *("search/?q=lab", "search/?q=实验室", "search/?q=transformer", "search/?q=withdrawn", "search/suggest/?q=wri"),
    *("models/", "models/?freshness=verified&freshness=disputed&sort=-parameters", "models/?maker=giant"),
    *("startups/", "organizations/", "organizations/?country=US&funding_min=1M", "organizations/?q=giant"),
    *("products/", "products/?built_on=gpt-b&free_plan=yes", "glossary/"),
    *("compare/?kind=models&slug=gpt-a&slug=gpt-b&slug=several", "compare/?kind=organizations&slug=lab&slug=merged"),
    *(f"{room}/{slug}/" for room, slugs in ENTRIES.items() for slug in slugs),
    *(f"{room}/{slug}/history/" for room, slugs in ENTRIES.items() for slug in slugs[::2]),
    *(f"models/several/history/{number}/" for number in (1, 2, 3)),
    *(f"glossary/restored/history/{number}/" for number in (1, 2, 3)),
    *(f"sources/{number}/" for number in range(1, 12, 2)),
    *(f"{room}/?as_of={day}" for room in ("models", "organizations", "products", "glossary") for day in DAYS),
    *(f"models/several/?as_of={day}" for day in DAYS),
    *("organizations/renamed/?as_of=2026-01-08", "organizations/new-name/?as_of=2026-01-08"),
    *("organizations/merged/?as_of=2026-01-20", "organizations/merged/?as_of=2026-02-10"),
    *("products/withdrawn/?as_of=2026-01-20", "products/withdrawn/?as_of=2026-02-10"),
    *("glossary/restored/?as_of=2026-02-10", "glossary/restored/?as_of=2026-03-05"),
]
FILES = [
    *(f"/en/{room}/data.json" for room in ("models", "organizations", "products")),
    *("/en/models/data.csv", "/zh-hans/startups/data.csv", "/zh-hans/products/data.json?as_of=2026-01-20"),
    *("/en/compare/data.json?kind=models&slug=gpt-a&slug=several", "/en/freshness/data.csv"),
    *("/en/changes/feed.json", "/zh-hans/changes/feed.json?kind=term", "/en/changes/feed.atom?kind=product"),
    *("/en/models/feed.json", "/zh-hans/products/feed.atom"),
    *("/sitemap.xml", "/sitemap-entries.xml", "/robots.txt", "/readyz"),
]
# The screens on which people find what waits for them, and where it stands.
READ = {
    "contributor": ("", "review/notices/"),
    "editor": ("", "review/queue/", "review/notices/", "review/owed-looks/"),
    "editor2": ("", "review/queue/?owner=me", "review/notices/"),
    "reviewer": ("", "review/notices/", "review/moved-sources/", "snippets/catalog/term/", "snippets/catalog/product/"),
    "reviewer2": ("", "review/notices/", "review/owed-looks/"),
    "lead": ("", "review/intervals/", "review/desk/", "snippets/catalog/organization/"),
    "lead2": ("", "review/notices/", "snippets/catalog/aimodel/", "snippets/catalog/source/"),
    "administrator": ("",),
}
# Which links on these screens lead to what belongs to a state: versions and second looks, and some of the checks.
FOLLOWED = re.compile(r"/admin/(review/(\d+/\d+/(changes|second-look)|checks/[^/]+/[a-z]+)/)$")
CHECKS_READ = 6
INLINE = {
    *("a", "abbr", "b", "bdi", "cite", "code", "del", "em", "i", "ins", "kbd", "label", "mark", "q", "s", "small"),
    *("span", "strong", "sub", "sup", "time", "button"),
}
UNSEEN = {"script", "style", "template", "svg", "head", "noscript", "option", "dialog"}


def read_lines(html: str) -> list[str]:
    """What a page says in its main part, a block a line, with the addresses of its links."""
    soup = BeautifulSoup(html, "html.parser")
    lines, words = [], []

    def end_line() -> None:
        if line := " ".join("".join(words).split()):
            lines.append(line)
        words.clear()

    def walk(node) -> None:
        for child in node.children:
            if isinstance(child, NavigableString):
                if type(child) is NavigableString:
                    words.append(child)
                continue
            if child.name in UNSEEN:
                continue
            if child.name not in INLINE:
                end_line()
            walk(child)
            if child.name == "a" and child.get("href"):
                words.append(f" <{child['href']}>")
            if child.name not in INLINE:
                end_line()

    walk(soup.find("main") or soup)
    end_line()
    return lines


def read_answer(response) -> list[str]:
    """The lines of an answer: its status and where it leads, then what it says."""
    head = f"{response.status_code} {response.headers.get('Location', '')}".strip()
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text, kind = content.decode("utf-8-sig"), response.headers.get("Content-Type", "")
    if "json" in kind:
        lines = json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True).splitlines()
    elif "csv" in kind:
        lines = [" | ".join(row) for row in csv.reader(io.StringIO(text))]
    elif "html" in kind:
        lines = read_lines(text)
    else:
        lines = re.sub(r">\s*<", ">\n<", text).splitlines()
    return [head, *lines]


class Record:
    """The files that are written: the lines of each address under its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: dict[str, list[str]] = {}

    def keep(self, file: str, heading: str, response) -> None:
        self.lines.setdefault(file, []).extend([f"=== {heading}", *read_answer(response), ""])

    def write(self) -> None:
        for name, lines in self.lines.items():
            (self.folder / f"{name}.txt").write_text("\n".join(lines))


def look(record: Record) -> None:
    """Ask for everything once, changing nothing."""
    from django.test import Client

    client = Client()
    for language in ("en", "zh-hans"):
        # Histories and past days say in Chinese what they say in English.
        for path in PUBLIC if language == "en" else PUBLIC[::3]:
            record.keep(language, f"/{language}/{path}", client.get(f"/{language}/{path}"))
    for path in FILES:
        record.keep("files", path, client.get(path))
    for name, paths in READ.items():
        client = sign_in(name)
        followed: dict[str, None] = {}
        for path in paths:
            response = client.get(f"/admin/{path}")
            record.keep("newsroom", f"{name}: /admin/{path}", response)
            links = re.findall(r'href="([^"?#]+)"', response.content.decode())
            followed.update(dict.fromkeys(link for link in links if FOLLOWED.search(link)))
        checks = [link for link in followed if "/checks/" in link]
        for link in followed if name in ("reviewer", "editor", "lead") else ():
            if link in checks[CHECKS_READ:]:
                continue
            record.keep("newsroom", f"{name}: {link}", client.get(link))


def sign_in(name: str):
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    return client


def press(client, address: str, button: str | None, **values):
    """Send the form of a screen by one of its buttons, as a browser does; the first form that has it."""
    soup = BeautifulSoup(client.get(address).content, "html.parser")
    for form in soup.find_all("form", method="post"):
        names = {it.get("value") or it.get("name") for it in form.find_all("button")}
        if button is None or button in names:
            hidden = {it["name"]: it.get("value", "") for it in form.find_all("input") if it.get("name")}
            return client.post(form.get("action") or address, {**hidden, **values})
    raise ValueError(f"{address} has no button {button}")


def find_link(client, address: str, text: str) -> str:
    """The address behind the words on a screen."""
    soup = BeautifulSoup(client.get(address).content, "html.parser")
    main = soup.find("main") or soup
    return next(link["href"] for link in main.find_all("a", href=True) if text in link.get_text())


def go_on(record: Record) -> None:
    """Decide what waits, let the clock go on to what was scheduled, and keep what comes of it."""
    from django.core import mail
    from django.core.management import call_command
    from django.test import Client

    reviewer, editor = sign_in("reviewer"), sign_in("editor2")
    for name in ("In-Review", "Resubmitted"):
        record.keep(
            "afterwards",
            f"approve {name}",
            press(reviewer, find_link(reviewer, "/admin/", name), "approve", action="approve"),
        )
    owed = find_link(reviewer, "/admin/", "Owed")
    record.keep("afterwards", "take the second look", press(reviewer, owed, None))
    moved = "/admin/review/moved-sources/"
    record.keep("afterwards", "take over an address", press(editor, moved, None))
    record.keep("afterwards", moved, editor.get(moved))
    call_command("send_notices", stdout=io.StringIO())
    lines = [f"{message.to[0]}: {message.subject}" for message in mail.outbox]
    record.lines["afterwards"] += ["=== mail", *sorted(lines), ""]
    client = Client()
    for path in ("organizations/in-review/", "products/resubmitted/", "models/owed/", "changes/"):
        record.keep("afterwards", f"/en/{path}", client.get(f"/en/{path}"))
    with time_machine.travel(NEW_YEAR, tick=False):
        call_command("publish_scheduled", stdout=io.StringIO())
        for path in ("organizations/scheduled/", "models/scheduled-new/", "articles/article-scheduled/", "changes/"):
            record.keep("afterwards", f"/en/{path} in 2099", client.get(f"/en/{path}"))


def main(folder: Path) -> None:
    with time_machine.travel(TODAY, tick=False):
        django.setup()
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        setup_test_environment()
        for command in ("migrate", "rebuild_listing", "update_index"):
            call_command(command, verbosity=0, stdout=io.StringIO())
        record = Record(folder)
        look(record)
        go_on(record)
        record.write()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
