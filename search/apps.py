"""The room that finds things."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """Search stands on the ground beside audit: it imports no other room."""

    name = "search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the check of the embedder's setting."""
        from search import checks  # noqa: F401, PLC0415 -- checks register when apps are ready
