"""Check, without a network, that the locked requirements match their sources.

Each lock file begins with a digest of its sources and its own body; `make lock` writes it with `--write`. The digest
no longer matches if a source was changed without locking again, or the lock file by hand.
"""

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = "# sha256 of sources and lock: "
LOCKS = {
    "requirements.txt": ["requirements/base.in"],
    "requirements/test.txt": ["requirements/base.in", "requirements/test.in", "requirements.txt"],
    "requirements/bench.txt": ["requirements/bench.in"],
}


def split(lock):
    """Return the digest at the start of a lock file, and the text below it."""
    text = (ROOT / lock).read_text()
    if not text.startswith(MARK):
        return "", text
    head, _, body = text.partition("\n")
    return head.removeprefix(MARK), body


def digest(lock):
    parts = [split(name)[1] for name in [*LOCKS[lock], lock]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def main():
    failed = False
    for lock in LOCKS:
        written, body = split(lock)
        if "--write" in sys.argv[1:]:
            (ROOT / lock).write_text(f"{MARK}{digest(lock)}\n{body}")
        elif written != digest(lock):
            print(f"{lock} is not in step with {', '.join(LOCKS[lock])}: run `make lock`.")
            failed = True
        if "://" in body:
            print(f"{lock} names an address: packages must come from whatever index pip is set to.")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
