"""The composition root: settings, addresses, engines, home page, and the kit that every room uses."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
