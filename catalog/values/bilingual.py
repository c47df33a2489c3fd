"""Texts in English and Chinese, shown in the reader's language if possible, else in the other."""

from dataclasses import dataclass
from html import escape

from django.utils.html import format_html

from .text import is_chinese

ENGLISH, CHINESE = "en", "zh-hans"


class _Shown(str):
    """The result of `str()` of a BilingualText. Django's templates call `str()` before they ask for HTML."""

    __slots__ = ("html",)

    def __html__(self):
        return self.html

    def __str__(self):
        return self


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
    def is_fallback(self) -> bool:
        """Whether the text shown is not in the reader's language."""
        return self.language != self._languages[0]

    @property
    def _languages(self) -> tuple[str, str]:
        """The reader's language and the other one."""
        return (CHINESE, ENGLISH) if is_chinese() else (ENGLISH, CHINESE)

    def _in(self, language: str) -> str:
        text = (self.en if language == ENGLISH else self.zh) or ""
        return text if text.strip() else ""

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        shown = _Shown(self.text)
        shown.html = self.__html__()
        return shown

    def __html__(self) -> str:
        wanted, other = self._languages
        if text := self._in(wanted):
            return escape(text)
        text = self._in(other)
        return format_html('<span lang="{}">{}</span>', other, text) if text else text
