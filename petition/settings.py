"""Settings: the typed table of environment variables on top, then everything else.

Development is when SECRET_KEY is unset and either DATABASE_URL is unset too or `make run` has left
its services in RUN_DIR: then database, Redis, secret and inbox are the private ones of RUN_DIR.
"""

import ipaddress
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from kombu import Queue
from redis.backoff import NoBackoff
from redis.retry import Retry

from petition import environment, local

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Environment -----------------------------------------------------------------------------


def _raw(name: str) -> str | None:
    """The text of NAME, or of the file that NAME_FILE points at; None when neither is set."""
    try:
        return environment.text(name)
    except environment.CannotStart as error:
        return str(_stop(str(error)))


def _stop(line: str) -> Any:
    """End the start with one clear line: half a configuration loses signatures later."""
    sys.exit(f"petition: {line}")


def _flag(text: str) -> bool:
    if text.lower() not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise ValueError("must be true or false")
    return text.lower() in {"1", "true", "yes", "on"}


def _log_level(text: str) -> str:
    if text not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return text


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _token(text: str) -> str:
    if len(text) < 24 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be 24 characters or more, such as `openssl rand -hex 24` gives")
    return text


def _mail_events(text: str) -> tuple[str, str]:
    """A provider that reports what becomes of mails, and the secret that it shows."""
    provider, _colon, secret = text.partition(":")
    if provider not in {"mailgun", "postmark"}:
        raise ValueError("must be mailgun or postmark, a colon and the secret")
    return provider, _token(secret)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**31):
        raise ValueError("must be a whole number from 1")
    return int(text)


def _pace(text: str) -> int:
    # A refused sender's try has a place of its own in each minute: the others' mails would never go.
    if _positive(text) < 2:
        raise ValueError("must be a whole number from 2")
    return int(text)


def _networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(word) for word in _words(text)]


def _base_url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path.strip("/"):
        raise ValueError("must be http:// or https:// and a host, without a path")
    return f"{url.scheme}://{url.netloc}"


def _redis_url(text: str) -> str:
    if urlsplit(text).scheme not in {"redis", "rediss"}:
        raise ValueError("must begin with redis:// or rediss://")
    return text


def _database(text: str) -> dict[str, Any]:
    """Django's settings of one PostgreSQL from its URL; a socket directory may stand as %2Frun."""
    url = urlsplit(text)
    if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
        raise ValueError("must be postgres://user:password@host:port/name")
    host = url.netloc.rpartition("@")[2].rpartition(":" if url.port else "\0")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path[1:]),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(host[0] or host[2]).strip("[]"),
        "PORT": url.port or "",
        # The pool keeps connections itself; a lifetime here would be a second, disagreeing one.
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            # Its pauses between tries double: with five minutes for them, a database that was away for
            # one is asked again as late as after two. Given up, the next request asks at once.
            "pool": {"min_size": 1, "max_size": 8, "timeout": 10, "reconnect_timeout": 5},
            # Compiling takes 40 to 150 ms, for queries that mostly run for one.
            "options": "-c jit=off",
            **dict(parse_qsl(url.query)),
        },
    }


def _mail(text: str) -> dict[str, Any]:
    """Django's mail settings from smtp://, smtps:// (TLS at once) or submission:// (STARTTLS)."""
    url = urlsplit(text)
    ports = {"smtp": 25, "smtps": 465, "submission": 587}
    if url.scheme not in ports or not url.hostname:
        raise ValueError("must be smtp://, smtps:// or submission:// and user:password@host:port")
    return {
        "EMAIL_BACKEND": "campaign.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or ports[url.scheme],
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "submission",
    }


RUN_DIR = BASE_DIR / (_raw("RUN_DIR") or ".run")
SERVICES = local.published(RUN_DIR) if _raw("SECRET_KEY") is None else {}
DEVELOPMENT = _raw("SECRET_KEY") is None and (_raw("DATABASE_URL") is None or bool(SERVICES))
REQUIRED = object()

# name: (reader, default in production, default in development, what it is)
ENVIRONMENT: dict[str, tuple[Callable[[str], Any], Any, Any, str]] = {
    "SECRET_KEY": (str, REQUIRED, SERVICES.get("secret_key"), "signs links and sessions"),
    "SECRET_KEY_FALLBACKS": (_words, "", "", "older keys whose links still work, by comma"),
    "HASH_KEY": (str, "", "", "key of the hashes that outlive an erasure; SECRET_KEY if unset"),
    "DATABASE_URL": (_database, REQUIRED, SERVICES.get("database_url"), "PostgreSQL 15 or newer"),
    "REDIS_URL": (_redis_url, REQUIRED, SERVICES.get("redis_url"), "Redis 6.2 or newer, or Valkey"),
    "BASE_URL": (
        _base_url,
        REQUIRED,
        f"http://127.0.0.1:{SERVICES.get('port', 8000)}",
        "what links in mails begin with",
    ),
    "EMAIL_URL": (_mail, REQUIRED, "", "smtp://, smtps:// or submission://user:password@host:port"),
    "DEFAULT_FROM_EMAIL": (str, "", "", "sender where a campaign names none"),
    "MAIL_EVENTS": (
        _mail_events,
        "",
        "",
        "who tells of bounces and complaints, and its secret: mailgun:KEY or postmark:SECRET",
    ),
    "MAILS_A_MINUTE": (_pace, "120000", "120000", "mails that are sent in a minute at most"),
    "CAMPAIGN_MAILS_A_MINUTE": (_positive, "60000", "60000", "the same of one campaign"),
    "ALLOWED_HOSTS": (
        _words,
        "",
        "localhost,127.0.0.1,[::1]",
        "host names served; BASE_URL's always",
    ),
    "TRUSTED_PROXIES": (_networks, "", "", "networks whose X-Forwarded-For is believed, by comma"),
    "OUTBOUND_PRIVATE": (
        _flag,
        "false",
        "false",
        "webhooks may lead to http:// and private networks; in development only",
    ),
    "EXPORT_DIR": (str, "", "", "where CSV and JSON Lines are written; web and worker share it"),
    "JOURNAL_FILE": (str, "", "", "who withdrew or erased, for a restored backup; not on its disk"),
    "METRICS_TOKEN": (_token, "", "", "who sends it as Bearer reads /metrics; unset: nobody does"),
    "DEBUG": (_flag, "false", "false", "Django's error pages; never in production"),
    "LOG_LEVEL": (_log_level, "INFO", "INFO", "DEBUG, INFO, WARNING or ERROR"),
}


def _read(name: str) -> Any:
    reader, production, development, _help = ENVIRONMENT[name]
    default = development if DEVELOPMENT else production
    text = _raw(name) or default
    if text is REQUIRED:
        _stop(f"{name} is needed in production ({_help})")
    if text is None:
        _stop(
            f"nothing is running in {RUN_DIR}: start `make run` first, or set SECRET_KEY and the rest"
        )
    try:
        return reader(text) if text else None
    except ValueError as error:
        _stop(f"{name}: {error}")


DEMO_ADMIN = {
    part: _raw(f"DJANGO_SUPERUSER_{part.upper()}") for part in ("username", "email", "password")
}
"""The admin that `load_demo` makes; None of what it may choose."""

SECRET_KEY: str = _read("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = _read("SECRET_KEY_FALLBACKS") or []
HASH_KEY: str = _read("HASH_KEY") or SECRET_KEY
BASE_URL: str = _read("BASE_URL")
DEBUG: bool = _read("DEBUG")
OUTBOUND_PRIVATE: bool = _read("OUTBOUND_PRIVATE")
if OUTBOUND_PRIVATE and not DEVELOPMENT:
    _stop("OUTBOUND_PRIVATE is for development: webhooks would reach into your own network")
METRICS_TOKEN: str = _read("METRICS_TOKEN") or ""
TRUSTED_PROXIES: list[Any] = _read("TRUSTED_PROXIES") or []
ALLOWED_HOSTS: list[str] = [*(_read("ALLOWED_HOSTS") or []), str(urlsplit(BASE_URL).hostname)]
DEFAULT_FROM_EMAIL: str = _read("DEFAULT_FROM_EMAIL") or f"hello@{urlsplit(BASE_URL).hostname}"

# --- Services --------------------------------------------------------------------------------

DATABASES = {"default": _read("DATABASE_URL")}
# Where `make run` has pg_dump from; elsewhere it is on the PATH.
POSTGRES_PROGRAMS: str = SERVICES.get("postgres_programs", "")
REDIS_URL: str = _read("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "petition",
        "OPTIONS": {
            "socket_timeout": 0.25,
            "socket_connect_timeout": 0.25,
            # redis-py's own three retries would hold a request for a second and more.
            "retry": Retry(NoBackoff(), 0),
        },
    }
}
MAIL_PROVIDER: str | None
MAIL_PROVIDER, _mail_secret = _read("MAIL_EVENTS") or (None, "")
ANYMAIL = {
    "WEBHOOK_SECRET": "" if MAIL_PROVIDER == "mailgun" else f"petition:{_mail_secret}",
    "MAILGUN_WEBHOOK_SIGNING_KEY": _mail_secret,
}
MAILS_A_MINUTE: int = _read("MAILS_A_MINUTE")
CAMPAIGN_MAILS_A_MINUTE: int = _read("CAMPAIGN_MAILS_A_MINUTE")
# The four answers that one mail waits for fit into the time limit of its task.
EMAIL_TIMEOUT = 15
INBOX_DIR: Path | None = None
if _mail_settings := _read("EMAIL_URL"):
    globals().update(_mail_settings)
else:
    INBOX_DIR = RUN_DIR / "inbox"
    EMAIL_BACKEND = "campaign.inbox.EmailBackend"

JOURNAL_FILE = BASE_DIR / (_read("JOURNAL_FILE") or RUN_DIR / "journal.jsonl")
EXPORT_DIR = BASE_DIR / (_read("EXPORT_DIR") or RUN_DIR / "exports")

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# No results are kept: what a task did stands in the database.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# With workers of their own, no mail waits behind anything else, and no count, webhook, alert or removal
# behind a file of 160,000 members; a worker that names no queue takes all.
# Without a key of its own a queue has that of the default one, and gets its messages too.
CELERY_TASK_QUEUES = [Queue(name, routing_key=name) for name in ("celery", "mail", "long")]
_TASKS_OF_QUEUE = {
    "mail": ("deliver", "sweep"),
    "long": (
        "export",
        "take_uploads",
        "freeze_print_lists",
        "links",
        "unvouch",
        "look_at_sites",
        "empty",
    ),
}
CELERY_TASK_ROUTES = {
    f"campaign.{task}": {"queue": queue}
    for queue, tasks in _TASKS_OF_QUEUE.items()
    for task in tasks
}
CELERY_BEAT_SCHEDULER = "petition.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "campaign.sweep", "schedule": 5},
    "fold": {"task": "campaign.fold", "schedule": 5},
    "dispatch": {"task": "campaign.dispatch", "schedule": 5},
    "milestones": {"task": "campaign.milestones", "schedule": 10},
    "ring": {"task": "campaign.ring", "schedule": 60},
    "release": {"task": "campaign.release", "schedule": 5},
    "remove": {"task": "campaign.remove", "schedule": 10},
    "export": {"task": "campaign.export", "schedule": 10},
    "uploads": {"task": "campaign.take_uploads", "schedule": 30},
    "print": {"task": "campaign.freeze_print_lists", "schedule": 30},
    "unvouch": {"task": "campaign.unvouch", "schedule": 30},
    "names": {"task": "campaign.search_names", "schedule": 30},
    "links": {"task": "campaign.links", "schedule": 30},
    "sites": {"task": "campaign.look_at_sites", "schedule": 60},
    "remind": {"task": "campaign.remind", "schedule": 600},
    "empty": {"task": "campaign.empty", "schedule": 600},
    "expire": {"task": "campaign.expire", "schedule": 3600},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Django ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_countries",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "campaign",
]
MIDDLEWARE = [
    "campaign.web.health.answer_probes",
    "campaign.web.requests.name_request",
    "campaign.web.headers.reserve_mining",
    "campaign.web.headers.hide",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "campaign.web.headers.compress",
    "campaign.web.headers.PolicyMiddleware",
    "campaign.failures.precondition_failed",
    "campaign.web.headers.answer_conditions",
    "campaign.web.confined.leave_cookies_alone",
    "campaign.web.confined.SessionMiddleware",
    "campaign.web.language.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "campaign.web.confined.AuthenticationMiddleware",
    "campaign.web.confined.SecondFactorMiddleware",
    "campaign.web.confined.MessageMiddleware",
    "campaign.web.bodies.limit_bodies",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "petition.urls"
WSGI_APPLICATION = "petition.wsgi.application"
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
            ]
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "NAME": "mail",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", ["campaign.inlining.Loader"])]
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "campaign.roles.Backend"]
# As ASVS has it: long, on no list of common ones nor made of them, without rules of which characters.
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "campaign.passwords.LengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "campaign.passwords.GuessValidator"},
]
# A sign form is a few hundred bytes; of whom nobody knows, anything larger is not read.
PUBLIC_BODY_MAX = 256 * 1024
# Staff send a whole campaign at once: texts of 50,000 characters in each language, protected names by the
# thousand; or they paste 160,000 addresses.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# A form has up to 500 rows of a table, with a name in each language: 30 languages are 16,000 fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

LANGUAGE_CODE = "en"
# How to add one: docs/languages.md.
LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("es", _("Spanish")),
    ("de", _("German")),
    ("ar", _("Arabic")),
]
FORMAT_MODULE_PATH = "campaign.locale"
LOCALE_PATHS = [BASE_DIR / "campaign" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
# In development files are served from where they lie; a folder that is not there only warns.
STATIC_ROOT = None if DEVELOPMENT else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEVELOPMENT
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Security --------------------------------------------------------------------------------

_HTTPS = BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = _HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REFERRER_POLICY = "same-origin"
# A key in the clear is lost. Plain HTTP is for a product that nobody else can reach.
KEYS_NEED_HTTPS = urlsplit(BASE_URL).hostname not in {"127.0.0.1", "::1", "localhost"}
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SECURE = _HTTPS
# The prefix keeps a neighbour below the same domain from setting them; browsers ask for Secure with it.
SESSION_COOKIE_NAME = "__Host-session" if _HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = 12 * 3600
# In development the printed password alone lets one in; who enrols a second factor there needs it.
SECOND_FACTOR_REQUIRED = not DEVELOPMENT
OTP_TOTP_ISSUER = f"Petition {urlsplit(BASE_URL).hostname}"
# Messages name signers: they stay on the server.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "script-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# Unfold evaluates Alpine expressions and writes style attributes: relaxed under its own path alone.
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}

# --- API and admin ---------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "campaign.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
    # ?format= would be one more parameter of everything, that no document names.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Campaign petition API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "campaign.api.described.describe",
    ],
    "PATH_CONVERTER_OVERRIDES": {
        "slug": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
        "int": {"type": "integer", "minimum": 0},
    },
    "ENUM_NAME_OVERRIDES": {
        "KindEnum": "campaign.models.signature.Kind",
        "EvidenceEnum": "campaign.models.signature.Evidence",
        "HoldReasonEnum": "campaign.models.signature.HoldReason",
        "ConfirmedStatusEnum": ["held", "published", "rejected", "withdrawn", "erased"],
        "StandingStatusEnum": ["held", "published"],
    },
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Petition",
    "SITE_HEADER": "Petition",
    "SITE_URL": "/",
    "SITE_SYMBOL": "history_edu",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("campaign/icon.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SCRIPTS": [
        lambda _request: static("campaign/file-inputs.js"),
        lambda _request: static("campaign/once.js"),
    ],
    "LOGIN": {"form": "campaign.admin.login.LoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Your account"), "link": reverse_lazy("admin:account")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    # Tailwind's blue in the place of Unfold's purple.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": f"campaign.logs.{'CutFormatter' if DEVELOPMENT else 'JsonFormatter'}",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"no_ticks": {"()": "campaign.logs.NoTicks"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # The web server's own has a handler by now, with another form.
    "loggers": {
        "_granian": {"handlers": [], "propagate": True},
        # What the schedule does every few seconds would hide the rest.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"filters": ["no_ticks"]},
        # Celery's pool of processes: its library keeps it apart from the rest.
        "multiprocessing": {"handlers": ["console"], "level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": _read("LOG_LEVEL")},
}
