"""What all value types share: the reader's language, tidying of typed text, and the error that they raise."""

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from django.core.exceptions import ValidationError
from django.utils.translation import get_language

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_LOOKALIKES = str.maketrans({"−": "-", "‐": "-", "萬": "万", "億": "亿"})


class NotUnderstood(ValueError):
    """A value could not be read. `message` tells people what is wrong and what is accepted."""

    @property
    def message(self) -> "StrOrPromise":
        message: StrOrPromise = self.args[0]
        return message

    def as_validation_error(self) -> ValidationError:
        return ValidationError(self.message, code="invalid")


def language_key(language: str | None = None) -> Literal["en", "zh"]:
    """Return "zh" if a language (default: the active one) is Chinese, else "en": the key in documents and columns."""
    return "zh" if is_chinese(language) else "en"


def is_chinese(language: str | None = None) -> bool:
    """Return whether `language` (default: the active one) is Chinese. Readers of all other languages see English."""
    return (language or get_language() or "").lower().startswith("zh")


def tidy(text: str, longest: int) -> str | None:
    """Return `text` with half-width characters and single spaces, or None if it exceeds `longest` characters.

    Superscripts become `^` and digits, because Unicode normalisation would turn 10²³ into 1023.
    """
    if len(text) > longest:
        return None
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^" + run.group().translate(_SUPERSCRIPTS), text)
    return " ".join(unicodedata.normalize("NFKC", text).translate(_LOOKALIKES).split())
