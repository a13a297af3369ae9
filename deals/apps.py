"""Application configuration."""

from django.apps import AppConfig


class DealsConfig(AppConfig):
    """The room `deals`."""

    name = "deals"
    default_auto_field = "django.db.models.BigAutoField"
