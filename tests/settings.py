"""The site's settings for tests: fixed, so that neither the shell nor a `.env` file changes a result.

`TEST_DATABASE_URL`, which `tools/run_tests.py` sets, names a database other than SQLite. Each process keeps its files
in a temporary folder of its own, so that parallel runs don't share any.
"""

import os
import tempfile
from pathlib import Path

_folder = tempfile.TemporaryDirectory(prefix="aigc-tests-")
os.environ.update(
    SECRET_KEY="only-for-tests-" * 5,
    DEMO="false",
    DEBUG="false",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    SITE_URL="http://testserver",
    CSRF_TRUSTED_ORIGINS="",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_folder.name}/site.sqlite3",
    MEDIA_ROOT=f"{_folder.name}/media",
    DEFAULT_FROM_EMAIL="site@example.org",
    EMAIL_HOST="",
    SINGLE_EDITOR="false",
    # Tests sign in without a form; those of the second factor switch it on.
    REQUIRE_SECOND_FACTOR="false",
)

from aigc_site.settings import *  # noqa: E402, F403
from aigc_site.settings import DATABASES, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in production: an in-memory database shared by threads locks differently.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder.name}/test.sqlite3"}
    # The data is not needed after the run, so that it need not be synced to disk.
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
# Static files are found without collecting them, and only on request: else each test client would list them all.

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = Path(_folder.name)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
