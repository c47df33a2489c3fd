"""What a page says and what a robots.txt allows, read in a process of its own with limits of time and memory.

Servers choose what they send, and a page of a few megabytes can make a parser take gigabytes, or never end. So this
file is also a program: `read_text()` and `read_rules()` run it, and it reads one thing and ends.
"""

import contextlib
import json
import logging
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Limits of one reading: seconds on the processor, seconds in all, and bytes of memory.
PROCESSOR_SECONDS = 10
SECONDS = 30
MEMORY = 512 * 2**20
# Near the limit of memory, lxml may leave out parts of a page without an error.
ENOUGH = 0.8
# A page of five megabytes may be three times as long in UTF-8.
MAX_TEXT_BYTES = 15_000_000
# Arguments of Python: this file. Without `-P`, Python would import the modules beside it as if they were its own.
PROGRAM = ("-P", __file__)
# How the process ends if it would need too much.
TOO_MUCH = 75


class Unreadable(Exception):
    """Reading takes more time or memory than it may."""


@dataclass(frozen=True)
class Rules:
    """What a robots.txt says: whether one address may be read, and the seconds to wait between two requests."""

    is_allowed: bool
    delay: float


def read_text(body: bytes, *, is_html: bool, charset: str | None) -> str:
    """Return the text of a page: of HTML, its article. Raises Unreadable."""
    return run({"job": "text", "is_html": is_html, "charset": charset}, body).decode()


def read_rules(robots_txt: bytes, *, robot: str, address: str) -> Rules:
    """Return what a robots.txt says to a robot about an address. Raises Unreadable."""
    return Rules(**json.loads(run({"job": "rules", "robot": robot, "address": address}, robots_txt)))


def run(job: dict[str, object], body: bytes) -> bytes:
    """Return what the process answers. Raises Unreadable, or RuntimeError if it crashes."""
    command = [sys.executable, *PROGRAM, str(PROCESSOR_SECONDS), str(MEMORY), str(MAX_TEXT_BYTES)]
    try:
        ended = subprocess.run(
            command, input=json.dumps(job).encode() + b"\n" + body, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable from error
    # A negative code is the signal that ended it, such as the one for too much time on the processor.
    if ended.returncode == TOO_MUCH or ended.returncode < 0:
        raise Unreadable
    if ended.returncode:
        raise RuntimeError(f"It could not be read: {ended.stderr.decode(errors='replace').strip()[-2000:]}")
    return ended.stdout


# In the process ----------------------------------------------------------------------------------------------


def main() -> int:
    """Do the job that the input names, within limits, and return how the process ends."""
    # Windows doesn't have it, but must be able to import this file.
    import resource

    seconds, memory, longest = map(int, sys.argv[1:])
    for limit, least, most in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_AS, memory, memory),
    ):
        # macOS has no limit of memory, and an operator may have set a lower one.
        with contextlib.suppress(ValueError):
            resource.setrlimit(limit, (least, most))
    # Warnings about a page would take memory of the process that waits.
    logging.disable()
    try:
        job = json.loads(sys.stdin.buffer.readline())
        body = sys.stdin.buffer.read()
        found = extract_text(body, **job) if job.pop("job") == "text" else find_rules(body, **job)
    except MemoryError:
        return TOO_MUCH
    except Exception:
        if measure_memory() > ENOUGH * memory:
            return TOO_MUCH
        raise
    if measure_memory() > ENOUGH * memory or len(found) > longest:
        return TOO_MUCH
    sys.stdout.buffer.write(found)
    return 0


def measure_memory() -> int:
    """Return the most bytes of memory that this process had at a time; 0 where the system doesn't say."""
    status = Path("/proc/self/status")
    peak = re.search(r"VmPeak:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(peak[1]) * 1024 if peak else 0


def extract_text(body: bytes, *, is_html: bool, charset: str | None) -> bytes:
    text = decode(body, charset)
    if is_html:
        import trafilatura

        # If no article can be found in the page, take all of its text.
        text = trafilatura.extract(text, include_comments=False) or trafilatura.html2txt(text)
    # Databases can't store lone surrogates and NUL.
    return text.encode(errors="replace").replace(b"\0", b"")


def decode(body: bytes, charset: str | None) -> str:
    """Return bytes as text: as UTF-8 if they are valid UTF-8, else by the charset of the header or the page."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        said = re.search(rb"charset=[\"']?([\w-]+)", body[:2048], re.IGNORECASE)
    charset = (charset or (said[1].decode() if said else "utf-8")).lower()
    try:
        # Pages that declare GB2312 often use characters of its successor GB18030.
        return body.decode("gb18030" if charset in ("gb2312", "gbk") else charset, errors="replace")
    except (LookupError, ValueError):
        return body.decode(errors="replace")


def find_rules(robots_txt: bytes, *, robot: str, address: str) -> bytes:
    from protego import Protego

    rules = Protego.parse(robots_txt.decode(errors="replace"))
    is_allowed, delay = rules.can_fetch(address, robot), rules.crawl_delay(robot) or 0
    return json.dumps({"is_allowed": is_allowed, "delay": delay}).encode()


if __name__ == "__main__":
    sys.exit(main())
