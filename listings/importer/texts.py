"""Mend what real texts hold: entities and tags, patent notation, wrong encodings, private-use bullets.

Nothing here guesses at content: what is not known is left as it stands.
"""

import html
import re

from marketplace.kit.validators import clean_text
from search.text import sentences

ELLIPSIS = "…"

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_CODE = re.compile(r"<(script|style)\b", re.IGNORECASE)
_CODE_ENDS = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style")}
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:p|div|span|b|i|u|em|strong|small|font|a|ul|ol|li|table|tbody|thead|tr|td|th|h[1-6]|sub|sup|blockquote|pre|"
    r"code|hr|img)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# US patent texts spell signs as words between dots: CH.sub.4, 3000.degree. F., 10.sup.-3, .beta.-carotene.
_SIGNS = {
    "degree": "°", "times": "×", "mu": "µ", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "OMEGA": "Ω", "DELTA": "Δ", "gtoreq": "≥", "ltoreq": "≤", "noteq": "≠", "apprxeq": "≈",
    "about": "≈", "sim": "~", "infin": "∞", "function": "ƒ", "angle": "∠", "perp": "⊥", "parallel": "∥",
}  # fmt: skip
_SIGN = re.compile(r"\.(" + "|".join(_SIGNS) + r")\.")
_SCRIPT = re.compile(r"\.(sub|sup)\.([+-]?[A-Za-z0-9]{1,3}(?:[+-](?![A-Za-z0-9]))?)")
_LOW = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_HIGH = str.maketrans("0123456789+-=()in", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿ")
_RAISED = {"sub": frozenset("0123456789+-=()aehijklmnoprstuvx"), "sup": frozenset("0123456789+-=()in")}
# Symbol fonts put their bullets and signs into the private use area.
_PRIVATE = {"\uf0b7": "•", "\uf0a7": "•", "\uf0d8": "•", "\uf02d": "-", "\uf0b0": "°", "\uf0b4": "×", "\uf0d7": "·",
            "\uf06d": "µ", "\uf061": "α", "\uf062": "β", "\uf067": "γ", "\uf044": "Δ", "\uf0a3": "≤", "\uf0b3": "≥",
            "\uf0d4": "™", "\uf0b1": "±", "\uf0ae": "→"}  # fmt: skip
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
_C1 = re.compile("[\x80-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# UTF-8 that was read as Windows-1252: a lead byte's letter, then signs that stand for bytes 80-BF.
_TAIL = "\u0080-\u00bf" + "".join(
    bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
)
_MISREAD = re.compile(f"[\u00c2-\u00df][{_TAIL}]|[\u00e0-\u00ef][{_TAIL}]{{2}}")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def _as_bytes(text: str) -> bytes:
    return b"".join(
        bytes([ord(character)]) if ord(character) < 0x100 else character.encode("cp1252") for character in text
    )


def _read_again(match: re.Match[str]) -> str:
    try:
        return _as_bytes(match.group()).decode("utf-8")
    except UnicodeError:
        return match.group()


def _shifted(match: re.Match[str]) -> str:
    kind, said = match.groups()
    if not set(said) <= _RAISED[kind]:
        return f"_{said}" if kind == "sub" else f"^{said}"
    return said.translate(_LOW if kind == "sub" else _HIGH)


def _without_code(text: str) -> str:
    """Drop scripts and styles with what they hold; no part of the text is searched twice, however many never end."""
    kept: list[str] = []
    place, endless = 0, set[str]()
    for start in _CODE.finditer(text):
        name = start[1].lower()
        if start.start() < place or name in endless:
            continue
        end = _CODE_ENDS[name].search(text, start.end())
        if end is None:
            endless.add(name)
            continue
        kept += [text[place : start.start()], " "]
        place = end.end()
    return "".join([*kept, text[place:]])


def mend(value: str) -> str:
    """Give a text fit for a listing: plain, in NFC, one space between words, at most one empty line between paragraphs."""
    text = _SURROGATE.sub("\ufffd", value)
    if not text.isascii():
        text = _MISREAD.sub(_read_again, text)
        text = _C1.sub(lambda match: bytes([ord(match.group())]).decode("cp1252", "ignore"), text)
        text = _PRIVATE_USE.sub(lambda match: _PRIVATE.get(match.group(), ""), text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", _without_code(text)))
    if "." in text:
        text = _SIGN.sub(lambda match: _SIGNS[match.group(1)], _SCRIPT.sub(_shifted, text))
    lines = [_SPACES.sub(" ", line).strip() for line in clean_text(text).split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SMALL = frozenset({"a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "its", "of", "on", "or", "the", "to",
                    "via", "with"})  # fmt: skip
_VOWELS = frozenset("AEIOUY")


def calm(title: str, body: str) -> str:
    """Give a title that is all in capitals as one writes a sentence, each word as `body` writes it.

    A word that `body` has in capitals only (an abbreviation) keeps them; one that it lacks is written small when it is
    a small word, is longer than three letters and can be spoken, or stands in a Vietnamese title.
    """
    letters = [character for character in title if character.isalpha()]
    if len(letters) < 8 or any(character.islower() for character in letters):
        return title
    vietnamese = not all(character.isascii() for character in letters)
    seen: dict[str, set[str]] = {}
    for word in _WORD.findall(body):
        seen.setdefault(word.upper(), set()).add(word)

    def written(match: re.Match[str]) -> str:
        word = match.group()
        forms = seen.get(word, set())
        if word.lower() in forms or word.lower() in _SMALL:
            return word.lower()
        if capitalised := sorted(form for form in forms if form != word):
            return capitalised[0]
        if forms or len(word) == 1:
            return word
        if vietnamese or (len(word) > 3 and _VOWELS & set(word)):
            return word.lower()
        return word

    said = _WORD.sub(written, title)
    first = _WORD.search(said)
    return said if first is None else said[: first.start()] + first.group()[:1].upper() + said[first.start() + 1 :]


def cut(text: str, size: int) -> str:
    """Cut at a word's end with an ellipsis, so that at most `size` characters remain."""
    if len(text) <= size:
        return text
    head = text[: size - 1]
    if not text[size - 1].isspace() and " " in head[size // 2 :]:
        head = head.rsplit(" ", 1)[0]
    return head.rstrip(" ,;:–-") + ELLIPSIS


def first_sentences(text: str, size: int) -> str:
    """Give as many whole sentences from the beginning as fit into `size` characters; at least one, cut if need be."""
    kept = ""
    for sentence in sentences(text, limit=20):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > size:
            break
        kept = longer
    return kept or cut(" ".join(text.split()), size)


def storable(value: object) -> object:
    """Give a decoded JSON value as PostgreSQL can keep it: without NUL and lone surrogates."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value.replace("\x00", ""))
    if isinstance(value, dict):
        return {str(storable(str(key))): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value
