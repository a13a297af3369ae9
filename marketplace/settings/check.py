"""For checks that need no server: `manage.py check --deploy`, `makemigrations --check`, types."""

import os

os.environ.setdefault("SECRET_KEY", "k" * 20 + "-only-for-static-checks-0123456789abcdef")
os.environ.setdefault("ALLOWED_HOSTS", "example.org")
os.environ.setdefault("DATABASE_URL", "postgres://nobody@localhost:1/none")
os.environ.setdefault("REDIS_URL", "redis://localhost:1/0")
os.environ.setdefault("DEFAULT_FROM_EMAIL", "nobody@example.org")
os.environ.setdefault("TRUSTED_PROXIES", "1")
os.environ.setdefault("EMAIL_URL", "consolemail://")

from .production import *  # noqa: F403
