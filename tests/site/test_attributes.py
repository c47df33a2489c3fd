"""The code uses no private attributes of Django, Wagtail or other classes, and sets no cached property from outside."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("catalog", "editorial", "aigc_site")
# Private by name, but documented.
PUBLIC = {"_meta", "_default_manager", "_base_manager", "_state", "_replace", "os._exit"}
# Used because there is no public alternative.
NEEDED = {
    # To show the newest name in the first column of a list, with its buttons.
    "catalog/editing/views.py: super()._get_title_column",
    # To give the rows of migrations to the connection of a thread with an event loop.
    "tests/conftest.py: connection._test_serialized_contents",
    # To find the test database, and to reach PostgreSQL before it exists.
    "tests/conftest.py: connection.creation._get_test_db_name",
    "tests/databases.py: connection._nodb_cursor",
}
# Attributes of other classes with the same names as cached properties.
NAMESAKES = {
    "catalog/listing/table.py: table.facets",
    "editorial/articles/digest.py: item.values",
    "editorial/articles/loading.py: instance.sources",
}


def read_code(*folders: str) -> dict[str, ast.Module]:
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in paths}


def find_private(code: dict[str, ast.Module]) -> Iterator[str]:
    """Yield each private attribute that is read or set outside the module that defines it."""
    for where, tree in code.items():
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                for name in (node.module or "", *(alias.name for alias in node.names)):
                    if any(is_private(part) for part in name.split(".")):
                        yield f"{where}: import of {name}"
            if not isinstance(node, ast.Attribute) or not is_private(node.attr):
                continue
            read, of_super = ast.unparse(node), ast.unparse(node.value) == "super()"
            is_own = ast.unparse(node.value) in ("self", "cls") or (node.attr in own and not of_super)
            if not is_own and not PUBLIC & {node.attr, read}:
                yield f"{where}: {read}"


def is_private(name: str) -> bool:
    return len(name) > 1 and name.startswith("_") and not name.startswith("__")


def find_set(code: dict[str, ast.Module]) -> Iterator[str]:
    """Yield each cached property that is set on an object other than `self`."""
    cached = {
        node.name
        for tree in code.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(it) == "cached_property" for it in node.decorator_list)
    }
    for where, tree in code.items():
        for node in ast.walk(tree):
            is_set = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
            if is_set and node.attr in cached and ast.unparse(node.value) != "self":
                yield f"{where}: {ast.unparse(node)}"


def test_no_private_attribute_of_others_is_used():
    assert set(find_private(read_code(*PARTS, "tests", "tools"))) == NEEDED


def test_no_cached_property_is_set_from_outside():
    assert set(find_set(read_code(*PARTS))) == NAMESAKES


@pytest.mark.parametrize(
    "text", ["form._post_clean()", "super()._post_clean()", "page._prefetched = {}", "from django.db import _private"]
)
def test_private_attributes_are_found(text):
    assert list(find_private({"module.py": ast.parse(text)}))


def test_a_cached_property_that_is_set_is_found():
    text = "class Detail:\n    @cached_property\n    def sources(self): ...\n\ndetail.sources = {}"
    assert list(find_set({"module.py": ast.parse(text)})) == ["module.py: detail.sources"]
