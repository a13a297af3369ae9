"""The guided interview as data: what is asked, in plain words, in which unit, and which dated record answers otherwise.

An answer is {"value": [text, …], "origin": measured | owner | assumption}; numbers are text of decimals: VND (or the
currency chosen), percent 0-100, years. A code that is absent takes its default (`valuation.inputs`): a figure from a
dated row, the exchange's rule of what counts where nobody states anything (`valuation.unanswered.…`), or the listing.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Kind(enum.StrEnum):
    """What an answer looks like: one value, three from low to high, two in order of time, a choice, words, or rows."""

    MONEY = "money"
    MONEY3 = "money3"
    AMOUNT3 = "amount3"  # in the currency chosen
    PERCENT = "percent"
    PERCENT2 = "percent2"
    PERCENT3 = "percent3"
    NUMBER = "number"
    YEARS = "years"
    CHOICE = "choice"
    TEXT = "text"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `hint` explains it in one sentence; `bounds` are the least and greatest value allowed.

    `part_labels` name the values; of `rows` a table with columns (name, label, kind). `is_secret`: never disclosed.
    `without` says what happens when there is no answer and what stands in for it is nothing.
    """

    code: str
    label: Words
    hint: Words
    kind: Kind
    bounds: tuple[float, float] | None = None
    choices: tuple[tuple[str, Words], ...] = ()
    part_labels: tuple[Words, ...] = ()
    columns: tuple[tuple[str, Words, Kind], ...] = ()
    rows: int = 0
    is_secret: bool = False
    asks_origin: bool = True
    without: Words = ""

    @property
    def parts(self) -> int:
        """How many values an answer has."""
        if self.kind is Kind.ROWS:
            return len(self.columns) * self.rows
        return {Kind.MONEY3: 3, Kind.AMOUNT3: 3, Kind.PERCENT3: 3, Kind.PERCENT2: 2}.get(self.kind, 1)

    @property
    def is_ordered(self) -> bool:
        """Tell whether the values must ascend."""
        return self.kind in {Kind.MONEY3, Kind.AMOUNT3, Kind.PERCENT3}


@dataclass(frozen=True, slots=True)
class Section:
    """A step of the interview: one page, one topic."""

    slug: str
    label: Words
    lead: Words
    questions: tuple[Question, ...]


SPREAD: Final = (_("Low"), _("Most likely"), _("High"))
PERCENT_BOUNDS: Final = (0.0, 100.0)
CURRENCIES: Final = (("VND", _("Vietnamese đồng (VND)")), ("USD", _("US dollar (USD)")), ("EUR", _("Euro (EUR)")))
BASES: Final = (
    ("net_revenue", _("Net revenue: what the buyer earns from sales, after returns and discounts")),
    ("net_selling_price", _("Net selling price: the price of each product sold, without bought-in parts and taxes")),
    ("pre_tax_profit", _("Pre-tax profit: what is left of the revenue after all costs")),
)
PAYERS: Final = (("buyer", _("The buyer")), ("owner", _("We, the owner")))
YES_NO: Final = (("no", _("No")), ("yes", _("Yes")))

SECTIONS: Final = (
    Section("product", _("What is sold"), _("A few words so that everyone means the same thing."), (
        Question(
            "product", _("What will be sold with this technology?"),
            _("The product, service or saving that a customer pays for."), Kind.TEXT, asks_origin=False,
        ),
        Question(
            "buyers", _("Who pays for it?"), _("The kind of customer, and roughly how many there are."),
            Kind.TEXT, asks_origin=False,
        ),
        Question(
            "royalty_base", _("What would a royalty be a share of?"),
            _("A royalty is a part of the buyer's takings that he pays you; 5% of profit is much less than 5% of sales."),
            Kind.CHOICE, choices=BASES, asks_origin=False,
        ),
        Question(
            "selling_price_ratio", _("Of each 100 đồng of net revenue, how much is net selling price?"),
            _("Less than 100 when the product also holds bought-in parts that your technology has nothing to do with."),
            Kind.PERCENT, bounds=(1.0, 100.0),
        ),
    )),
    Section("sales", _("How much"), _("What one licensee would sell with your technology in a full, normal year."), (
        Question(
            "currency", _("In which currency are these sales?"), _("Choose the one in which customers pay."), Kind.CHOICE,
            choices=CURRENCIES, asks_origin=False,
        ),
        Question(
            "exchange_rate", _("How many đồng for one unit of that currency?"), _("Leave it empty for đồng."),
            Kind.NUMBER, bounds=(1.0, 1e6),
        ),
        Question(
            "revenue", _("Sales of one licensee in a full year"),
            _("Low is a year that disappoints, high one that goes very well; most likely is what you would bet on."),
            Kind.AMOUNT3, part_labels=SPREAD, bounds=(0.0, 1e17),
            without=_("no range can be suggested: every method that counts starts from sales."),
        ),
        Question(
            "coverage", _("Which part of these sales rests on your technology?"),
            _("100% when nobody would buy the product without it; less when it is one component among several."),
            Kind.PERCENT3, part_labels=SPREAD, bounds=PERCENT_BOUNDS,
        ),
        Question(
            "growth", _("How fast do sales grow each year after the start?"), _("0% when they stay level."),
            Kind.PERCENT, bounds=(-50.0, 50.0),
        ),
    )),
    Section("time", _("When"), _("Money that comes later is worth less today."), (
        Question(
            "launch_delay", _("In how many years does selling start?"), _("0 when it is sold already."),
            Kind.YEARS, bounds=(0.0, 15.0),
        ),
        Question(
            "ramp", _("How large are the first two years, against a full year?"), _("New products start slowly."),
            Kind.PERCENT2, part_labels=(_("First year"), _("Second year")), bounds=PERCENT_BOUNDS,
        ),
        Question(
            "economic_life", _("For how many years will customers still want it?"),
            _("Until something better replaces it; the legal life of your rights is counted by itself."),
            Kind.YEARS, bounds=(1.0, 30.0),
        ),
        Question(
            "decay", _("How much pull does it lose each year?"), _("As competitors bring alternatives to the market."),
            Kind.PERCENT3, part_labels=SPREAD, bounds=PERCENT_BOUNDS,
        ),
    )),
    Section("profit", _("What it earns"), _("What the buyer keeps, and what part of it is usual to pay."), (
        Question(
            "royalty", _("Which royalty do you think is right?"),
            _("On the base chosen in the first step. Published rates of your industry stand in when you leave it empty."),
            Kind.PERCENT3, part_labels=SPREAD, bounds=PERCENT_BOUNDS,
        ),
        Question(
            "margin", _("What is left of 100 đồng of sales as the buyer's profit before tax?"),
            _("After wages, material, rent and machines; a maker of simple goods keeps less than a software company."),
            Kind.PERCENT3, part_labels=SPREAD, bounds=(0.1, 95.0),
        ),
        Question(
            "incremental_profit", _("How much more does a buyer earn in a year with your technology than without?"),
            _("Higher price, more units or lower costs, before tax: no buyer pays more than this is worth."),
            Kind.MONEY3, part_labels=SPREAD, bounds=(0.0, 1e17),
            without=_("the most that a buyer can pay is not worked out."),
        ),
        Question(
            "use_excess", _("Does the technology carry the whole business of the buyer?"),
            _("Yes adds a method that takes the whole profit and subtracts a fair return for machines, land and cash."),
            Kind.CHOICE, choices=YES_NO, asks_origin=False,
        ),
        Question(
            "charge", _("Fair return for the buyer's other assets, of 100 đồng of sales"),
            _("What machines, buildings and working capital would earn elsewhere, before tax."),
            Kind.PERCENT3, part_labels=SPREAD, bounds=PERCENT_BOUNDS,
        ),
    )),
    Section("chance", _("How sure"), _("What still has to work out, and what it costs until selling can start."), (
        Question(
            "success", _("How likely is it that it reaches the market at all?"),
            _("Judged by readiness level when you leave it empty. Leave it empty too when you fill in the steps below."),
            Kind.PERCENT3, part_labels=SPREAD, bounds=PERCENT_BOUNDS,
        ),
        Question(
            "stages", _("Steps that still lie before the first sale"),
            _("Such as pilot, trial, approval: when it starts, what it costs, how likely it succeeds."), Kind.ROWS,
            columns=(
                ("years", _("Starts in how many years"), Kind.YEARS), ("cost", _("Cost (VND)"), Kind.MONEY),
                ("chance", _("Chance of success (%)"), Kind.PERCENT),
            ), rows=4, without=_("no cost before the first sale is counted."),
        ),
        Question(
            "launch_cost", _("What does the start of production cost?"),
            _("Machines, moulds, training, marketing: spent only if the steps before succeed."),
            Kind.MONEY3, part_labels=SPREAD, bounds=(0.0, 1e17), without=_("no cost before the first sale is counted."),
        ),
        Question(
            "payer", _("Who pays these costs?"), _("Whoever pays can give or ask less."), Kind.CHOICE, choices=PAYERS,
            asks_origin=False,
        ),
    )),
    Section("past", _("What it cost"), _("What was spent so far: for comparison, never the value itself."), (
        Question(
            "past_costs", _("What did research and development cost, year by year?"),
            _("Wages, material, machines, fees; earlier years are brought to today's prices."), Kind.ROWS,
            columns=(("year", _("Year"), Kind.NUMBER), ("cost", _("Spent (VND)"), Kind.MONEY)), rows=6,
            without=_("the cost method is left out; the range stays the same."),
        ),
        Question(
            "overhead", _("Overhead on top of these costs"), _("Administration, buildings, electricity of the institute."),
            Kind.PERCENT, bounds=(0.0, 200.0),
        ),
        Question(
            "obsolescence_functional", _("How much of it works less well than what one would build today?"),
            _("Functional obsolescence: 0% when you would build it the same way again."),
            Kind.PERCENT, bounds=PERCENT_BOUNDS,
        ),
        Question(
            "obsolescence_technological", _("How much did newer technology take away from it?"),
            _("Technological obsolescence: 0% when nothing newer does the same."),
            Kind.PERCENT, bounds=PERCENT_BOUNDS,
        ),
        Question(
            "obsolescence_economic", _("How much did the market take away from it?"),
            _("Economic obsolescence: 0% when demand and rules are as good as when the work began."),
            Kind.PERCENT, bounds=PERCENT_BOUNDS,
        ),
    )),
    Section("terms", _("Money and terms"), _("What a buyer reckons with, and what you would do otherwise."), (
        Question(
            "specific_premium", _("Extra risk of this buyer or market, on top of the discount rate"),
            _("The discount rate is the yearly return a buyer wants; add only what is special, not technical failure."),
            Kind.PERCENT3, part_labels=SPREAD, bounds=(0.0, 30.0),
        ),
        Question(
            "tax", _("Income tax of the buyer"), _("20%, or 15 to 17% for small companies, or less with an incentive."),
            Kind.PERCENT, bounds=(0.0, 50.0),
        ),
        Question(
            "tab_life", _("Over how many years may the buyer write the purchase off?"),
            _("The tax he saves makes a purchase worth a little more; leave it empty for a licence."),
            Kind.YEARS, bounds=(1.0, 30.0), without=_("no such saving is counted."),
        ),
        Question(
            "deals", _("Deals you know of for something alike"),
            _("The royalty on net revenue, its year, and whether it was exclusive. Only you and the exchange read these, and whoever you hand a report to."),
            Kind.ROWS, columns=(
                ("rate", _("Royalty (%)"), Kind.PERCENT), ("year", _("Year"), Kind.NUMBER),
                ("exclusive", _("Exclusive (yes or no)"), Kind.CHOICE),
            ), rows=4, choices=YES_NO, is_secret=True, without=_("only published figures are compared."),
        ),
        Question(
            "other_capital", _("For a joint company: what would the other partners bring?"),
            _("Money, land, machines in đồng; then your share of the company can be worked out."),
            Kind.MONEY, bounds=(0.0, 1e17), without=_("no share of a company is worked out."),
        ),
        Question(
            "walk_away", _("What would you have without this deal?"),
            _("Your next best offer, or what you would earn by using it yourself. Nobody outside your organisation reads this."),
            Kind.MONEY, bounds=(0.0, 1e17), is_secret=True,
            without=_("the least you should accept follows from the range alone."),
        ),
    )),
)  # fmt: skip

QUESTIONS: Final[Mapping[str, Question]] = {
    question.code: question for section in SECTIONS for question in section.questions
}
ORIGINS: Final = (
    ("measured", _("I have it in writing")),
    ("owner", _("My own estimate")),
    ("assumption", _("A guess")),
)


def section(slug: str) -> Section | None:
    """Give the step of that name, or None."""
    return next((one for one in SECTIONS if one.slug == slug), None)


def is_asked(question: Question, currency: str) -> bool:
    """Tell whether a question makes sense in a currency: nobody is asked what a đồng costs in đồng."""
    return question.code != "exchange_rate" or currency != "VND"


def rows_of(question: Question, answer: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Give the filled rows of an answer as text by column."""
    values = list((answer or {}).get("value", []))
    names = [name for name, _label, _kind in question.columns]
    width = len(names)
    rows = [dict(zip(names, values[i : i + width], strict=True)) for i in range(0, len(values), width)]
    return [row for row in rows if any(row.values())]
