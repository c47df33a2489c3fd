"""Template tags of listings. Jinja2 renders the filter panel and the rows (docs/decisions.md says why).

Its templates can't translate, so that their words are passed to them translated.
"""

from decimal import Decimal

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalog.listing.columns import cell_values, to_dollars
from catalog.listing.figures import Sum
from catalog.listing.page import ListingPage
from catalog.listing.panel import MONEY_FACETS, Panel
from catalog.templatetags.catalog import excerpt
from catalog.values import format_number

register = template.Library()

# Number of panel sections that are open at first.
UNFOLDED = 3
# Maximum number of values shown in a cell.
VALUES_SHOWN = 4


@register.simple_tag
def panel_sections(panel: Panel) -> SafeString:
    """Return the HTML of the panel's facets and ranges."""
    return render_hot("panel", sections=panel.sections, unfolded=UNFOLDED, words=panel_words())


@register.simple_tag
def panel_changes(panel: Panel) -> SafeString:
    """Return the HTML of the parts of the panel that an htmx response replaces."""
    return render_hot("panel_changes", sections=panel.sections, words=panel_words())


def panel_words() -> dict:
    """Return the translated words of the panel."""
    return {
        "find_option": _("Find an option"),
        "find": _("Find"),
        "earliest": _("Earliest"),
        "latest": _("Latest"),
        "minimum": _("Minimum"),
        "maximum": _("Maximum"),
        "nothing_found": _("No option has “%(text)s”."),
        "show_all": _("Show all %(n)s"),
        "show_some": _("Show %(shown)d of %(n)d"),
        "find_others": _("Those with the most entries. Find the others by name."),
        "within": _("Within %(name)s"),
    }


@register.simple_tag
def result_rows(listing: ListingPage) -> SafeString:
    """Return the HTML of the rows of a listing's table."""
    language = get_language()
    columns = [(column.name, column.style, str(column.label)) for column in listing.columns]
    rows = [
        {
            "url": row.url,
            "name": row.name,
            "text": row.name.text,
            "excerpt": excerpt(row.summary),
            "slug": row.entry.slug,
            "cells": [(style, label, first_values(cell_values(name, row, language))) for name, style, label in columns],
        }
        for row in listing.rows
    ]
    return render_hot("rows", rows=rows, words={"unknown": _("Unknown"), "compare": _("Add to comparison")})


def first_values(values: list) -> list:
    """Return the first values of a cell, with an ellipsis if there are more."""
    return [*values[:VALUES_SHOWN], "…"] if len(values) > VALUES_SHOWN else values


def render_hot(name: str, **values) -> SafeString:
    """Render a Jinja2 template of `templates/jinja/listing`; it escapes all values."""
    return mark_safe(render_to_string(f"listing/{name}.jinja", values, using="jinja2"))


@register.inclusion_tag("components/column_heading.html")
def heading(listing: ListingPage, name: str, label, style: str = "") -> dict:
    """Render the heading of a column: a link that sorts by it, or reverses the order."""
    direction, query = listing.sort_by(name)
    return {"label": label, "style": style, "direction": direction, "query": query}


@register.simple_tag
def selection_sums(listing: ListingPage) -> dict:
    """Return the sums and medians of the results' numbers (`lines`), and what is not counted (`note`).

    There are no lines for a single result.
    """
    sums = [item for item in listing.filterset.sums if item.number] if listing.total > 1 else []
    note = ""
    if any(item.name in MONEY_FACETS for item in sums):
        # Always shown for money: even an organization with a sum may have rounds that are not in it.
        note = _(
            "Not counted: what is unknown or undisclosed, and amounts without a dated rate to US dollars. "
            "Of a range the lower end counts."
        )
    elif any(item.lacking for item in sums):
        note = _("Not counted: what is unknown or undisclosed.")
    return {"lines": [describe_sum(item) for item in sums], "note": note}


def describe_sum(item: Sum) -> str:
    """Return a line with the sum (if summing makes sense), the median, the number of values, and of estimates."""

    def write(number: float) -> str:
        rounded, language = round_to_figures(number), get_language()
        return to_dollars(rounded).format(language) if item.name in MONEY_FACETS else format_number(rounded, language)

    values = {
        "label": item.label,
        "number": item.number,
        "all": item.number + item.lacking,
        "median": "" if item.median is None else write(item.median),
        "estimated": ngettext(" (%(n)d estimated)", " (%(n)d estimated)", item.estimated) % {"n": item.estimated}
        if item.estimated
        else "",
    }
    if item.total is None:
        return _("%(label)s: median %(median)s over %(number)d of %(all)d%(estimated)s") % values
    values["total"] = write(item.total)
    return _("%(label)s: %(total)s over %(number)d of %(all)d%(estimated)s, median %(median)s") % values


def round_to_figures(number: float, figures: int = 3) -> Decimal:
    """Return a number rounded to significant figures, for sums and medians."""
    return Decimal(f"{number:.{figures}g}")
