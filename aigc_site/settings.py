"""Settings of the site: one module, configured by environment variables (`.env` is read if present).

`docs/operators.md` lists the variables. A wrong or missing value stops the start with a sentence that names the
variable and the reason.
"""

import os
import secrets
import zoneinfo
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env, validate
from jinja2 import StrictUndefined

from aigc_site.disk import describe_unusable

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Env(eager=False)
# The demo makes accounts with a known password, so that it must not get a real database's address from this file.
if (BASE_DIR / ".env").exists() and not Env().bool("DEMO", False):
    env.read_env(str(BASE_DIR / ".env"))


def read_or_make_secret_key() -> str:
    """Return the demo's own secret key, made at the first start and kept in `var/` for later ones.

    Exit with a sentence if the key can't be read or written.
    """
    import fcntl  # Windows doesn't have it, but must be able to read the settings.

    path = VAR_DIR / "secret-key"
    try:
        VAR_DIR.mkdir(exist_ok=True)
        with open(path, "a+", opener=partial(os.open, mode=0o600)) as file:
            # Two first starts at once must get the same key.
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            key = file.read().strip()
            if not key:
                key = secrets.token_urlsafe(50)
                file.write(key)
        return key
    except OSError as error:
        raise SystemExit(describe_unusable(path, error.strerror)) from None


# --- Environment variables ------------------------------------------------------------------------
DEMO = env.bool("DEMO", False)
DEBUG = env.bool("DEBUG", False)
if DEMO:
    SECRET_KEY = env.str("SECRET_KEY", None) or read_or_make_secret_key()
else:
    SECRET_KEY = env.str(
        "SECRET_KEY",
        validate=validate.Length(min=50, error="needs at least 50 random characters: it signs sessions and links"),
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["*"] if DEMO or DEBUG else [])
SITE_URL = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
DATABASE = env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'aigc.sqlite3'}", conn_max_age=0)
MEDIA_ROOT = env.str("MEDIA_ROOT", str(VAR_DIR / "media"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "webmaster@localhost")
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", True)
SECURE = SITE_URL.startswith("https://")
# Browsers that were once told HSTS, its subdomains or preload keep to it for a year and longer, so each is a choice.
HSTS = env.bool("HSTS", True)
HSTS_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", False)
HSTS_PRELOAD = env.bool("HSTS_PRELOAD", False)
# How many proxies stand before the server; each adds the address of its client to X-Forwarded-For.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 1 if SECURE else 0)
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", not DEMO)
# A service that people may sign in by, with OpenID Connect.
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", "")
OIDC_NAME = env.str("OIDC_NAME", "OpenID Connect")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
# A team of one: the only reviewer may approve their own versions, and readers are told.
SINGLE_EDITOR = env.bool("SINGLE_EDITOR", False)

try:
    env.seal()
except Exception as error:
    raise ImproperlyConfigured(f"The environment is not right: {error}") from None
if urlsplit(SITE_URL).scheme not in ("http", "https") or not urlsplit(SITE_URL).netloc:
    raise ImproperlyConfigured(f"SITE_URL must be an address such as https://example.org, not {SITE_URL!r}.")
if HSTS_PRELOAD and not (HSTS and HSTS_SUBDOMAINS):
    raise ImproperlyConfigured(
        "HSTS_PRELOAD needs HSTS and HSTS_SUBDOMAINS: browsers' lists take no site without them."
    )
if OIDC_SERVER_URL and not OIDC_SERVER_URL.startswith("https://"):
    # What it says of a person is believed because it comes over TLS.
    raise ImproperlyConfigured(f"OIDC_SERVER_URL must begin with https://, unlike {OIDC_SERVER_URL!r}.")
if OIDC_SERVER_URL and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    raise ImproperlyConfigured(
        "OIDC_SERVER_URL needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, as that service gave them."
    )
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is not set: name the hosts of this site, such as ALLOWED_HOSTS=example.org."
    )

# --- Applications ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "aigc_site",
    "editorial",
    "catalog",
    "wagtail.sites",
    "editorial.accounts.apps.AccountsConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail.locales",
    "wagtail.contrib.settings",
    "wagtail.contrib.typed_table_block",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "django_countries",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
]
MIDDLEWARE = [
    "editorial.accounts.limits.FloodMiddleware",
    *(["aigc_site.middleware.ServerTimingMiddleware"] if DEMO or DEBUG else []),
    "aigc_site.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "editorial.accounts.sign_in.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "aigc_site.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "aigc_site.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {
        # For fragments that a listing renders hundreds of times.
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates" / "jinja"],
        # Misspelt names are errors.
        "OPTIONS": {"trim_blocks": True, "undefined": StrictUndefined},
    },
]
# Snippet forms and Wagtail's widgets look for their templates in the same folders as pages do.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(0, "django.forms")

# --- Database -------------------------------------------------------------------------------------
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    # A fresh clone has no var/. Parent folders are not made: a missing one is more likely a mistake in DATABASE_URL.
    try:
        Path(DATABASE["NAME"]).parent.mkdir(exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder of the database, {Path(DATABASE['NAME']).parent}, cannot be made ({error.strerror}): "
            "make it, or correct DATABASE_URL."
        ) from None
    # Opening the file for each request would take longer than all its queries.
    DATABASE["CONN_MAX_AGE"] = None
    # Writers lock the database at the start of a transaction, so that a second one waits instead of failing half-way.
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;",
    }
elif DATABASE["ENGINE"] == "django.db.backends.postgresql":
    DATABASE["OPTIONS"] = {**DATABASE.get("OPTIONS", {}), "pool": {"min_size": 1, "max_size": 8}}
else:
    raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:// or postgres://.")

# --- Languages ------------------------------------------------------------------------------------
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
WAGTAIL_I18N_ENABLED = True
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
USE_TZ = True
TIME_ZONE = "UTC"
# Without the machine's own time zone, which browsers do not know.
WAGTAIL_USER_TIME_ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
COUNTRIES_OVERRIDE = {"US": _("United States")}

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "aigc_site" / "static"]
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEMO or DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = DEMO or DEBUG

# --- Sign-in and security -------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarity", {}),
        ("MinimumLength", {"min_length": 10}),
        ("CommonPassword", {}),
        ("NumericPassword", {}),
    )
]
# Owners alone set passwords, through a link; links are mailed from the queue of notices.
WAGTAILUSERS_PASSWORD_ENABLED = False
WAGTAILADMIN_USER_PASSWORD_RESET_FORM = "editorial.accounts.passwords.LinkRequestForm"
# The form of an entry with long lists has more fields than Django's default allows; so may a query string.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
# django-allauth is the one way in. Its limits would be in a cache of each process: see `editorial.accounts.limits`.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "editorial.accounts.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "editorial.accounts.sign_in.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "AIGC Landscape"
# Browsers allow it on this machine alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
MFA_FORMS = {
    "authenticate": "editorial.accounts.sign_in.CodeForm",
    "reauthenticate": "editorial.accounts.sign_in.ConfirmationCodeForm",
}
SOCIALACCOUNT_ADAPTER = "editorial.accounts.provider.ProviderAdapter"
# A link leads there: the policy of pages lets forms send to this site alone.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "service",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    }
}
LOGIN_URL = WAGTAILADMIN_LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "wagtailadmin_home"
CSRF_FAILURE_VIEW = "aigc_site.views.show_csrf_failure"
# "Remember me" gives a session two weeks.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE and HSTS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS_SUBDOMAINS
SECURE_HSTS_PRELOAD = HSTS_PRELOAD
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REDIRECT_EXEMPT = [r"^(healthz|livez|readyz)$"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# The admin shows previews in frames of the same origin.
X_FRAME_OPTIONS = "SAMEORIGIN"
# Frames, and what of HSTS the environment left out.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W005", "security.W019", "security.W021"]
CONTENT_SECURITY_POLICY = {
    # Wagtail's admin needs inline scripts and styles; `SecurityHeadersMiddleware` sets a policy for it.
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    },
}

# --- Mail, search, Wagtail ------------------------------------------------------------------------
# Without a mail server, mail is written to the log.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_TIMEOUT = 10
WAGTAIL_SITE_NAME = _("AIGC Landscape")
# The URL name of the page about the terms of use of the data; files and feeds link to it.
TERMS_PAGE = "about"
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "catalog.listing.search"}}
# Reviewers have no publish permission; an approval is the right to publish.
WAGTAIL_FINISH_WORKFLOW_ACTION = "editorial.review.publishing.finish_workflow"
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_ALLOW_UNICODE_SLUGS = False
WAGTAILEMBEDS_FINDERS: list[dict] = []
# A picture of so many pixels takes some 140 MB and 2 s to decode and scale.
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 25_000_000
WAGTAILIMAGES_IMAGE_FORM_BASE = "catalog.editing.pictures.PictureForm"
WAGTAILDOCS_EXTENSIONS = ["csv", "pdf", "txt", "xlsx"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
