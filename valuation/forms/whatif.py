"""What is moved in the what-if panel, and a buyer's own figures."""

import math
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from listings.forms.inputs import MoneyField, PercentField
from marketplace.kit.forms import Form
from valuation.forms.interview import FigureField
from valuation.methods.reconcile import round_significant
from valuation.whatif import LEVERS


def sliders(middles: dict[str, float], query: QueryDict) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Give the sliders with what was asked, and the levers that were moved (values in VND, fractions, years).

    A slider sends percent for fractions. What is no number, or lies outside, leaves the lever where it stands and says
    so; a slider that stands within half a step of the middle was not moved.
    """
    rows: list[dict[str, Any]] = []
    moved: dict[str, float] = {}
    for name, (unit, least, most) in LEVERS.items():
        scale = 100.0 if unit == "fraction" else 1.0
        middle = middles[name] * scale
        low, high, step = _reach(name, middle)
        value = middle
        problem: Any = ""
        if name in query:
            try:
                asked = float(str(query[name]).replace(",", "."))
            except ValueError:
                asked = math.nan
            if not least * scale <= asked <= most * scale:
                problem = _("This is no number that fits here.")
            else:
                value = asked
        if abs(value - middle) > step / 2:
            moved[name] = value / scale
        else:
            value = middle
        rows.append({
            "name": name, "unit": unit, "value": value, "shown": value / scale, "middle": middles[name],
            "min": low, "max": max(high, value), "step": step, "problem": problem, "typed": query.get(name, ""),
            "is_moved": name in moved,
        })  # fmt: skip
    return rows, moved


def _reach(name: str, middle: float) -> tuple[float, float, float]:
    """Give least, greatest and step of a slider, as its unit is written."""
    if name == "revenue":
        step = round_significant(middle / 40, 1) or 1e6
        return 0.0, step * 160, step
    return {
        "coverage": (0.0, 100.0, 1.0),
        "royalty": (0.0, max(20.0, math.ceil(middle * 2)), 0.1),
        "success": (0.0, 100.0, 1.0),
        "discount_rate": (4.0, max(40.0, math.ceil(middle)), 0.5),
        "launch_delay": (0.0, 10.0, 1.0),
        "economic_life": (1.0, 25.0, 1.0),
    }[name]


class MaximumForm(Form):
    """A buyer's own figures; only the extra profit is needed."""

    profit_low = MoneyField(label=_("Low (VND)"))
    profit_mode = MoneyField(label=_("Most likely (VND)"), required=True)
    profit_high = MoneyField(label=_("High (VND)"))
    start_cost = MoneyField(
        label=_("What you must spend before you can sell (VND)"), help_text=_("Machines, trials, approvals, training.")
    )
    rate = PercentField(
        label=_("The yearly return you want (%)"),
        help_text=_("Leave it empty for the exchange's rate for a small company."),
    )
    years = FigureField(label=_("For how many years you would use it"), help_text=_("At most 30."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        mode = cleaned.get("profit_mode")
        if mode is None:
            return cleaned
        low, high = cleaned.get("profit_low"), cleaned.get("profit_high")
        if not (low if low is not None else mode) <= mode <= (high if high is not None else mode):
            self.add_error("profit_low", ValidationError(_("The figures must rise from low to high."), code="order"))
        for name, least, most in (
            ("rate", 1, 100),
            ("years", 1, 30),
            ("start_cost", 0, 10**17),
            ("profit_mode", 0, 10**17),
        ):
            value = cleaned.get(name)
            if value is not None and not least <= value <= most:
                message = _("Give a number from %(low)s to %(high)s.") % {"low": least, "high": most}
                self.add_error(name, ValidationError(message, code="bounds"))
        if low is not None and low < 0:
            self.add_error("profit_low", ValidationError(_("Give no negative figure."), code="bounds"))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """Give the arguments of `whatif.buyers_maximum`."""
        given = self.cleaned_data
        mode = float(given["profit_mode"])
        low = mode if given["profit_low"] is None else float(given["profit_low"])
        high = mode if given["profit_high"] is None else float(given["profit_high"])
        return {
            "extra_profit": (low, mode, high),
            "start_cost": None if given["start_cost"] is None else float(given["start_cost"]),
            "rate": None if given["rate"] is None else float(given["rate"]) / 100,
            "years": None if given["years"] is None else float(given["years"]),
        }
