"""The docs name only pages, files and functions that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = ("aigc_site", "catalog", "editorial", "templates", "tests", "tools", "requirements", "locale", "docs", ".ci")
FILES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
CODE = "\n".join(path.read_text() for path in FILES if path.suffix == ".py")
# Files of the examples that recipes use.
EXAMPLE = "benchmark"


def read_headings(page: Path) -> list[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text())
    return [re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings]


def find_broken_links(page: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in read_headings(target)):
            yield link


def find_unknown_files(page: Path) -> Iterator[str]:
    """Yield each file or folder in backticks that exists nowhere; `rooms/file.py` may leave out the folders above."""
    known = {"/" + path.relative_to(ROOT).as_posix() for path in [*FILES, *ROOT.iterdir()]}
    for name in re.findall(r"`([\w./-]+\.(?:py|html|jinja|md|toml|txt|yaml|css|js|po))`", page.read_text()):
        if EXAMPLE not in name and not any(path.endswith("/" + name.lstrip("/")) for path in known):
            yield name


def find_unknown_functions(page: Path) -> Iterator[str]:
    for name in re.findall(r"`(?:\w+\.)*(\w+)\(\)`", page.read_text()):
        if not re.search(rf"\b{name}\b", CODE):
            yield name


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_what_exists(page):
    page = ROOT / page
    assert [*find_broken_links(page), *find_unknown_files(page), *find_unknown_functions(page)] == []


def test_a_page_that_names_what_is_gone_is_found(tmp_path):
    page, gone = tmp_path / "page.md", "go" + "_away"
    page.write_text("[a](gone.md) [b](#no) [c](#yes)\n# Yes\n`catalog/gone.py` `overview.md` `" + gone + "()` `dict()`")
    assert list(find_broken_links(page)) == ["gone.md", "#no"]
    assert list(find_unknown_files(page)) == ["catalog/gone.py"]
    assert list(find_unknown_functions(page)) == [gone]
