"""HTML is written in templates, which escape values, never in Python."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

# A start or end tag; `(?P<year>…)` in a regular expression is none.
TAG = re.compile(r"(?<!\?P)<(/?[a-z][a-z0-9-]*\s*/?>|[a-z][a-z0-9-]*\s+[a-z])", re.IGNORECASE)
# URL patterns, whose parameters look like tags.
ALLOWED = {"aigc_site/urls.py": {"sitemap-<section>.xml"}}


def find_tags(source: str) -> list[str]:
    """Return the string literals with HTML in a module, docstrings aside; of f-strings, the literal parts."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = [
        "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        if isinstance(node, ast.JoinedStr)
        else node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings)
    ]
    return [text for text in texts if TAG.search(text)]


def test_no_module_writes_html():
    root = Path(settings.BASE_DIR)
    found = {}
    for app in ("aigc_site", "catalog", "editorial"):
        for path in sorted((root / app).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if tags := set(find_tags(path.read_text())) - ALLOWED.get(name, set()):
                found[name] = tags
    assert not found, "write a template instead"


@pytest.mark.parametrize(
    "source", ["x = '<b>'", "x = f'<li{state}>{label}</li>'", "x = '<a href=\"{}\">'", "x = '</p>'", "x = '<br/>'"]
)
def test_html_in_python_is_found(source):
    assert find_tags(source)


@pytest.mark.parametrize("source", ["x = 'a < b > c'", "x = r'(?P<year>[0-9]+)'", 'def f():\n    "A <b> is bold."'])
def test_other_strings_are_no_html(source):
    assert not find_tags(source)
