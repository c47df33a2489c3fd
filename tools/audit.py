"""Look for known vulnerabilities and for licences that the project can't use, in what the site installs to run.

Vulnerabilities come from the Python Packaging Advisory Database by way of pip-audit, which asks PyPI; licences from the
metadata of the installed packages. What could not be looked at is named and is not an error, so that this also runs
without a network: read the output. Exit with 1 if something was found.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.txt"
# SPDX identifiers and, where a package has none, names of PyPI's classifiers. All may be combined with a site under
# BSD-3-Clause; LGPL and MPL because the packages are installed unchanged.
ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "LGPL-3.0-only", "MIT"),
    *("LGPL-2.1-or-later", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib"),
    *("Apache Software License", "BSD License", "ISC License (ISCL)", "MIT License"),
    *("Mozilla Public License 2.0 (MPL 2.0)", "Python Software Foundation License"),
}
# Packages whose metadata is too vague to decide by, with what their licence files say.
READ = {"qrcode": "BSD-3-Clause AND MIT"}


def list_locked(text: str) -> dict[str, str]:
    """Return the packages that a lock file names, with their versions."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


def is_allowed(licence: str) -> bool:
    """Return whether one of the alternatives of a licence allows its use, with all its parts.

    Alternatives are joined by "OR", parts by "AND" or, in metadata of classifiers, by ";". Nested expressions are
    refused, because no package has one.
    """
    return any(
        all(part in ALLOWED for part in re.split(r" AND |; ", alternative)) for alternative in licence.split(" OR ")
    )


def run_tool(*arguments: str) -> str:
    """Return what a program of this environment prints, or an empty text if it fails before it prints anything."""
    program = Path(sys.executable).with_name(arguments[0])
    return subprocess.run([program, *arguments[1:]], capture_output=True, text=True).stdout


def audit_vulnerabilities(answer: str, locked: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return what pip-audit's answer says is vulnerable, one sentence each, and the packages it could not look up."""
    packages = json.loads(answer or '{"dependencies": []}')["dependencies"]
    looked_up = {package["name"]: package["vulns"] for package in packages if "vulns" in package}
    found = [
        f"{name} {locked[name]}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for name, flaws in looked_up.items()
        for flaw in flaws
    ]
    return found, sorted(locked.keys() - looked_up.keys())


def audit_licences(answer: str, locked: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return what pip-licenses' answer says may not be used, one sentence each, and packages not installed here."""
    # Lock files spell names as PyPI normalizes them.
    installed = {re.sub(r"[-_.]+", "-", it["Name"]).lower(): it["License"] for it in json.loads(answer or "[]")}
    licences = {name: READ.get(name, installed[name]) for name in locked if name in installed}
    found = [f"{name} {locked[name]}: {licence}" for name, licence in licences.items() if not is_allowed(licence)]
    return found, sorted(locked.keys() - licences.keys())


def main() -> int:
    locked = list_locked(LOCK.read_text())
    vulnerable, unknown = audit_vulnerabilities(
        run_tool("pip-audit", "--disable-pip", "--require-hashes", "-r", str(LOCK), "-f", "json"), locked
    )
    refused, missing = audit_licences(run_tool("pip-licenses", "--from=mixed", "--format=json"), locked)
    print(f"{len(locked)} packages that the site installs to run.")
    for what, found, unseen, reason in (
        ("Known vulnerabilities", vulnerable, unknown, "PyPI did not answer for them"),
        ("Licences to decide about", refused, missing, "they are not installed on this platform"),
    ):
        print(f"{what}: {len(found)}", *found, sep="\n  ")
        if unseen:
            print(f"  NOT LOOKED AT: {len(unseen)} of {len(locked)} packages, because {reason}: {', '.join(unseen)}")
    return bool(vulnerable or refused)


if __name__ == "__main__":
    sys.exit(main())
