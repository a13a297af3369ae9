"""What the API reads."""

import io
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """JSON as long as a form may be (DATA_UPLOAD_MAX_MEMORY_SIZE), in words that can be stored.

    Raises ParseError (400) also for what Python's reader gives up on: hundreds of nested lists, half of a character.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Read the body; `stream` gives bytes."""
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise ParseError(_("What was sent is too large."))
        try:
            data = super().parse(io.BytesIO(body), media_type, parser_context)
            if b"\\u" in body:  # only an escape can name half of a pair, which no text in the database may hold
                json.dumps(data, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError) as error:
            raise ParseError(_("What was sent cannot be read as JSON.")) from error
        return data
