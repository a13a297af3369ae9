"""Tests: real PostgreSQL and Valkey, started by tests/conftest.py, which sets their addresses."""

import os
import tempfile
from pathlib import Path

from .base import *  # noqa: F403
from .base import CACHE_OPTIONS, REST_FRAMEWORK, TEMPLATES, postgres

SECRET_KEY = "only-for-tests"  # noqa: S105 -- the tests' own
GALLERY = True
OPERATORS_NEED_MFA = False  # tests/accounts/test_mfa.py turns it on
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES = {"default": postgres(os.environ.get("DATABASE_URL", "postgres://postgres@localhost:1/postgres"))}
REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:1/0")
CELERY_BROKER_URL = REDIS_URL
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL, "OPTIONS": CACHE_OPTIONS},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
_scratch = Path(os.environ.get("TEST_SCRATCH") or Path(tempfile.gettempdir()) / "nhipcau-files")
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
STATIC_ROOT = _scratch / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
MEDIA_ROOT = _scratch / "media"
INDEX_DIR = _scratch / "index"
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "!!undefined: %s!!"  # type: ignore[index]
