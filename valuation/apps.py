"""Application configuration."""

from django.apps import AppConfig


class ValuationConfig(AppConfig):
    """The room `valuation`."""

    name = "valuation"
    default_auto_field = "django.db.models.BigAutoField"
