"""What all value types share: the reader's language, tidying of what was typed, and the error they raise."""

import re
import unicodedata
from typing import Literal

from django.core.exceptions import ValidationError
from django.utils.translation import get_language

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_LOOKALIKES = str.maketrans({"−": "-", "‐": "-", "萬": "万", "億": "亿"})


class NotUnderstood(ValueError):
    """A value was refused. `message` says what is wrong and what is accepted, for people to read."""

    @property
    def message(self):
        return self.args[0]

    def as_validation_error(self) -> ValidationError:
        return ValidationError(self.message, code="invalid")


def language_key(language: str | None = None) -> Literal["en", "zh"]:
    """The key of a language (by default the active one) in documents and columns: "zh" of Chinese, "en" of the rest."""
    return "zh" if is_chinese(language) else "en"


def is_chinese(language: str | None = None) -> bool:
    """Whether `language` (by default the active one) is Chinese; every other language is shown English."""
    return (language or get_language() or "").lower().startswith("zh")


def tidy(text: str, longest: int) -> str | None:
    """`text` in half-width characters and single spaces, or None where it has more than `longest` characters.

    Superscripts become `^` and digits, since Unicode's own normalisation would turn 10²³ into 1023.
    """
    if len(text) > longest:
        return None
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^" + run.group().translate(_SUPERSCRIPTS), text)
    return " ".join(unicodedata.normalize("NFKC", text).translate(_LOOKALIKES).split())
