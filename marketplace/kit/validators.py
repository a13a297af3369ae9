"""What text may hold, the same for models, forms, the API and imports."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Control characters but tab and line ends; bidirectional overrides, which can make text read as what it is not.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def plain_text(value: str) -> None:
    """Raise ValidationError when `value` holds control characters."""
    if FORBIDDEN.search(value):
        raise ValidationError(_("Remove the invisible control characters from this text."), code="control_characters")


def clean_text(value: str) -> str:
    """Give `value` in NFC, without control characters, line ends as \\n, outer space stripped. For imports."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", FORBIDDEN.sub("", value)).strip()
