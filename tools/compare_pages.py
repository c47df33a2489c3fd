"""Record the site's answers at some thousand addresses, and compare two recordings: a refactoring must change nothing.

    python tools/compare_pages.py load site.sqlite3
    python tools/compare_pages.py record site.sqlite3 before/
    python tools/compare_pages.py record site.sqlite3 after/ --checkout ../other
    python tools/compare_pages.py compare before/ after/

`load` makes a database with the shipped landscape and an account for each role. `record` migrates a copy of it, runs a
checkout's code on it, and requests the addresses with Django's test client. `compare` lists the addresses whose answers
differ, with a short diff, and exits with 1 if there are any. `make compare-pages BASE=<commit>` does all of it.

The addresses are those of `compare_pages.txt` (`{lang}` stands for each language) and some of the sitemap's. The clock
is fixed, so that dates and ages are the same in every run. Answers are recorded in a normal form: the tree of HTML and
XML with sorted attributes and without invisible space, the values of JSON, the cells of CSV and XLSX; nonces and tokens
are left out.
"""

import argparse
import csv
import difflib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

ADDRESSES = Path(__file__).with_suffix(".txt")
LANGUAGES = ("en", "zh-hans")
LOADED = datetime(2026, 12, 1, 9, tzinfo=UTC)
RECORDED = datetime(2026, 12, 15, 9, tzinfo=UTC)
# One in so many entries of the sitemap is requested, and all of its other pages.
ENTRY, ONE_IN = re.compile(r"/(models|organizations|products|glossary|sources)/."), 14
HEADERS = (
    "Location",
    "Content-Type",
    "Content-Disposition",
    "Content-Language",
    "Vary",
    "Link",
    "HX-Push-Url",
    "HX-Replace-Url",
)
DIFF_LINES = 30

# --- the normal form of an answer --------------------------------------------------------------------------
# Space is visible around these elements, but not around others.
INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "button", "cite", "code", "data", "del", "dfn", "em", "i", "img", "input", "ins"),
    *("kbd", "label", "mark", "meter", "output", "progress", "q", "ruby", "s", "samp", "select", "small", "span"),
    *("strong", "sub", "sup", "svg", "time", "u", "var", "wbr"),
}
# Elements that are inline, but have a box of their own for their contents.
BOXES = {"button", "select", "svg"}
VERBATIM = {"pre", "textarea", "style", "script"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def read_html(text: str) -> str:
    """Return the tree of a page, with one element or text on each line."""
    tokens = HtmlReader(text).tokens
    drop_unseen_space(tokens)
    drop_unseen_space(tokens, backward=True)
    # Closing tags are left out: the indentation of the next line shows them.
    return "\n".join(f"{'  ' * depth}{text}" for kind, depth, text, *_ in tokens if text and kind != "close")


class HtmlReader(HTMLParser):
    """Splits a page into `tokens`: lists of kind (open, close, text, verbatim), depth, text and, for tags, name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tokens: list[list] = []
        self.open: list[tuple[str, dict]] = []
        self.feed(text)
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.tokens.append(["verbatim", 0, f"<!{decl}>"])

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = {name: value or "" for name, value in attrs if name != "nonce"}
        if "class" in found:
            found["class"] = " ".join(sorted(found["class"].split()))
        if found.get("name") == "csrfmiddlewaretoken":
            found.pop("value", None)
        text = "".join(f" {name}={value!r}" for name, value in sorted(found.items()))
        self.tokens.append(["open", len(self.open), f"<{tag}{text}>", tag])
        if tag in VOID:
            self.tokens.append(["close", len(self.open), "", tag])
        else:
            self.open.append((tag, found))

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in (name for name, attributes in self.open):
            while self.open.pop()[0] != tag:
                pass
            self.tokens.append(["close", len(self.open), "", tag])

    def handle_data(self, data: str) -> None:
        inside, attributes = self.open[-1] if self.open else ("", {})
        if inside not in VERBATIM:
            self.tokens.append(["text", len(self.open), re.sub(r"[ \t\n\r\f]+", " ", data)])
        else:
            text = read_json(data) if "json" in attributes.get("type", "") else data.strip()
            self.tokens.append(["verbatim", len(self.open), hide_tokens(text)])


def hide_tokens(text: str) -> str:
    """Return a text without random tokens, which differ in each session."""
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", text)


def drop_unseen_space(tokens: list[list], *, backward: bool = False) -> None:
    """Remove space at the start of lines (at their end if `backward`), and space that follows other space."""
    strip = str.rstrip if backward else str.lstrip
    outer, inner = ("close", "open") if backward else ("open", "close")
    at_edge = True
    for token in reversed(tokens) if backward else tokens:
        match token:
            case ["text", _depth, text]:
                if at_edge:
                    token[2] = text = strip(text, " ")
                if text:
                    at_edge = not backward and text.endswith(" ")
            case ["open" | "close" as kind, _depth, _text, name]:
                if name not in INLINE or (name in BOXES and kind == outer):
                    at_edge = True
                elif (name in BOXES and kind == inner) or name in ("img", "input"):
                    at_edge = False
            case _:
                at_edge = True


def read_xml(content: bytes) -> str:
    from lxml import etree

    lines = []

    def walk(node, depth: int) -> None:
        attributes = "".join(f" {name}={value!r}" for name, value in sorted(node.attrib.items()))
        text = " ".join((node.text or "").split())
        lines.append(f"{'  ' * depth}<{node.tag}{attributes}> {text}".rstrip())
        for child in node:
            walk(child, depth + 1)
            if tail := " ".join((child.tail or "").split()):
                lines.append(f"{'  ' * (depth + 1)}{tail}")

    walk(etree.fromstring(content), 0)
    return "\n".join(lines)


def read_json(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True)


def read_csv(text: str) -> str:
    return "\n".join(repr(row) for row in csv.reader(io.StringIO(text)))


def read_xlsx(content: bytes) -> str:
    from openpyxl import load_workbook

    return "\n".join(
        f"{sheet.title} {cell.coordinate} {cell.number_format} {cell.value!r}"
        for sheet in load_workbook(io.BytesIO(content))
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    )


def read_body(content: bytes, kind: str) -> str:
    if not content:
        return ""
    if "spreadsheetml" in kind:
        return read_xlsx(content)
    if "csv" in kind:
        return read_csv(content.decode("utf-8"))
    if "json" in kind:
        return read_json(content.decode())
    if "xml" in kind and "html" not in kind:
        return read_xml(content)
    return read_html(content.decode()) if "html" in kind else content.decode(errors="replace")


def read_response(response) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    head = [f"status: {response.status_code}"]
    for name in HEADERS:
        if name in response.headers:
            value = response.headers[name]
            head.append(f"{name}: {', '.join(sorted(value.split(', '))) if name == 'Vary' else value}")
    return "\n".join([*head, "", read_body(content, response.headers.get("Content-Type", "")), ""])


# --- loading and recording ---------------------------------------------------------------------------------
def set_up(checkout: Path, database: Path, folder: str) -> None:
    """Set up Django with the code of a checkout and a database, whatever the environment variables are."""
    os.chdir(checkout)
    # Import the site from the checkout, not from beside this tool.
    sys.path[0] = str(checkout)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="aigc_site.settings",
        DEMO="1",
        SECRET_KEY="only-to-compare-pages-" * 3,
        SITE_URL="http://testserver",
        ALLOWED_HOSTS="testserver",
        DATABASE_URL=f"sqlite:///{database}",
        MEDIA_ROOT=f"{folder}/media",
    )
    import django
    from django.conf import settings

    django.setup()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


def load(database: Path, checkout: Path) -> None:
    """Make a database with the shipped landscape, and an account for each role."""
    import time_machine

    database.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder, time_machine.travel(LOADED):
        set_up(checkout, database, folder)
        from django.contrib.auth import get_user_model
        from django.contrib.auth.models import Group
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        call_command("load_landscape", stdout=io.StringIO())
        for group in Group.objects.order_by("pk"):
            name = group.name.lower()
            user = get_user_model().objects.create(
                username=name, first_name=group.name, last_name="Demo", email=f"{name}@example.org"
            )
            user.groups.add(group)
        # Keep the database in one file, so that it can be copied.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=DELETE")


def record(database: Path, out: Path, checkout: Path, only: str) -> None:
    """Write the answers of the addresses that match the pattern `only`, a file each; its first line is the address."""
    import time_machine

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, time_machine.travel(RECORDED, tick=False):
        copy = Path(shutil.copy(database, folder))
        set_up(checkout, copy, folder)
        from django.contrib.auth import get_user_model
        from django.core.management import call_command
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor
        from django.test import Client

        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            # The commands that operators run after an upgrade.
            for command in ("migrate", "rebuild_listing", "update_index"):
                call_command(command, verbosity=0, stdout=io.StringIO())
        clients = {"": Client(raise_request_exception=False)}
        addresses = [line for line in list_addresses(clients[""]) if re.search(only, line)]
        for number, line in enumerate(addresses):
            who, _, address = line.rpartition(" ")
            user = who.removesuffix("htmx").strip()
            if user not in clients:
                clients[user] = Client(raise_request_exception=False)
                clients[user].force_login(get_user_model().objects.get(username=user))
            headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"} if who.endswith("htmx") else {}
            response = clients[user].get(address, headers=headers)
            (out / f"{number:04}.txt").write_text(f"{line}\n{read_response(response)}")
    print(f"{len(addresses)} answers in {out}")


def list_addresses(client) -> list[str]:
    """Return the lines of the file in each language, and addresses of the sitemap."""
    written = [line.strip() for line in ADDRESSES.read_text().splitlines()]
    asked = [line for line in written if line and not line.startswith("#")]
    lines = [line.replace("{lang}", code) for line in asked for code in (LANGUAGES if "{lang}" in line else [""])]
    sections = re.findall(r"<loc>[^<]*?(/sitemap[^<]*)</loc>", client.get("/sitemap.xml").content.decode())
    lines += ["/sitemap.xml", *sections]
    for section in sections:
        found = re.findall(r"<loc>https?://[^/<]+([^<]*)</loc>", client.get(section).content.decode())
        entries = [address for address in found if ENTRY.search(address)]
        lines += [it for it in found if not ENTRY.search(it)] + entries[::ONE_IN]
    return list(dict.fromkeys(lines))


# --- comparing ---------------------------------------------------------------------------------------------
def read_recording(folder: Path) -> dict[str, str]:
    texts = [path.read_text() for path in sorted(folder.glob("*.txt"))]
    return dict(text.split("\n", 1) for text in texts)


def compare(before: Path, after: Path, only: str, shown: int) -> int:
    """Print the addresses whose answers differ, among those that match the pattern `only`; return their number."""
    old, new = read_recording(before), read_recording(after)
    lines = [line for line in {**old, **new} if re.search(only, line)]
    different = [line for line in lines if old.get(line) != new.get(line)]
    for number, line in enumerate(different):
        if line not in old or line not in new:
            print(f"\n=== {line}: only in {after if line in new else before}")
            continue
        is_space = "".join(old[line].split()) == "".join(new[line].split())
        print(f"\n=== {line}{' (space alone)' if is_space else ''}")
        if number < shown:
            found = list(difflib.unified_diff(old[line].splitlines(), new[line].splitlines(), lineterm="", n=1))[2:]
            print("\n".join(found[:DIFF_LINES] + ([f"… {len(found) - DIFF_LINES} more"] * (len(found) > DIFF_LINES))))
    print(f"\n{len(different)} of {len(lines)} answers differ.")
    return len(different)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, paths in {"load": ["database"], "record": ["database", "out"], "compare": ["before", "after"]}.items():
        command = commands.add_parser(name)
        for path in paths:
            command.add_argument(path, type=read_path)
        if name != "compare":
            here = Path(__file__).resolve().parent.parent
            command.add_argument("--checkout", type=read_path, default=here, help="whose code runs; this one's")
        if name != "load":
            command.add_argument("--only", default="", help="addresses in which this regular expression is found")
        if name == "compare":
            command.add_argument(
                "--shown", type=int, default=20, help="so many differences are shown; others are named"
            )
    options = vars(parser.parse_args())
    name = options.pop("command")
    if name == "compare":
        sys.exit(compare(**options) > 0)
    {"load": load, "record": record}[name](**options)


def read_path(text: str) -> Path:
    # Made absolute, because the working directory changes.
    return Path(text).resolve()


if __name__ == "__main__":
    main()
