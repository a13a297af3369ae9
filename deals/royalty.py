"""The royalty of a statement: numbers in, numbers out, every step recorded. No Django.

Bases by Decree 76/2018/ND-CP, article 4:
net selling price = invoiced sales - VAT - excise - export duty - bought-in parts - packaging - transport - advertising;
net revenue = sales - trade discounts - sales allowances - returned goods;
profit before tax = net revenue - reasonable costs of making the products with the technology (a loss counts as zero).

Royalty = base x rate, rounded once to whole VND (`ledger.money.percent_of`). The last statement of a contract year
tops the year's royalties up to the minimum of the year. Where the top-up was charged without that statement, because
it did not come, every later statement of the year asks for what the year then comes to (its royalties, at least the
minimum) less what was asked for already: `top_up` adds to the royalty, `credit` takes off it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ledger.money import percent_of

ZERO = Decimal(0)
NET_SELLING_PRICE, NET_REVENUE, PRETAX_PROFIT = "net_selling_price", "net_revenue", "pretax_profit"
#: Kinds of deductions that each base knows, in the order in which they are taken off.
DEDUCTIONS = {
    NET_SELLING_PRICE: ("vat", "excise", "export_duty", "bought_in_parts", "packaging", "transport", "advertising"),
    NET_REVENUE: ("trade_discounts", "allowances", "returns"),
    PRETAX_PROFIT: ("trade_discounts", "allowances", "returns", "costs"),
}


class StatementInvalid(ValueError):
    """What was declared cannot be computed. `problems`: name of the figure -> code of the problem.

    Codes: negative, broken (not whole VND), unknown (a deduction that the base does not know), exceeds_sales.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(str(dict(problems)))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Declared:
    """What the computation starts from. Money in whole VND, the rate in percent.

    `earlier_in_year`: royalties of the earlier statements of the contract year. `minimum_annual` is looked at only by
    the statement that closes the year, and by all when `charged`, a top-up without a statement, is not zero; then the
    royalties and the amounts of all other statements of the year count, too.
    """

    base: str
    gross_sales: Decimal
    deductions: Mapping[str, Decimal]
    rate_pct: Decimal
    minimum_annual: Decimal = ZERO
    earlier_in_year: Decimal = ZERO
    closes_year: bool = False
    charged: Decimal = ZERO
    other_royalties: Decimal = ZERO
    other_amounts: Decimal = ZERO


@dataclass(frozen=True)
class Step:
    """One line of the computation: `code` says what it is, `kind` which deduction, `value` in VND (`rate`: percent)."""

    code: str
    value: Decimal
    kind: str = ""


@dataclass(frozen=True)
class Royalty:
    """The result in whole VND: `amount` = `royalty` + `top_up` - `credit`."""

    base_amount: Decimal
    royalty: Decimal
    top_up: Decimal
    amount: Decimal
    steps: tuple[Step, ...]
    credit: Decimal = ZERO


def problems_of(declared: Declared) -> dict[str, str]:
    """Give what is wrong with the figures: name -> code. Empty when they can be computed."""
    found: dict[str, str] = {}
    figures = {"gross_sales": declared.gross_sales, **declared.deductions}
    for name, value in figures.items():
        if name != "gross_sales" and name not in DEDUCTIONS[declared.base]:
            found[name] = "unknown"
        elif value < 0:
            found[name] = "negative"
        elif value != value.to_integral_value():
            found[name] = "broken"
    if not found:
        off_sales = sum((value for name, value in declared.deductions.items() if name != "costs"), ZERO)
        if off_sales > declared.gross_sales:
            found["gross_sales"] = "exceeds_sales"
    return found


def compute(declared: Declared) -> Royalty:
    """Compute the royalty with every step. Raises StatementInvalid for figures that make no sense."""
    problems = problems_of(declared)
    if problems:
        raise StatementInvalid(problems)
    steps = [Step("gross_sales", declared.gross_sales)]
    base = declared.gross_sales
    for kind in DEDUCTIONS[declared.base]:
        value = declared.deductions.get(kind, ZERO)
        if kind == "costs":
            steps.append(Step("net_revenue", base))
        if value:
            steps.append(Step("deduction", -value, kind))
            base -= value
    if base < 0:
        steps.append(Step("loss", base))
        base = ZERO
    royalty = percent_of(base, declared.rate_pct)
    steps += [Step("base", base, declared.base), Step("rate", declared.rate_pct), Step("royalty", royalty)]
    top_up = credit = ZERO
    if declared.charged:
        year = declared.other_royalties + royalty
        asked = declared.other_amounts + declared.charged
        left = max(max(year, declared.minimum_annual) - asked, ZERO)
        top_up, credit = max(left - royalty, ZERO), max(royalty - left, ZERO)
        steps += [Step("year", year), Step("minimum", declared.minimum_annual), Step("asked", asked)]
    elif declared.closes_year and declared.minimum_annual:
        year = declared.earlier_in_year + royalty
        top_up = max(declared.minimum_annual - year, ZERO)
        steps += [
            Step("earlier", declared.earlier_in_year),
            Step("year", year),
            Step("minimum", declared.minimum_annual),
            Step("top_up", top_up),
        ]
    amount = royalty + top_up - credit
    steps.append(Step("amount", amount))
    return Royalty(base, royalty, top_up, amount, tuple(steps), credit)


def as_record(declared: Declared, result: Royalty) -> dict[str, Any]:
    """Give inputs and steps as JSON can hold them; amounts as text, so that no digit is lost."""
    return {
        "base": declared.base,
        "gross_sales": str(declared.gross_sales),
        "deductions": {kind: str(value) for kind, value in sorted(declared.deductions.items())},
        "rate_pct": str(declared.rate_pct),
        "minimum_annual": str(declared.minimum_annual),
        "earlier_in_year": str(declared.earlier_in_year),
        "closes_year": declared.closes_year,
        "charged": str(declared.charged),
        "other_royalties": str(declared.other_royalties),
        "other_amounts": str(declared.other_amounts),
        "steps": [{"code": step.code, "kind": step.kind, "value": str(step.value)} for step in result.steps],
    }


def from_record(record: Mapping[str, Any]) -> Declared:
    """Give what a stored computation started from, as `as_record` kept it."""
    return Declared(
        base=record["base"],
        gross_sales=Decimal(record["gross_sales"]),
        deductions={kind: Decimal(value) for kind, value in record["deductions"].items()},
        rate_pct=Decimal(record["rate_pct"]),
        minimum_annual=Decimal(record["minimum_annual"]),
        earlier_in_year=Decimal(record["earlier_in_year"]),
        closes_year=record["closes_year"],
        charged=Decimal(record.get("charged", 0)),
        other_royalties=Decimal(record.get("other_royalties", 0)),
        other_amounts=Decimal(record.get("other_amounts", 0)),
    )


def recompute(record: Mapping[str, Any]) -> Royalty:
    """Compute again from what `as_record` kept: an auditor's check of a stored statement."""
    return compute(from_record(record))
