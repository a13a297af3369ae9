"""The WSGI application; DJANGO_SETTINGS_MODULE decides the environment."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.production")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 -- import the views now, not while the first visitor waits
gc.set_threshold(20_000, 20, 20)  # a page makes a hundred thousand objects that go by themselves
gc.collect()
gc.freeze()  # what stays for good is not looked through again: a full collection took a page 200 ms
