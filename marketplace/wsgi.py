"""The WSGI application; DJANGO_SETTINGS_MODULE decides the environment."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from marketplace import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.production")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 -- import the views now, not while the first visitor waits
serving.settle()
