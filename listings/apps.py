"""Application configuration."""

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    """The room `listings`."""

    name = "listings"
    default_auto_field = "django.db.models.BigAutoField"
