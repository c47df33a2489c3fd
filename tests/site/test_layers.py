"""The parts of the site know only those below them: `aigc_site` → `editorial` → `catalog`.

import-linter checks imports (`make lint`). This checks the names in strings, in Python and in templates: each name
belongs to a part, and no part uses names of a part above it. There is one exception: a template of any part may extend
a layout, or include a part of one (`templates/layouts/`), though layouts belong to the site.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).parents[2]
PARTS = ("catalog", "editorial", "aigc_site")
LAYOUTS = "layouts/"
# The part that a folder of templates, or one template, belongs to.
TEMPLATES = {
    "catalog/": "catalog",
    "components/": "catalog",
    "jinja/listing/": "catalog",
    "wagtailadmin/catalog/": "catalog",
    "editorial/": "editorial",
    "wagtailadmin/accounts/": "editorial",
    "wagtailadmin/review/": "editorial",
    LAYOUTS: "aigc_site",
    "account/": "editorial",
    "allauth/": "editorial",
    "mfa/": "editorial",
    "usersessions/": "editorial",
    "403_csrf.html": "aigc_site",
    "404.html": "aigc_site",
    "500.html": "aigc_site",
}
# Functions whose first argument is a URL name.
ADDRESSED = {"reverse", "reverse_lazy", "redirect", "resolve_url"}
TAG = re.compile(r"{%\s*(url|load|include|extends)\s+(.*?)\s*%}", re.DOTALL)
TEMPLATE = re.compile(r"[\w/.-]+\.(?:html|txt|xml)")
LITERAL_ADDRESS = re.compile(r"""\b(?:href|action|src)=["'](/[^"'{]*)""")

# What a name is for, and the name: ("url", "catalog:models").
Name = tuple[str, str]


def part_of(module: str) -> str | None:
    part = module.partition(".")[0]
    return part if part in PARTS else None


def list_addresses(resolver: URLResolver, *, prefix: str = "", part: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield each URL name, with the part of its view, or of the module that names it."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", pattern.callback)
            owner = part_of(view.__module__) or part
            if pattern.name and owner:
                yield f"{prefix}{pattern.name}", owner
        else:
            named_in = getattr(pattern.urlconf_name, "__name__", None)
            inside = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from list_addresses(pattern, prefix=inside, part=part_of(named_in) if named_in else part)


@pytest.fixture(scope="module")
def owners() -> dict[Name, str]:
    """The part of each name."""
    libraries = engines["django"].engine.libraries
    models = [(part, model) for part in PARTS for model in apps.get_app_config(part).get_models()]
    return {
        **{("url", name): part for name, part in list_addresses(get_resolver(), part="aigc_site")},
        **{("library", name): part for name, module in libraries.items() if (part := part_of(module))},
        **{("model", model._meta.model_name): part for part, model in models},
    }


def find_owners(name: Name, owners: dict[Name, str]) -> set[str]:
    """Return the parts that a name may belong to; none for names of Django or Wagtail."""
    what, text = name
    match what:
        case "template":
            return {part for beginning, part in TEMPLATES.items() if text.startswith(beginning)}
        case "module":
            return {part} if (part := part_of(text)) else set()
        case "address":
            # A literal address doesn't tell its part; only the site may know all addresses.
            return {"aigc_site"}
        case "url" if text.endswith(":"):
            return {part for (kind, known), part in owners.items() if kind == "url" and known.startswith(text)}
    return {owners[name]} if name in owners else set()


def read_template(text: str) -> Iterator[Name]:
    """Yield the names in a template."""
    for tag, argument in TAG.findall(text):
        words = argument.split()
        if tag == "load":
            for library in words[-1:] if "from" in words else words:
                yield "library", library
        elif words[0][0] in "\"'":
            name = words[0].strip("\"'")
            if tag == "url":
                yield "url", name
            elif not name.startswith(LAYOUTS):
                yield "template", name
    for address in LITERAL_ADDRESS.findall(text):
        yield "address", address


def read_module(text: str) -> Iterator[Name]:
    """Yield the names in the strings of a Python module (URLs, templates, models, modules), docstrings aside."""
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            function = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if function in ADDRESSED and (name := read_string(node.args[0])):
                yield "url", name
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
            continue
        if TEMPLATE.fullmatch(node.value):
            yield "template", node.value
        elif re.fullmatch(r"\w+(\.\w+)+", node.value) or node.value in PARTS:
            yield "module", node.value
        elif node.value.isalpha():
            yield "model", node.value


def read_string(node: ast.expr) -> str | None:
    """Return a string; of an f-string, the namespace at its start."""
    if isinstance(node, ast.JoinedStr):
        node = node.values[0]
        if isinstance(node, ast.Constant):
            return f"{node.value.rpartition(':')[0]}:"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def list_names() -> Iterator[tuple[str, str, Name]]:
    """Yield each name in the code: its place, the part that uses it, and the name."""
    for part in PARTS:
        for path in (ROOT / part).rglob("*.py"):
            if "migrations" not in path.parts:
                for name in read_module(path.read_text()):
                    yield str(path.relative_to(ROOT)), part, name
    folder = ROOT / "templates"
    for path in folder.rglob("*.*"):
        where = path.relative_to(folder).as_posix()
        (part,) = {part for beginning, part in TEMPLATES.items() if where.startswith(beginning)}
        for name in read_template(path.read_text()):
            yield f"templates/{where}", part, name


def is_above(owner: str, part: str) -> bool:
    return PARTS.index(owner) > PARTS.index(part)


def test_no_part_uses_names_of_a_part_above_it(owners):
    upwards, downwards = [], set()
    for where, part, name in list_names():
        for owner in find_owners(name, owners):
            if is_above(owner, part):
                upwards.append(f"{where} names the {name[0]} “{name[1]}”, which is of {owner}")
            elif owner != part:
                downwards.add((part, owner, name[0]))
    assert upwards == []
    # Names of parts below are found, so that the test does not pass on nothing.
    assert downwards >= {
        ("editorial", "catalog", "url"),
        ("editorial", "catalog", "template"),
        ("editorial", "catalog", "library"),
        ("aigc_site", "editorial", "url"),
        ("aigc_site", "catalog", "url"),
        ("aigc_site", "editorial", "module"),
    }


@pytest.mark.parametrize(
    ("text", "name", "owner"),
    [
        ('terms = reverse("about")', ("url", "about"), "editorial"),
        ('reverse(f"review:{name}", args=[1])', ("url", "review:"), "editorial"),
        ('return redirect("sitemap")', ("url", "sitemap"), "aigc_site"),
        ('pages.filter(content_type__model="articlepage")', ("model", "articlepage"), "editorial"),
        ('apps.get_model("editorial", "ArticlePage")', ("module", "editorial"), "editorial"),
        ('models.ForeignKey("editorial.ArticlePage")', ("module", "editorial.ArticlePage"), "editorial"),
        ('import_string("aigc_site.views")', ("module", "aigc_site.views"), "aigc_site"),
        ('render(request, "editorial/home.html")', ("template", "editorial/home.html"), "editorial"),
        ('render(request, "layouts/base.html")', ("template", "layouts/base.html"), "aigc_site"),
    ],
)
def test_names_in_python_are_read(owners, text, name, owner):
    assert name in set(read_module(text))
    assert find_owners(name, owners) == {owner}


@pytest.mark.parametrize(
    ("text", "name", "owner"),
    [
        ('<a href="{% url "home" %}">', ("url", "home"), "editorial"),
        ("{% url 'article' article.slug as address %}", ("url", "article"), "editorial"),
        ("{% load i18n site %}", ("library", "site"), "aigc_site"),
        ("{% load linked from articles %}", ("library", "articles"), "editorial"),
        ('{% include "editorial/home.html" with page=page %}', ("template", "editorial/home.html"), "editorial"),
        ('{% extends "404.html" %}', ("template", "404.html"), "aigc_site"),
        ('<form action="/en/search/">', ("address", "/en/search/"), "aigc_site"),
    ],
)
def test_names_in_templates_are_read(owners, text, name, owner):
    assert name in set(read_template(text))
    assert find_owners(name, owners) == {owner}


def test_any_template_may_extend_a_layout_and_include_a_part_of_one():
    assert list(read_template('{% extends "layouts/base.html" %}{% include "layouts/home_link.html" %}')) == []
