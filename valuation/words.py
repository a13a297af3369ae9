"""Names and one-line explanations of inputs, methods, reasons and grades."""

from django.utils.translation import gettext_lazy as _

from valuation.methods.reconcile import POOLED_RULE, POOLING
from valuation.methods.simulation import QUANTILE_RULE
from valuation.methods.statement import (
    COMPARABLE_PRICES,
    COMPARABLE_ROYALTIES,
    COST,
    EXCESS,
    INCREMENTAL,
    OPTION,
    RELIEF,
    STAGED,
)
from valuation.models import Reason

#: Name of each input, and in a line what it is.
INPUTS = {
    "revenue": (_("Yearly revenue of a licensee"), _("In a full year, net sales")),
    "coverage": (_("Part that rests on the technology"), _("Of the revenue stated")),
    "royalty": (_("Royalty"), _("Of net sales; quarter, middle and three quarters of published rates")),
    "success": (_("Chance of reaching the market"), _("By readiness level")),
    "launch_delay": (_("Time to the first sales"), _("By readiness level")),
    "ramp": (_("Start of sales"), _("First, second and later years, of a full year")),
    "legal_life": (_("Legal life left"), _("Of the IP right that ends first")),
    "economic_life": (_("Economic life"), _("The shorter of the two lives counts")),
    "risk_free": (_("Risk-free rate"), ""),
    "equity_risk_premium": (_("Equity risk premium"), ""),
    "size_premium": (_("Premium for a small company"), ""),
    "discount_rate": (_("Discount rate"), _("Sum of the three above; technical failure is in the chance, not here")),
    "decay": (_("Yearly loss of pull"), _("As alternatives come")),
    "tax": (_("Corporate income tax"), ""),
    "comparable_royalty": (_("Royalty in the published figures"), ""),
    "comparable_price": (_("Price in comparable sales"), ""),
    "margin": (_("Buyer's profit before tax"), _("Of net sales")),
    "charge": (_("Return for the buyer's other assets"), _("Of net sales, before tax")),
    "selling_price_ratio": (_("Net selling price"), _("Of net revenue")),
    "growth": (_("Growth of sales"), _("A year, after the start")),
    "exchange_rate": (_("Exchange rate"), _("Đồng for one unit of the currency stated")),
    "stages": (_("Cost of the steps before the first sale"), _("Each weighted by the chance of getting there")),
    "launch_cost": (_("Cost of starting production"), _("Spent only if the steps before succeed")),
    "incremental_profit": (_("Buyer's extra profit a year"), _("With the technology against without, before tax")),
    "specific_premium": (_("Extra risk of this buyer or market"), ""),
    "tab_life": (_("Years of writing off"), _("The tax saved raises the value a little")),
    "cost": (_("Cost to have it again"), _("Past costs at today's prices, less obsolescence")),
    "overhead": (_("Overhead"), _("On past direct costs")),
    "obsolescence_functional": (_("Functional obsolescence"), ""),
    "obsolescence_technological": (_("Technological obsolescence"), ""),
    "obsolescence_economic": (_("Economic obsolescence"), ""),
    "other_capital": (_("What other partners would bring"), _("To a joint company")),
}  # fmt: skip
ORIGINS = {
    "measured": (_("Documented"), "info"),
    "owner": (_("From the owner"), "info"),
    "default": (_("Default"), "neutral"),
    "assumption": (_("Assumption"), "waiting"),
}
NOTES = {
    "computed_end": _("The end was computed from the filing date."),
    "unprotected": _("No registered right is in force."),
    "built_up": _("Built up from its parts."),
    "all_industries": _("All industries: the owner chose none."),
    "industry_quartiles": _("Quartiles of the industry."),
    "product_of_stages": _("The chances of all steps multiplied."),
    "other_base": _("Converted from the base that the owner chose."),
    "at_todays_prices": _("At today's prices with overhead and developer's profit."),
    "industry_middle": _("Middle of the industry with the spread of all industries."),
}
#: Sources that are words rather than a citation.
SOURCES = {
    "Judgement of the exchange, no accepted published table": _(
        "Judgement of the exchange, no accepted published table"
    ),
    "Law 67/2025/QH15 art. 10": _("Law 67/2025/QH15 art. 10"),
    "10-year government bond, order of magnitude": _("10-year government bond, order of magnitude"),
    "Build-up practice for small companies": _("Build-up practice for small companies"),
    "Damodaran, country risk premiums (ctryprem), order of magnitude 2025": _(
        "Damodaran, country risk premiums (ctryprem), order of magnitude 2025"
    ),
    "RoyaltyStat blog, 23 March 2016": _("RoyaltyStat blog, 23 March 2016"),
    "Goldscheider, Jarosz & Mulhern, les Nouvelles, December 2002": _(
        "Goldscheider, Jarosz & Mulhern, les Nouvelles, December 2002"
    ),
    "RoyaltyStat blog, 12 April 2016": _("RoyaltyStat blog, 12 April 2016"),
    "RoyaltyStat blog, 7 March 2016": _("RoyaltyStat blog, 7 March 2016"),
    "AUTM FY2011, ipwatchdog.com, 10 December 2012": _("AUTM FY2011, ipwatchdog.com, 10 December 2012"),
    "ideanav.co.za, Royalty rates: mean over 42 surveys": _("ideanav.co.za, Royalty rates: mean over 42 surveys"),
    "ktMINE blog; BVWire 186-3": _("ktMINE blog; BVWire 186-3"),
    "Wikipedia, Royalty payment: industry averages": _("Wikipedia, Royalty payment: industry averages"),
    "Yearly consumer prices (General Statistics Office), from memory": _(
        "Yearly consumer prices (General Statistics Office), from memory"
    ),
    "Published rule of the grade": _("Published rule of the grade"),
    "Rule of the exchange for showing a price": _("Rule of the exchange for showing a price"),
    "Rule of the exchange: what nobody states is not counted": _(
        "Rule of the exchange: what nobody states is not counted"
    ),
    "Convention of the exchange for what nobody chose": _("Convention of the exchange for what nobody chose"),
    "Order of magnitude of the central rate 2026": _("Order of magnitude of the central rate 2026"),
}
#: Published figures that belong to no industry, and what is noted beside figures.
RATES = {
    "ALL": _("All industries"),
    "ALL industries (net sales, unrelated)": _("All industries (net sales, unrelated parties)"),
    "Utility patents (two high-tech industries)": _("Patents of invention (two high-tech industries)"),
    "University licences, 8 US universities": _("University licences, 8 universities in the United States"),
    "University running royalties (AUTM FY2011)": _("Running royalties of universities (AUTM, fiscal year 2011)"),
}
RATE_NOTES = {
    "Sum of the industry counts agrees with the total": _("Sum of the industry counts agrees with the total"),
    "The number of patents in the licence makes no difference to the median": _(
        "The number of patents in the licence makes no difference to the median"
    ),
    "Least and most are averages by university, not single rates": _(
        "Least and most are averages by university, not single rates"
    ),
    "Weighted by sales: 662 m over 37 bn USD": _("Weighted by sales: 662 m over 37 bn USD"),
    "n counts surveys, not licences": _("n counts surveys, not licences"),
    "Same licences as Goldscheider 2002; not counted again": _("Same licences as Goldscheider 2002; not counted again"),
    "Range read as 3 to 5; the scan is unclear": _("Range read as 3 to 5; the scan is unclear"),
}
METHODS = {
    RELIEF: (
        _("Relief from royalty"),
        _("What the licensee would otherwise pay in royalties, after tax, over the remaining life."),
    ),
    COMPARABLE_ROYALTIES: (
        _("Comparable royalties"),
        _("The same with published royalty figures of the industry, of universities and of all industries."),
    ),
    COMPARABLE_PRICES: (_("Comparable prices"), _("What was paid for something alike.")),
    STAGED: (
        _("Staged development (rNPV)"),
        _("The royalties less the costs still to come, each weighted by the chance of getting that far."),
    ),
    EXCESS: (
        _("Excess earnings"),
        _("The buyer's profit from it, less a fair return for his machines, buildings and cash."),
    ),
    INCREMENTAL: (_("Buyer's extra profit"), _("What a buyer gains in all: the most that he can pay.")),
    COST: (
        _("Cost to have it again"),
        _("What it would cost today to develop it anew, less obsolescence: a yardstick, not a limit."),
    ),
    OPTION: (
        _("Right to wait"),
        _("What it is worth to hold the technology and decide later whether to spend the costs to come."),
    ),
}
PARTS = {
    "data": _("Inputs measured or stated rather than assumed"),
    "comparables": _("Number and likeness of comparables"),
    "agreement": _("Agreement of the methods"),
    "readiness": _("Readiness of the technology"),
    "dispersion": _("Narrowness of the result"),
    "indicators": _("Patent indicators"),
}
GRADES = {
    "A": _("Well supported"), "B": _("Fairly supported"), "C": _("Weakly supported"),
    "D": _("Hardly supported"),
}  # fmt: skip
GRADE_TONES = {"A": "verified", "B": "verified", "C": "waiting", "D": "danger"}
#: Reasons that the owner mends by answering more.
MENDED_BY_OWNER = {Reason.NO_REVENUE, Reason.NO_TRL}
#: Why a method counts as it does, or could not be used.
RUNGS = {
    "weighted": _("Counted with its weight."),
    "no_weight": _("Shown, not counted."),
    "buyer_ceiling": _("Shown, not counted: it is the buyer's ceiling, not a price."),
    "cost_floor": _("Shown, not counted: cost is a yardstick, not what it is worth in use."),
    "value_of_waiting": _("Shown, not counted: it tells what flexibility adds."),
    "too_few_comparables": _("Not used: too few figures to compare with."),
    "no_prices": _("Not used: no sale of something alike is known."),
    "no_costs_to_come": _("Not used: no steps or costs before the first sale were stated."),
    "not_asked": _("Not used: the technology does not carry the buyer's whole business."),
    "no_extra_profit": _("Not used: the buyer's extra profit was not stated."),
    "no_past_costs": _("Not used: past costs were not stated."),
    "nothing_to_wait_for": _("Not used: there is no cost left to decide about."),
}
FORMS = {
    "share of net selling price": (_("Share of the net selling price"), _("Paid as products are sold")),
    "share of net revenue": (_("Share of net revenue"), _("Paid as sales come in")),
    "share of pre-tax profit": (_("Share of pre-tax profit"), _("Paid only when the buyer earns")),
}
#: Rules that a reader needs to reproduce a number.
CONVENTIONS = {
    POOLING: _("linear opinion pool: a mixture of the methods' distributions by their stated weights"),
    "mid-year": _("mid-year"),
    "end-year": _("end-year"),
    "pseudo-random SFC64": _("pseudo-random SFC64"),
    POOLED_RULE: _("inverse of the pooled distribution, midpoint positions"),
    QUANTILE_RULE: _("midpoint positions, linear between order statistics (Hyndman-Fan 5)"),
}
#: Units and distributions in a workbook.
UNITS = {"fraction": _("fraction"), "years": _("years")}
SHAPES = {
    "fixed": _("fixed"), "triangular": _("triangular"), "pert": _("PERT"), "lognormal": _("lognormal"),
}  # fmt: skip
#: Which rule sets the least that the owner should accept.
LEAST = {
    "quarter": _("It is a quarter of the way through the range (P25): three of four simulations are worth more."),
    "state_money": _("It is the part of state money in what you, a public owner, spent on it."),
    "alternative": _("It is what you would have without this deal, as you answered in the questions."),
    "standing": _("It is what the exchange takes an owner to have without a deal where he does not say."),
}
#: Inputs whose figure is an amount in VND.
AMOUNTS = {"revenue", "comparable_price", "incremental_profit", "cost", "launch_cost", "development_cost"}
