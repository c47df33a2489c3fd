import json

import pytest

from tools import audit

LOCKED = {"django": "5.2.1", "qrcode": "8.2"}


def test_the_lock_names_what_is_audited():
    text = "# note==1\ndjango==5.2.1 \\\n    --hash=sha256:00\ntzdata==2026.6 ; sys_platform == 'win32' \\\n"
    assert audit.list_locked(text) == {"django": "5.2.1", "tzdata": "2026.6"}
    assert "django" in audit.list_locked(audit.LOCK.read_text())


def test_a_vulnerable_package_is_found_and_one_not_looked_up_is_named():
    flaw = {"id": "PYSEC-2026-1", "fix_versions": ["5.2.2"]}
    answer = {
        "dependencies": [{"name": "django", "version": "5.2.1", "vulns": [flaw]}, {"name": "qrcode", "skip_reason": ""}]
    }
    found, unseen = audit.audit_vulnerabilities(json.dumps(answer), LOCKED)
    assert found == ["django 5.2.1: PYSEC-2026-1, mended in 5.2.2"]
    assert unseen == ["qrcode"]


def test_without_an_answer_nothing_counts_as_looked_at():
    assert audit.audit_vulnerabilities("", LOCKED) == ([], ["django", "qrcode"])
    assert audit.audit_licences("", LOCKED) == ([], ["django", "qrcode"])


def test_a_licence_that_is_not_known_is_found():
    answer = [{"Name": "Django", "License": "AGPL-3.0-only", "Version": "5.2.1"}]
    assert audit.audit_licences(json.dumps(answer), LOCKED) == (["django 5.2.1: AGPL-3.0-only"], ["qrcode"])


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", True),
        ("BSD License; Apache Software License", True),
        ("MIT AND GPL-3.0-only", False),
        ("BSD License; Other/Proprietary License", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_alternatives_need_one_allowed_licence_and_parts_need_all(licence, allowed):
    assert audit.is_allowed(licence) is allowed
