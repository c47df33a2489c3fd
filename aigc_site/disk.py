"""The sentence for a disk that is full or a folder that may not be written to."""

from pathlib import Path


def describe_unusable(path: str | Path, reason: str | None) -> str:
    """Return a sentence that names the file or folder, the reason that the system gives, and what to do."""
    return (
        f"Cannot read or write {path} ({reason}): make room on that disk, or give this account the right to write "
        "there, then start again."
    )
