"""How amounts, shares and numbers are written in each language. Amounts are Vietnamese đồng (VND)."""

from decimal import ROUND_HALF_UP, Decimal

NARROW = "\u00a0"  # no-break space: a figure and its unit stay on one line
_MARKS = {"vi": (",", "."), "en": (".", ",")}  # decimal mark, thousands mark
_SMALLEST_SHORT = 10**6
_SCALES = {
    "vi": ((Decimal(10**9), "tỷ"), (Decimal(10**6), "triệu")),
    "en": ((Decimal(10**12), "tn"), (Decimal(10**9), "bn"), (Decimal(10**6), "m")),
}


def language_of(code: str | None) -> str:
    """Give `vi` or `en` for a language code; English stands in for any other."""
    return "vi" if (code or "").startswith("vi") else "en"


def number(value: Decimal | int | float, language: str, places: int | None = None) -> str:
    """Write a number with the language's marks.

    `places` fixes the decimals (rounded half up); without it all decimals are kept and
    trailing zeros dropped.
    """
    value = Decimal(str(value))
    if places is not None:
        value = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    decimal_mark, thousands_mark = _MARKS[language]
    whole, _, fraction = f"{abs(value):f}".partition(".")
    if places is None:
        fraction = fraction.rstrip("0")
    grouped = f"{int(whole):,}".replace(",", thousands_mark)
    sign = "−" if value < 0 and (int(whole) or fraction.strip("0")) else ""
    return sign + grouped + (decimal_mark + fraction if fraction else "")


def exact(amount: Decimal | int, language: str) -> str:
    """Write the whole amount: `1.250.000.000 ₫` or `₫1,250,000,000`."""
    figure = number(amount, language, 0)
    if language == "vi":
        return f"{figure}{NARROW}₫"
    return f"−₫{figure[1:]}" if figure.startswith("−") else f"₫{figure}"


def short(amount: Decimal | int, language: str) -> str:
    """Write an amount to three significant figures: `1,25 tỷ ₫` or `₫1.25 bn`.

    Amounts under a million are written whole.
    """
    amount = Decimal(str(amount))
    size = abs(amount)
    scales = _SCALES[language]
    for unit, name in scales:
        # 999.6 million rounds to 1,000 million, which is written as one of the next unit.
        if (size < unit and _three_figures(size * 1000 / unit) < 1000) or size < _SMALLEST_SHORT:
            continue
        figure = number(_three_figures(size / unit), language)
        sign = "−" if amount < 0 else ""
        if language == "vi":
            return f"{sign}{figure}{NARROW}{name}{NARROW}₫"
        return f"{sign}₫{figure}{NARROW}{name}"
    return exact(amount, language)


def percent(value: Decimal | int | float, language: str, places: int = 2) -> str:
    """Write a percentage given on the scale 0-100: `12,5%` or `12.5%`; trailing zeros are dropped."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{number(rounded, language)}%"


def _three_figures(scaled: Decimal) -> Decimal:
    places = 2 if scaled < 10 else 1 if scaled < 100 else 0
    return scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
