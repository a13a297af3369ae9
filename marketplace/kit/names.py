"""How names are compared."""

import unicodedata


def as_compared(text: str) -> str:
    """Give a text as names and phrases are compared: composed letters (NFC), small, one space between words."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())
