"""Application configuration."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """The room `insights`."""

    name = "insights"
    default_auto_field = "django.db.models.BigAutoField"
