"""Collect the strings to translate, compile the translations, and check that they are complete, without gettext.

`update` updates locale/zh_Hans/LC_MESSAGES/django.po from code and templates, and compiles it.
locale/en/LC_MESSAGES/django.po is written by hand: it replaces some of Wagtail's words in English. Its strings are
collected too, so that Chinese has them as well.
`check` changes nothing. It fails on a string that is missing, untranslated, fuzzy or no longer used, on a placeholder
that the original does not have, and on a compiled catalog that is out of date.
"""

import io
import re
import sys
from pathlib import Path

import polib
from babel.messages.extract import extract_python
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
REPLACED = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
CODE = ["aigc_site", "catalog", "editorial"]
# Functions by their arguments: a singular; singular and plural; a context first.
SINGULAR = ["_", "gettext", "gettext_lazy", "gettext_noop"]
PLURAL = ["ngettext", "ngettext_lazy"]
CONTEXT = ["pgettext", "pgettext_lazy"]
CONTEXT_PLURAL = ["npgettext", "npgettext_lazy"]
KEYWORDS = dict.fromkeys([*SINGULAR, *PLURAL, *CONTEXT, *CONTEXT_PLURAL])
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
METADATA = {
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def sources():
    """Yield each file that may have strings, with its text as Python that calls gettext."""
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, path.read_text()
    for folder in [*CODE, "templates"]:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".html", ".txt", ".svg", ".xml"}:
                # `templatize` keeps the indentation of templates, which would be a syntax error in Python.
                yield path, re.sub(r"(?m)^[ \t]+", "", templatize(path.read_text(), origin=path))


def extract():
    """Return every string to translate: {(context, singular): (plural, files that use it)}."""
    where = REPLACED.relative_to(ROOT).as_posix()
    found = {(entry.msgctxt, entry.msgid): (entry.msgid_plural, {where}) for entry in polib.pofile(str(REPLACED))}
    for path, text in sources():
        for _line, function, arguments, _comments in extract_python(
            io.BytesIO(text.encode()), KEYWORDS, (), {"encoding": "utf-8"}
        ):
            arguments = list(arguments) if isinstance(arguments, tuple) else [arguments]
            context = arguments.pop(0) if function in CONTEXT + CONTEXT_PLURAL else None
            plural = arguments[1] if function in PLURAL + CONTEXT_PLURAL and len(arguments) > 1 else ""
            if arguments and arguments[0]:
                old_plural, files = found.setdefault((context, arguments[0]), (plural, set()))
                files.add(path.relative_to(ROOT).as_posix())
                found[context, arguments[0]] = (old_plural or plural, files)
    return found


def update(found):
    known = polib.pofile(str(CATALOG)) if CATALOG.exists() else []
    known = {(entry.msgctxt, entry.msgid): entry for entry in known}
    catalog = polib.POFile(wrapwidth=110)
    catalog.metadata = METADATA
    for key, (plural, files) in sorted(found.items(), key=lambda item: (min(item[1][1]), item[0][1])):
        # Always a new entry, so that its files and plural are current.

        old = known.get(key, polib.POEntry())
        translation = old.msgstr or old.msgstr_plural.get(0, "")
        catalog.append(
            polib.POEntry(
                msgctxt=key[0],
                msgid=key[1],
                msgid_plural=plural,
                msgstr="" if plural else translation,
                msgstr_plural={0: translation} if plural else {},
                occurrences=[(name, "") for name in sorted(files)],
                tcomment=old.tcomment,
                flags=old.flags,
            )
        )
    CATALOG.parent.mkdir(parents=True, exist_ok=True)
    catalog.save(str(CATALOG))
    for path in (CATALOG, REPLACED):
        path.with_suffix(".mo").write_bytes(polib.pofile(str(path)).to_binary())
    missing = sum(not entry.translated() for entry in catalog)
    print(f"{CATALOG.relative_to(ROOT)}: {len(catalog)} strings, {missing} still to translate or fuzzy.")


def problems(found):
    if not CATALOG.exists():
        yield f"{CATALOG.relative_to(ROOT)} does not exist; run `make messages`"
        return
    catalog = polib.pofile(str(CATALOG))
    entries = {(entry.msgctxt, entry.msgid): entry for entry in catalog if not entry.obsolete}
    for key, (plural, files) in found.items():
        entry, where = entries.get(key), f"{key[1]!r} ({min(files)})"
        if entry is None or entry.msgid_plural != plural:
            yield f"not collected: {where}; run `make messages`"
        elif entry.fuzzy:
            yield f"fuzzy: {where}"
        elif not entry.translated():
            yield f"not translated: {where}"
        else:
            known = set(PLACEHOLDER.findall(f"{entry.msgid} {entry.msgid_plural}"))
            if strange := set(PLACEHOLDER.findall(entry.msgstr or entry.msgstr_plural.get(0))) - known:
                yield f"placeholder that the original does not have: {', '.join(strange)} in {where}"
    for key in entries.keys() - found.keys():
        yield f"no longer used: {key[1]!r}; run `make messages`"
    for path in (CATALOG, REPLACED):
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.read_bytes() != polib.pofile(str(path)).to_binary():
            yield f"{compiled.relative_to(ROOT)} is not in step; run `make messages`"


def main():
    settings.configure()
    found = extract()
    if sys.argv[1:] == ["update"]:
        update(found)
        return False
    told = list(problems(found))
    print("\n".join(told) if told else f"Translations: all {len(found)} strings are translated.")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
