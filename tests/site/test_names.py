"""One name has one meaning: no two modules define a public function or class of the same name."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("catalog", "editorial", "aigc_site")
# Django looks for commands by this name.
REQUIRED = {"Command"}
# One for each database; the modules are each other's counterparts.
COUNTERPARTS = ("catalog/listing/search/postgres.py", "catalog/listing/search/sqlite.py")
# The base and the counterparts that Wagtail's setting names.
SEARCH_BACKENDS = {*COUNTERPARTS, "catalog/listing/search/__init__.py"}


def test_public_functions_and_classes_have_names_of_their_own():
    modules = defaultdict(set)
    for part in PARTS:
        for path in (ROOT / part).rglob("*.py"):
            if path.parent.name == "migrations":
                continue
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    modules[node.name].add(path.relative_to(ROOT).as_posix())
    shared = {
        name: sorted(where)
        for name, where in modules.items()
        if len(where) > 1
        and not name.startswith("_")
        and name not in REQUIRED
        and where not in (set(COUNTERPARTS), SEARCH_BACKENDS)
    }
    assert not shared
