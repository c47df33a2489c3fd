"""Tags of listings: what is there many times on a page (options, rows, bars) is written here in one go each.

Templates would do the same in three times the time: of a page with 50 rows it was most.
"""

import re
from decimal import Decimal
from html import escape

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalog.listing.columns import cell_values, to_dollars
from catalog.listing.figures import Sum
from catalog.listing.page import ListingPage
from catalog.listing.panel import MONEY, SHOWN_AT_ONCE, Facet, Option, Panel, Range
from catalog.listing.parameters import FIND
from catalog.templatetags.catalog import excerpt
from catalog.values import format_number

register = template.Library()

# So many sections of the panel are unfolded at first.
UNFOLDED = 3
# Of several values in a cell so many are shown.
VALUES_SHOWN = 4


def show(value) -> str:
    """The HTML of a value, escaped unless it brings its own; Django's `conditional_escape` in a third of the time."""
    return value.__html__() if hasattr(value, "__html__") else escape(str(value))


@register.simple_tag
def panel_sections(panel: Panel) -> SafeString:
    """The facets and ranges of the panel, the first few unfolded, and those in which something was chosen or typed."""
    html = []
    for place, section in enumerate(panel.sections):
        label, chosen = show(section.label), section.chosen
        state = " open" if chosen or section.is_in_use or place < UNFOLDED else ""
        body = render_range(section) if section.is_range else render_finder(section) + facet_options(section)
        html.append(
            f'<details class="facet"{state}><summary>{label} '
            f'<span class="chosen" id="chosen-{section.name}">{chosen or ""}</span></summary>'
            f'<fieldset><legend class="visually-hidden">{label}</legend>{body}</fieldset></details>\n'
        )
    return mark_safe("".join(html))


def render_finder(facet: Facet) -> str:
    """The box of a long facet to find an option; without script it has a button of its own."""
    if not facet.is_long:
        return ""
    word, find = show(_("Find an option")), show(_("Find"))
    return (
        f'<div class="find"><input class="find-option" id="find-{facet.name}" type="search" name="{FIND}{facet.name}" '
        f'value="{show(facet.sought)}" aria-label="{word}: {show(facet.label)}" placeholder="{word}" maxlength="100" '
        f'autocomplete="off"><button type="submit" class="uncounted">{find}</button></div>'
    )


def render_range(scale: Range) -> str:
    """The bounds of a range, with bars that show where the results lie, and how their values are known."""
    words = (_("Earliest"), _("Latest")) if scale.is_date else (_("Minimum"), _("Maximum"))
    invalid = ' aria-invalid="true"' if scale.errors else ""
    bounds = "".join(
        f'<p><label for="{scale.name}-{end}">{show(word)}</label><input id="{scale.name}-{end}" '
        f'name="{scale.name}_{end}" value="{show(typed)}" maxlength="100" autocomplete="off" '
        f'aria-describedby="error-{scale.name}"{invalid}></p>'
        for end, word, typed in (("min", words[0], scale.minimum), ("max", words[1], scale.maximum))
    )
    errors = "".join(f"<p>{show(error)}</p>" for error in scale.errors)
    known = scale.known and (
        f'<fieldset class="known"><legend>{show(scale.known.label)}</legend>{facet_options(scale.known)}</fieldset>'
    )
    return (
        f'<div class="bars" id="bars-{scale.name}">{range_bars(scale)}</div><div class="bounds">{bounds}</div>'
        f'<div class="error" id="error-{scale.name}" aria-live="polite">{errors}</div>{known or ""}'
    )


@register.simple_tag
def facet_options(facet: Facet, partial: bool = False) -> SafeString:
    """The options of a facet; in answers to htmx (`partial`) they take the place of their former selves."""
    tree = facet.tree
    first, rest = (tree[:SHOWN_AT_ONCE], tree[SHOWN_AT_ONCE:]) if facet.is_long and not facet.sought else (tree, [])
    html = f"<ul>{render_options(facet, first)}</ul>" if first else ""
    if facet.sought and not tree:
        html = format_html('<p class="note">{}</p>', _("No option has “%(text)s”.") % {"text": facet.sought})
    if rest:
        html += render_rest(facet, rest, shown=len(tree))
    swap = ' hx-swap-oob="true"' if partial else ""
    return mark_safe(f'<div class="options" id="options-{facet.name}"{swap}>{html}</div>')


def render_rest(facet: Facet, rest: list[tuple[Option, list[Option]]], *, shown: int) -> SafeString:
    """The options behind the first few, folded away unless one of them is chosen."""
    word, note = _("Show all %(n)s") % {"n": facet.size}, ""
    if shown < facet.size:
        word = _("Show %(shown)d of %(n)d") % {"shown": shown, "n": facet.size}
        advice = _("Those with the most entries. Find the others by name.")
        note = f'<p class="note">{show(advice)}</p>'
    state = " open" if any(option.chosen for parent, children in rest for option in (parent, *children)) else ""
    return mark_safe(
        f'<details class="rest" id="rest-{facet.name}"{state}>'
        f'<summary>{show(word)}<span class="visually-hidden">: {show(facet.label)}</span></summary>'
        f"<ul>{render_options(facet, rest)}</ul>{note}</details>"
    )


def render_options(facet: Facet, tree: list[tuple[Option, list[Option]]]) -> SafeString:
    """The items of a list of options, with the lists of their children inside."""
    return mark_safe("".join(render_option(facet, option, children) for option, children in tree))


def render_option(facet: Facet, option: Option, children: list[Option] = ()) -> SafeString:
    """One option, with those that it includes folded away unless one of them is chosen or sought."""
    label, inside = show(option.label), ""
    if children:
        state = " open" if facet.sought or any(child.chosen for child in children) else ""
        within = show(_("Within %(name)s") % {"name": option.label})
        inside = (
            f'<details class="children" id="in-{show(option.value)}"{state}>'
            f'<summary><span class="visually-hidden">{within}</span></summary>'
            f"<ul>{''.join(render_option(facet, child) for child in children)}</ul></details>"
        )
    parent = ' class="parent"' if children else ""
    style = ' class="disabled"' if option.disabled else ""
    state = " checked" if option.chosen else " disabled" if option.disabled else ""
    return mark_safe(
        f'<li{parent}><label{style}><input type="checkbox" id="{element_id(option.value, facet.name)}" '
        f'name="{facet.name}" value="{show(option.value)}"{state}>'
        f"<span>{label}</span> <small>{option.count}</small></label>{inside}</li>"
    )


def element_id(value: str, facet: str) -> str:
    """The id of an option's element; values may hold what an id may not."""
    return f"{facet}-{re.sub(r'[^A-Za-z0-9-]', lambda found: f'_{ord(found.group()):x}', value)}"


@register.simple_tag
def range_bars(scale: Range) -> SafeString:
    """The histogram of a range: a picture with a sentence that says what it shows, and its ends below."""
    if not scale.bars:
        return mark_safe("")
    bars = "".join(
        f'<rect class="{"in" if bar.chosen else "out"}" x="{10 * at}" y="{100 - bar.height}" width="9" '
        f'height="{bar.height}"><title>{show(bar.label)}: {bar.count}</title></rect>'
        for at, bar in enumerate(scale.bars)
    )
    return format_html(
        '<svg role="img" aria-label="{}: {}" viewBox="0 0 {} 100" preserveAspectRatio="none">{}</svg>'
        '<p class="ends" aria-hidden="true"><span>{}</span><span>{}</span></p>',
        scale.label,
        scale.summary,
        10 * len(scale.bars) - 1,
        mark_safe(bars),
        *scale.ends,
    )


@register.simple_tag
def result_rows(listing: ListingPage) -> SafeString:
    """The rows of a listing's table."""
    unknown, compare = show(_("Unknown")), show(_("Add to comparison"))
    heads = [
        (
            column.name,
            f'<td role="cell" class="{column.style}"><span class="cell-label">{show(column.label)}</span>',
            f'<td role="cell" class="{column.style} none"><span class="visually-hidden">{unknown}</span></td>',
        )
        for column in listing.columns
    ]
    html, language = [], get_language()
    for row in listing.rows:
        html.append(
            f'<tr role="row"><th role="rowheader" scope="row"><a href="{show(row.url)}">{show(row.name)}</a>'
            f'<span class="excerpt">{show(excerpt(row.summary))}</span></th>'
        )
        for name, head, nothing in heads:
            values = cell_values(name, row, language)
            html.append(f"{head}{render_values(values)}</td>" if values else nothing)
        slug, name = show(row.entry.slug), show(row.name.text)
        html.append(
            f'<td role="cell" class="pick"><label><input type="checkbox" name="slug" value="{slug}" form="compare" '
            f'aria-label="{compare}: {name}"><span>{compare}</span></label></td></tr>\n'
        )
    return mark_safe("".join(html))


def render_values(values: list) -> SafeString:
    """The values of a cell: one as it is, several as a list that reads as a sentence."""
    if len(values) == 1:
        return show(values[0])
    shown = [*values[:VALUES_SHOWN], "…"] if len(values) > VALUES_SHOWN else values
    return mark_safe(f'<ul class="values">{"".join(f"<li>{show(value)}</li>" for value in shown)}</ul>')


@register.simple_tag
def heading(listing: ListingPage, name: str, label, style: str = "") -> SafeString:
    """The heading of a column: a link that sorts by it, or turns the order round."""
    direction, query = listing.sort_by(name)
    return format_html(
        '<th role="columnheader" scope="col"{}{}>{}</th>',
        format_html(' class="{}"', style) if style else "",
        format_html(' aria-sort="{}"', direction) if direction else "",
        format_html('<a href="?{}">{}</a>', query, label),
    )


@register.simple_tag
def selection_sums(listing: ListingPage) -> dict:
    """What the numbers of the results add up to, with their medians (`lines`), and what is not counted (`note`).

    A single result needs none.
    """
    sums = [item for item in listing.filterset.sums if item.number] if listing.total > 1 else []
    note = ""
    if any(item.name in MONEY for item in sums):
        # Always: rounds may lack in the sum of an organization that has one.
        note = _(
            "Not counted: what is unknown or undisclosed, and amounts without a dated rate to US dollars. "
            "Of a range the lower end counts."
        )
    elif any(item.lacking for item in sums):
        note = _("Not counted: what is unknown or undisclosed.")
    return {"lines": [describe_sum(item) for item in sums], "note": note}


def describe_sum(item: Sum) -> str:
    """One sentence: the sum where it may be made, the median, over how many, and how many of these are estimates."""

    def write(number: float) -> str:
        number, language = round_to_figures(number), get_language()
        return to_dollars(number).format(language) if item.name in MONEY else format_number(number, language)

    values = {
        "label": item.label,
        "number": item.number,
        "all": item.number + item.lacking,
        "median": write(item.median),
        "estimated": ngettext(" (%(n)d estimated)", " (%(n)d estimated)", item.estimated) % {"n": item.estimated}
        if item.estimated
        else "",
    }
    if item.total is None:
        return _("%(label)s: median %(median)s over %(number)d of %(all)d%(estimated)s") % values
    values["total"] = write(item.total)
    return _("%(label)s: %(total)s over %(number)d of %(all)d%(estimated)s, median %(median)s") % values


def round_to_figures(number: float, figures: int = 3) -> Decimal:
    """A number rounded to its first figures, as sums and medians are said."""
    return Decimal(f"{number:.{figures}g}")
