"""Mark what differs between two texts, up to a length: the time that it takes grows with the cube of the length."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from wagtail.admin import compare
from wagtail.admin.compare import StreamFieldComparison, TextDiff, diff_text, register_comparison_class
from wagtail.fields import StreamField
from wagtail.utils.text import text_from_html

# Characters of the old and the new text together: of the parts that differ in one text, and of a whole version.
LONGEST_TEXT = 20_000
LONGEST_VERSION = 200_000


def mark_texts(old: str | None, new: str | None) -> TextDiff:
    """Return two texts in one, with deletions and additions marked; long parts that differ one behind the other."""
    old, new = old or "", new or ""
    if len(old) + len(new) <= LONGEST_TEXT:
        return diff_text(old, new)
    start = count_common(old, new)
    end = count_common(old[start:][::-1], new[start:][::-1])
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    marked = diff_text(before, after) if len(before) + len(after) <= LONGEST_TEXT else show_whole(before, after)
    return TextDiff([("equal", old[:start]), *marked.changes, ("equal", old[len(old) - end :])])


def count_common(old: str, new: str) -> int:
    """Return how many characters two texts have in common at their beginning, without a last part of a word."""
    differing = (place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    count = next(differing, min(len(old), len(new)))
    while count and old[count - 1].isalnum():
        count -= 1
    return count


def show_whole(old: str, new: str) -> TextDiff:
    """Return the old text and the new one behind it, with words that say why."""
    words = _("[Too long to compare word by word: first the old text, then the new one.]")
    return TextDiff([("equal", f"{words} "), ("deletion", old), ("addition", new)])


class BodyComparison(StreamFieldComparison):
    """Compares the bodies of two versions of an article block by block, unless they are very long."""

    def htmldiff(self) -> SafeString:
        old, new = (text_from_html(body.render_as_block()) for body in (self.val_a, self.val_b))
        if len(old) + len(new) > LONGEST_VERSION:
            return show_whole(old, new).to_html()
        return super().htmldiff()


def limit_wagtail() -> None:
    """Have Wagtail's own screens compare texts in this way too."""
    compare.diff_text = mark_texts
    register_comparison_class(StreamField, comparison_class=BodyComparison)
