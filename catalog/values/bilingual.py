"""Texts in English and Chinese, shown in the reader's language if possible, else in the other."""

from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString

from .inline import render_inline
from .text import is_chinese

ENGLISH, CHINESE = "en", "zh-hans"


class _Shown(str):
    """The result of `str()` of a BilingualText. Django's templates call `str()` before they ask for HTML."""

    __slots__ = ("language",)
    language: str

    def __html__(self) -> str:
        # A plain str: HTML made from `self` would call this method again.
        text = str.__str__(self)
        return mark_language(text, self.language) if self.language else escape(text)

    def __str__(self) -> "_Shown":
        return self


# Cached, because the same names are on every page.
@lru_cache(maxsize=10_000)
def mark_language(text: str, language: str) -> SafeString:
    """Return a text as HTML with its language marked, because it is not the reader's."""
    return render_inline("components/foreign_text.html", text=text, language=language)


@dataclass(frozen=True)
class BilingualText:
    """A text in English and Chinese; either may be empty. The active language decides which is shown.

    In a template it escapes itself, and marks its language if that is not the reader's.
    """

    en: str = ""
    zh: str = ""

    @property
    def language(self) -> str:
        """The language of the text that is shown: "en" or "zh-hans"; the reader's language if both texts are empty."""
        wanted, other = self._languages
        return other if self._in(other) and not self._in(wanted) else wanted

    @property
    def text(self) -> str:
        """The text in the reader's language, else in the other, else ""."""
        wanted, other = self._languages
        return self._in(wanted) or self._in(other)

    @property
    def _languages(self) -> tuple[str, str]:
        """The reader's language and the other one."""
        return (CHINESE, ENGLISH) if is_chinese() else (ENGLISH, CHINESE)

    def _in(self, language: str) -> str:
        text = (self.en if language == ENGLISH else self.zh) or ""
        return text if text.strip() else ""

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> _Shown:
        wanted, other = self._languages
        text = self._in(wanted)
        shown = _Shown(text or self._in(other))
        shown.language = "" if text or not shown else other
        return shown

    def __html__(self) -> str:
        return self.__str__().__html__()
