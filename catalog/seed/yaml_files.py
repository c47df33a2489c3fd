"""Reading YAML files in a way that every value knows its line, and every fault is a clear sentence.

Values are composed, not constructed. A node of ruamel.yaml has a line number, which a plain text, number or date in a
constructed tree lacks. This also rules out that aliases or tags make anything but texts, numbers and booleans.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.reader import ReaderError

MOST_SHOWN = 20
MOST_LEVELS = 20
_TAG = "tag:yaml.org,2002:"
# Characters that no text may contain: control characters, and lone surrogates, which databases can't store.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Fault:
    """A fault in a file: where it is, and why it is refused."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return _("%(file)s, line %(line)s: %(reason)s") % {
            "file": name_file(self.file),
            "line": self.line,
            "reason": self.reason,
        }


class FaultyFiles(Exception):
    """The files were refused; nothing was changed."""

    def __init__(self, faults: Iterable[Fault]):
        self.faults = sorted(set(faults), key=lambda fault: (str(fault.file), fault.line, fault.reason))
        super().__init__(self.faults)

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults[:MOST_SHOWN]]
        if len(self.faults) > MOST_SHOWN:
            lines.append(_("… and %(count)s more.") % {"count": len(self.faults) - MOST_SHOWN})
        return "\n".join(lines)


@dataclass(frozen=True)
class Node:
    """A value in a file: a mapping of nodes, a list of nodes, a text, a number, a boolean or None.

    `text` is a plain value as it is written in the file. A value in a mapping has the line of its key.
    """

    value: Any
    file: Path
    line: int
    text: str = ""

    def fault(self, reason: str) -> Fault:
        """Return a fault at this place."""
        return Fault(file=self.file, line=self.line, reason=reason)

    def plain(self) -> Any:
        """Return the value without line numbers."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
        return self.value


def name_file(path: Path) -> str:
    """Return a path for display: relative to the project's folder if the file is in it."""
    return str(path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path)


def digest_files(paths: Iterable[Path], *, extra: str = "") -> str:
    """Return a digest of the names and contents of files, and of `extra`."""
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"\0{name_file(path)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def read_yaml(*, path: Path, faults: list[Fault]) -> Node | None:
    """Return the content of a file, or None after noting its faults."""
    text = _read_text(path=path, faults=faults)
    if text is None:
        return None
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = _("This is not YAML: %(problem)s.") % {"problem": error.problem or error.context}
        return faults.append(Fault(file=path, line=mark.line + 1 if mark else 1, reason=reason))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return faults.append(Fault(file=path, line=line, reason=_("It contains a character that YAML does not allow.")))
    except RecursionError:
        return faults.append(Fault(file=path, line=1, reason=_("It is nested too deeply.")))
    except Exception as error:
        # The parser raises other errors too if the text is odd enough.
        return faults.append(Fault(file=path, line=1, reason=_("This is not YAML: %(problem)s.") % {"problem": error}))
    if root is None:
        return faults.append(Fault(file=path, line=1, reason=_("The file is empty.")))
    found = len(faults)
    node = _Converter(file=path, faults=faults).convert(node=root, line=root.start_mark.line + 1)
    return node if len(faults) == found else None


def _read_text(*, path: Path, faults: list[Fault]) -> str | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        return faults.append(Fault(file=path, line=1, reason=_("It can't be read: %(why)s.") % {"why": error.strerror}))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return faults.append(Fault(file=path, line=line, reason=_("It is not UTF-8. Save it in that encoding.")))
    if not text.strip():
        return faults.append(Fault(file=path, line=1, reason=_("The file is empty.")))
    tabs = [number for number, line in enumerate(text.split("\n"), start=1) if "\t" in line]
    faults += [Fault(file=path, line=number, reason=_("It contains a tab. Use spaces.")) for number in tabs]
    return None if tabs else text


class _Converter:
    """Converts the nodes of ruamel.yaml to ours."""

    def __init__(self, *, file: Path, faults: list[Fault]):
        self.file, self.faults = file, faults
        self.seen: set[int] = set()

    def refuse(self, *, line: int, reason: str) -> Node:
        self.faults.append(Fault(file=self.file, line=line, reason=reason))
        return Node(value=None, file=self.file, line=line)

    def convert(self, *, node, line: int, level: int = 0) -> Node:
        """Return the node with everything below it."""
        if id(node) in self.seen:
            return self.refuse(line=line, reason=_("Aliases (*name) are not used here. Write the value out."))
        self.seen.add(id(node))
        if level > MOST_LEVELS:
            return self.refuse(line=line, reason=_("It is nested too deeply."))
        if isinstance(node, ScalarNode):
            return self.convert_scalar(node=node, line=line)
        if str(node.tag) not in (f"{_TAG}map", f"{_TAG}seq"):
            return self.refuse(line=line, reason=_("Tags (!name) are not used here. Leave it out."))
        if isinstance(node, MappingNode):
            value = self.convert_mapping(node=node, level=level)
        else:
            value = [self.convert(node=item, line=item.start_mark.line + 1, level=level + 1) for item in node.value]
        return Node(value=value, file=self.file, line=line)

    def convert_mapping(self, *, node, level: int) -> dict[str, Node]:
        value: dict[str, Node] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            # Take keys as they are written: 2022 and true are keys like any other.
            if not isinstance(key, ScalarNode) or _UNWANTED.search(key.value):
                self.refuse(line=line, reason=_("A key is a plain word."))
            elif key.value in value:
                self.refuse(line=line, reason=_("“%(key)s” is given twice here.") % {"key": key.value})
            else:
                value[key.value] = self.convert(node=item, line=line, level=level + 1)
        return value

    def convert_scalar(self, *, node: ScalarNode, line: int) -> Node:
        text, kind = node.value, str(node.tag).removeprefix(_TAG)
        if _UNWANTED.search(text):
            return self.refuse(line=line, reason=_("A text contains a control character. Remove it."))
        try:
            match kind:
                case "str" | "timestamp":
                    # Dates stay texts: our date fields accept more forms than YAML does.
                    value: Any = text.strip()
                case "null":
                    value = None
                case "bool":
                    value = text.lower() in ("true", "yes", "on")
                case "int":
                    value = int(text.replace("_", ""), 0 if re.match("[-+]?0[xob]", text) else 10)
                case "float":
                    value = float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
                case _:
                    return self.refuse(line=line, reason=_("Tags (!name) are not used here. Leave it out."))
        except ValueError:
            return self.refuse(line=line, reason=_("“%(text)s” is not a number.") % {"text": text[:60]})
        return Node(value=value, file=self.file, line=line, text=text)
