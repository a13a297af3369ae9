"""Vietnamese that was typed in Telex while the keyboard's program was off: `nuowcs` → `nước`, `xuwr` → `xử`."""

import re
import unicodedata

LETTERS = (("dd", "đ"), ("aa", "â"), ("aw", "ă"), ("ee", "ê"), ("oo", "ô"), ("uow", "ươ"), ("ow", "ơ"), ("uw", "ư"))
TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
VOWELS = "aeiouyăâêôơư"
SHAPE = re.compile(rf"(qu|gi(?=[{VOWELS}])|[^{VOWELS}]*)([{VOWELS}]+)([^{VOWELS}]*)")
MARKED = "ăâêôơư"  # a vowel of these carries the tone


def decode(word: str) -> str:
    """Give the word with its marks if it is Telex; a word that holds none is returned in small letters."""
    said = word.lower()
    if not said.isascii() or not said.isalpha():
        return said
    tone = ""
    body = said
    for place in range(len(said) - 1, 0, -1):
        if said[place] in TONES and re.search(r"[aeiouy]", said[:place]):
            tone, body = TONES[said[place]], said[:place] + said[place + 1 :]
            break
        if said[place] not in "wncghmptaeiouyd":
            break
    shaped = body
    if "w" in body[1:] and not re.search("[aou]w", body):
        shaped = re.sub("uo|a|o|u", lambda vowel: f"{vowel.group()}w", body.replace("w", ""), count=1)
    for typed, letter in LETTERS:
        shaped = shaped.replace(typed, letter)
    if shaped == body and not (tone and len(body) > 1 and said[-1] in TONES):
        return said
    match = SHAPE.fullmatch(shaped)
    if match is None:
        return said
    head, vowels, tail = match.groups()
    place = _carrier(vowels, tail)
    toned = unicodedata.normalize("NFC", vowels[place] + tone)
    return head + vowels[:place] + toned + vowels[place + 1 :] + tail


def _carrier(vowels: str, tail: str) -> int:
    """Give which vowel carries the tone."""
    marked = [place for place, vowel in enumerate(vowels) if vowel in MARKED]
    if marked:
        return marked[-1]
    if len(vowels) == 1:
        return 0
    return len(vowels) - 1 if tail and len(vowels) == 2 else len(vowels) - 2
