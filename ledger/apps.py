"""Application configuration."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The room `ledger`."""

    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
