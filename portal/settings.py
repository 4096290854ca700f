"""Settings. Production values are the defaults; development opts out (INSECURE_HTTP).

Everything that differs between installations comes from the environment or from files
(`portal.env`); `.env.example` names each variable.
"""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal import env

BASE_DIR = Path(__file__).resolve().parent.parent

# Installation -----------------------------------------------------------------------------

DEBUG = False
SECRET_KEY = env.secret("SECRET_KEY")
ALLOWED_HOSTS: list[str] = env.env.list("ALLOWED_HOSTS", default=[])
SITE_URL = env.env.str("SITE_URL", default="https://portal.example")
# The demo's switch: cookies and redirects for plain http on this machine's loopback only.
INSECURE_HTTP = env.env.bool("INSECURE_HTTP", default=False)
if INSECURE_HTTP and not {"localhost", "127.0.0.1", "[::1]"}.issuperset(ALLOWED_HOSTS):
    raise ImproperlyConfigured("INSECURE_HTTP is for localhost only; see ALLOWED_HOSTS.")
# SECURITY: four keyrings, held outside the database: without ANSWER_KEYS a stolen table of
# hashes cannot be tried offline, without VALUE_KEYS a stolen session cannot redraw a card,
# without AUDIT_KEYS nobody writes another past, and without SEED_KEYS nobody makes the codes of
# a client's authenticator app.
ANSWER_KEYS = env.keys("ANSWER_KEYS")
VALUE_KEYS = env.keys("VALUE_KEYS")
AUDIT_KEYS = env.keys("AUDIT_KEYS")
SEED_KEYS = env.keys("SEED_KEYS")
# What `manage.py key_use` lists.
KEY_RINGS = ("ANSWER_KEYS", "VALUE_KEYS", "AUDIT_KEYS", "SEED_KEYS")
env.refuse_shared(
    ANSWER_KEYS=ANSWER_KEYS, VALUE_KEYS=VALUE_KEYS, AUDIT_KEYS=AUDIT_KEYS, SEED_KEYS=SEED_KEYS
)
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
BRAND = {
    "name": env.env.str("BRAND_NAME", default="Example Brokerage"),
    "phone": env.env.str("BRAND_PHONE", default="+00 000 000 000"),
    "hours": env.env.str("BRAND_HOURS", default="24 hours, every day"),
}
# Named in security.txt and on the privacy page.
SECURITY_CONTACT = env.contact("SECURITY_CONTACT", default="mailto:security@portal.example")
# Cards of a test system carry the word SPECIMEN and a red frame.
SPECIMEN_CARDS = env.env.bool("SPECIMEN_CARDS", default=False)
# Numbers of securelogin.policy that this installation wants different (see docs/operations.md).
SECURELOGIN = env.numbers("SECURELOGIN_POLICY")
# Argon2id of an answer: memory in KiB, passes, lanes (design: OWASP's second choice).
ANSWER_HASH_COST = (19456, 2, 1)
# A card is hashed on so many threads, each with that memory: more would shorten a second's wait.
CARD_THREADS = min(4, env.cores())
# So many cards at once on this machine, by all processes that share the folder.
CARDS_AT_ONCE = env.number("CARDS_AT_ONCE", default=max(1, env.cores() // CARD_THREADS))
RUNTIME_DIR = env.env.str("RUNTIME_DIR", default=str(BASE_DIR / "var" / "run"))

# Parts --------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_otp",
    "django_tasks",
    "django_tasks_db",
    "accounts",
    "securelogin",
    "securelogin.desk",
    # Device types, in the order in which a sign-in prefers them. A line switches a type on.
    "securelogin.passkey",
    "securelogin.authenticator_app",
    "securelogin.security_card",
    "securelogin.temporary_code",
]
if INSECURE_HTTP:
    # SECURITY: the demo's people and their printed passwords exist nowhere else.
    INSTALLED_APPS.append("portal.demo")

MIDDLEWARE = [
    # SECURITY: what sets headers stands outside of what may answer by itself: a redirect or
    # an error page of a middleware needs them as much as a view's page.
    "portal.middleware.ResponseHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "securelogin.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.RequestLimitsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AuthenticationMiddleware",
    "securelogin.middleware.DeviceMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    # SECURITY: deny by default; without this line every page is open.
    "securelogin.middleware.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

FORM_RENDERER = "portal.form_renderer.InputRenderer"
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
                "portal.context_processors.portal",
            ],
            "builtins": ["portal.template_builtins"],
            "libraries": {"portal": "portal.template_library"},
        },
    },
]

# Database, mail, tasks ----------------------------------------------------------------------

DATABASES = {"default": env.env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/db.sqlite3")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # SECURITY: on SQLite select_for_update does nothing; IMMEDIATE is what serialises writers.
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=5000;"
        ),
    }
else:
    # Beside what the address asks for, such as ?sslmode=verify-full.
    pool = {"min_size": 1, "max_size": 8, "timeout": 5}
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = pool
# SECURITY: failures are counted inside the view's own transactions; a request-wide one would
# roll the count back when the view raises.
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

vars().update(env.env.email("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.env.str(
    "DEFAULT_FROM_EMAIL", default=f"{BRAND['name']} Security <security@portal.example>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

TASKS_BACKEND = env.env.str("TASKS_BACKEND", default="immediate")
TASKS = {
    "default": {
        "BACKEND": {
            "immediate": "django_tasks.backends.immediate.ImmediateBackend",
            "database": "django_tasks_db.DatabaseBackend",
        }[TASKS_BACKEND],
    }
}

# People, passwords, sessions ----------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["accounts.hashers.PortalArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.RulesValidator"},
    {"NAME": "accounts.passwords.KnownPasswordsValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "accounts:home"
LOGOUT_REDIRECT_URL = "accounts:logged_out"

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "sid" if INSECURE_HTTP else "__Host-sid"
SESSION_COOKIE_SECURE = not INSECURE_HTTP
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# SECURITY: messages stay on the server; Django's default would put their text into a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = "csrf" if INSECURE_HTTP else "__Host-csrf"
CSRF_COOKIE_SECURE = not INSECURE_HTTP
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# Transport and headers ----------------------------------------------------------------------

SECURE_SSL_REDIRECT = not INSECURE_HTTP
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if TRUSTED_PROXIES:
    # Only a proxy that strips the client's copy of the header may be listed (docs/operations.md).
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        # Both: not every browser knows the newer one, which the header names.
        "report-uri": ["/csp-report/"],
        "report-to": ["csp"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100

# Static files -------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = env.env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Where `manage.py compile_card` puts the card's drawing.
CARD_DRAWINGS = env.env.str("CARD_DRAWINGS", default=str(BASE_DIR / "var" / "card"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Language, time, logs -----------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

DEFAULT_EXCEPTION_REPORTER_FILTER = "portal.reports.NoValuesFilter"
LOG_LEVEL = env.env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "portal.logs.JsonFormatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
        "stdout": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stdout",
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Each security event, and nothing else, on a stream of its own, to be shipped elsewhere.
        "securelogin.audit": {"handlers": ["stdout"], "level": LOG_LEVEL, "propagate": False},
        # SECURITY: at DEBUG these two write whole contexts and parameters: codes, card values.
        "django.template": {"level": "INFO"},
        "django.db.backends": {"level": "INFO"},
        # Ten lines for each card that is drawn, none of them for anybody.
        "weasyprint": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
