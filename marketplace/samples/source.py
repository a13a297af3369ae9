"""Read the sample files."""

import json
from functools import cache
from typing import Any

from django.conf import settings

FOLDER = settings.BASE_DIR / "data" / "samples"


@cache
def read(name: str) -> Any:
    """Give the parsed content of data/samples/<name>.json."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def technologies() -> list[dict[str, Any]]:
    """Give the technologies of both languages."""
    return [*read("technologies-vi"), *read("technologies-en")]


def demands() -> list[dict[str, Any]]:
    """Give the demands of both languages."""
    return [*read("demands-vi"), *read("demands-en")]
