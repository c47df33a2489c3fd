"""The error message for a full disk or a folder without write permission."""

from pathlib import Path


def describe_unusable(path: str | Path, reason: str | None) -> str:
    """Return a sentence with the file or folder, the system's reason, and what to do."""
    return (
        f"Cannot read or write {path} ({reason}): make room on that disk, or give this account the right to write "
        "there, then start again."
    )
