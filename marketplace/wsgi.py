"""The WSGI application; DJANGO_SETTINGS_MODULE decides the environment."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.production")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 -- import the views now, not while the first visitor waits
# Of a search page, collections took 3 ms, four times a page, and a full one 200 ms of every hundredth: what stays for
# good is not looked through again, and the rest, most of which goes by itself, seldom.
gc.set_threshold(20_000, 20, 20)
gc.collect()
gc.freeze()
