"""The demo on one machine: embedded engines, invented accounts, mail kept in a folder."""

import json
import os

from django.core.exceptions import ImproperlyConfigured

from .base import *  # noqa: F403
from .base import CACHE_OPTIONS, VAR_DIR, postgres

DEMO_MODE = True
GALLERY = True
OPERATORS_NEED_MFA = False  # its accounts share one password that is printed on the screen


def _running(key: str, variable: str) -> str:
    """Give an address from the environment, or from the demo that is running."""
    if variable in os.environ:
        return os.environ[variable]
    try:
        return str(json.loads((VAR_DIR / "run.json").read_text())[key])
    except FileNotFoundError:
        raise ImproperlyConfigured(f"The demo is not running (`make demo`) and {variable} is not set.") from None


SECRET_KEY = os.environ.get("SECRET_KEY") or (VAR_DIR / "secret_key").read_text()
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *os.environ.get("ALLOWED_HOSTS", "").split(",")]
DATABASES = {"default": postgres(_running("database_url", "DATABASE_URL"))}
REDIS_URL = _running("redis_url", "REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL, "OPTIONS": CACHE_OPTIONS},
}
SITE_URL = os.environ.get("SITE_URL", "http://localhost:8000")
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
