"""Application configuration."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """The room `rules`."""

    name = "rules"
    default_auto_field = "django.db.models.BigAutoField"
