"""Texts that exist in English and Chinese, shown in the reader's language, else in the other."""

from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.db import models
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .inline import render_inline
from .text import is_chinese

ENGLISH, CHINESE = "en", "zh-hans"


class _Shown(str):
    """What `str()` of a BilingualText gives; Django's templates take `str()` before they ask for HTML."""

    __slots__ = ("language",)

    def __html__(self) -> str:
        # No longer `self`, whose HTML this is.
        text = str.__str__(self)
        return mark_language(text, self.language) if self.language else escape(text)

    def __str__(self):
        return self


# The same names come on every page.
@lru_cache(maxsize=10_000)
def mark_language(text: str, language: str) -> SafeString:
    """The HTML of a text that is not in the reader's language."""
    return render_inline("components/foreign_text.html", text=text, language=language)


@dataclass(frozen=True)
class BilingualText:
    """A text in English and Chinese; either may be empty. The active language decides which is shown.

    In a template it escapes itself, and marks its language where it is not the reader's.
    """

    en: str = ""
    zh: str = ""

    @property
    def language(self) -> str:
        """The language of the text that is shown: "en" or "zh-hans"; the reader's where both are empty."""
        wanted, other = self._languages
        return other if self._in(other) and not self._in(wanted) else wanted

    @property
    def text(self) -> str:
        """In the reader's language, else in the other, else empty."""
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
        wanted, other = self._languages
        text = self._in(wanted)
        shown = _Shown(text or self._in(other))
        shown.language = "" if text or not shown else other
        return shown

    def __html__(self) -> str:
        return str(self).__html__()


class BilingualField:
    """Gives a model two columns, `<name>_en` and `<name>_zh`, and `<name>` to read both as a BilingualText.

    `BilingualField(models.TextField, verbose_name=_("Summary"), blank=True)`: the keyword arguments go to
    both columns. Works on abstract models; migrations see the two columns only. Write to the columns.
    """

    def __init__(self, field_class: type[models.Field], verbose_name=None, **kwargs):
        self.verbose_name = verbose_name
        # Made here, so that they come where the declaration stands among the model's fields.
        self.fields = {language: field_class(**kwargs) for language in ("en", "zh")}

    def contribute_to_class(self, cls, name: str):
        self.name = name
        label = self.verbose_name or name.replace("_", " ")
        labels = {"en": _("{field} (English)"), "zh": _("{field} (Chinese)")}
        for language, field in self.fields.items():
            # Migrations read the second one.
            field.verbose_name = field._verbose_name = format_lazy(labels[language], field=label)
            cls.add_to_class(f"{name}_{language}", field)
        setattr(cls, name, self)

    @property
    def columns(self) -> tuple[str, str]:
        """The names of the two columns."""
        return f"{self.name}_en", f"{self.name}_zh"

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return BilingualText(*(getattr(instance, column) for column in self.columns))

    def __set__(self, instance, value):
        raise AttributeError(f"Set {' and '.join(self.columns)} instead of {self.name}.")
