"""Rules in words: what a code is called, its value with its unit, and the groups of the list."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from marketplace.kit import money
from rules.models import Rule

#: Groups of the public list by how a code begins; the first that fits. The last takes the rest.
GROUPS = (
    (("tax.",), _("Tax")),
    (("inventor.", "author.", "intermediary.", "profit."), _("Shares of inventors, authors and intermediaries")),
    (("registration.",), _("Registration of contracts")),
    (("ip.",), _("Intellectual property")),
    (("valuation.risk_free", "valuation.equity_risk_premium.", "valuation.size_premium."), _("Cost of capital")),
    (("valuation.royalty.", "valuation.comparables.", "valuation.similarity."), _("Royalties and comparables")),
    (("valuation.success.", "valuation.launch_delay.", "valuation.ramp."), _("Chance and time to market")),
    (("valuation.grade.",), _("Grade of a suggested range")),
    (("valuation.unanswered.",), _("What counts where nobody answers")),
    (("valuation.",), _("Other inputs of a suggested range")),
    (("appraisal.",), _("Certificates of valuation firms")),
    (("closed_deals.",), _("Privacy of published figures")),
    (("calendar.",), _("Public holidays")),
    (("",), _("Operating rules")),
)
NAMES = {
    "tax.cit.standard": _("Corporate income tax, standard rate"),
    "tax.cit.small": _("Corporate income tax, small companies"),
    "tax.cit.medium": _("Corporate income tax, medium companies"),
    "tax.cit.small.ceiling": _("Revenue up to which a company counts as small"),
    "tax.cit.medium.ceiling": _("Revenue up to which a company counts as medium"),
    "tax.fct.royalty": _("Contractor tax on royalties of a foreign supplier"),
    "payment.late.interest": _("Interest on late payment, a year"),
    "tax.vat.technology_transfer": _("Value added tax on technology transfer"),
    "inventor.licence.share": _("Inventors' share of a licence payment"),
    "inventor.use.share": _("Inventors' share of the profit from use"),
    "author.state.share": _("Authors' share, state-funded results"),
    "author.state.share.assigned_from": _("Authors' share: for tasks assigned from"),
    "intermediary.share": _("Intermediary's share"),
    "profit.rest.research.share": _("Share of the rest for research"),
    "registration.deadline": _("Time to file a registration"),
    "registration.processing": _("Time the authority has"),
    "registration.fee.rate": _("Registration fee, rate"),
    "registration.fee.min": _("Registration fee, least"),
    "registration.fee.max": _("Registration fee, most"),
    "ip.patent.term": _("Term of a patent"),
    "ip.utility_solution.term": _("Term of a utility solution patent"),
    "ip.novelty.grace": _("Grace period for novelty"),
    "valuation.risk_free": _("Risk-free rate"),
    "valuation.equity_risk_premium": _("Equity risk premium"),
    "valuation.size_premium": _("Premium for a small company"),
    "valuation.coverage": _("Part that rests on the technology"),
    "valuation.decay": _("Yearly loss of pull"),
    "valuation.economic_life": _("Economic life"),
    "valuation.economic_life.unprotected": _("Economic life without a registered right"),
    "valuation.most_spread": _("Most that methods may differ"),
    "valuation.royalty.fallback": _("Royalty, all industries"),
    "valuation.ramp.year1": _("Sales in the first year, of a full year"),
    "valuation.ramp.year2": _("Sales in the second year, of a full year"),
    "calendar.holiday": _("Public holidays"),
    "calendar.complete": _("Years whose public holidays are all entered"),
    "closed_deals.k": _("Least number of closed deals in a group"),
    "closed_deals.most_share": _("Largest part of one organisation in a group"),
    "closed_deals.patience": _("Quarters that deals wait for deals like them"),
    "closed_deals.distinct": _("Least number of different bands in a group"),
    "valuation.comparables.half_life": _("Age at which a comparable counts half"),
    "valuation.comparables.minimum": _("Least number of comparables"),
    "valuation.example.revenue": _("Yearly sales from which an outsider's what-if starts: an example"),
    "valuation.unanswered.revenue": _("Where nobody states it: sales of a licensee"),
    "valuation.unanswered.incremental_profit": _("Where nobody states it: the buyer's extra profit"),
    "valuation.unanswered.stages": _("Where nobody states it: cost of the steps before the first sale"),
    "valuation.unanswered.launch_cost": _("Where nobody states it: cost of starting production"),
    "valuation.unanswered.past_costs": _("Where nobody states it: past cost of research and development"),
    "valuation.unanswered.tab_life": _("Where nobody states it: years of writing off"),
    "valuation.unanswered.other_capital": _("Where nobody states it: what other partners would bring"),
    "valuation.unanswered.walk_away": _("Where nobody states it: what the owner has without the deal"),
    "valuation.unanswered.trl": _("Where nobody states it: readiness level"),
    "valuation.unanswered.currency": _("Where nobody chooses: currency of the sales"),
    "valuation.unanswered.royalty_base": _("Where nobody chooses: base of a royalty"),
    "valuation.unanswered.use_excess": _("Where nobody chooses: whether the technology carries the whole business"),
    "valuation.unanswered.payer": _("Where nobody chooses: who pays until selling starts"),
    "valuation.comparables.unknown_age": _("Age of a comparable without a date"),
    "valuation.adjust.exclusive": _("Exclusive against non-exclusive"),
    "valuation.instalment.1": _("First instalment, of the whole"),
    "valuation.instalment.2": _("Second instalment, of the whole"),
    "valuation.instalment.3": _("Third instalment, of the whole"),
    "valuation.proposal.signing": _("Proposed without a price: part due on signing"),
    "valuation.proposal.milestone": _("Proposed without a price: part due after the first year of sales"),
    "valuation.charge": _("Charge for the buyer's other assets"),
    "valuation.developer_profit": _("Developer's profit"),
    "appraisal.reminder": _("Reminder before a certificate ends"),
    "appraisal.state_capital.required": _("Certificate before signing, with state capital"),
    "appraisal.state_capital.purpose": _("Certificate for its own purpose and deal only, with state capital"),
    "appraisal.state_capital.scope": _("Certificate for the right and term of the contract only, with state capital"),
    "appraisal.state_funding.over": _("Certificate from this share of state funding"),
    "appraisal.validity.max": _("Longest validity of a certificate"),
    "match.push.cap": _("How often one listing is put forward"),
    "match.push.days": _("Period of that cap"),
    "match.push.places": _("Matches put forward"),
    "match.push.new_days": _("How long a listing counts as new"),
    "match.push.new_places": _("Places kept for new listings"),
    "match.push.least": _("Least probability with which a match is put forward"),
    "match.learn.taken": _("Pairs taken up before matching learns from them"),
    "match.learn.demands": _("Demands behind them, at least"),
    "match.learn.organisations": _("Companies behind them, at least"),
    "match.learn.most_share": _("Largest part of one company in them"),
    "match.learn.growth": _("Growth of the answers before matching learns anew"),
    "match.learn.place_slope": _("How fast places of a list are looked at less"),
    "obligation.reminder.first": _("First reminder before a due date"),
    "obligation.reminder.second": _("Second reminder before a due date"),
    "obligation.report.days": _("Time for the yearly report"),
    "review.answer": _("Time to answer a submission"),
    "access.invitation.days": _("How long an invitation to a role waits"),
    "access.invitation.most": _("Most invitations of one organisation that wait or were made within a day"),
    "privacy.invitation.days": _("How long the address of an ended invitation is kept"),
    "privacy.contract.keep": _("How long the papers of an ended deal keep the names of its people"),
    "privacy.request.answer": _("Time to answer a request about personal data"),
    "privacy.request.restrict": _("Time to stop the use of personal data"),
    "access.token.days": _("How long an API token works"),
    "obligation.horizon": _("How far ahead obligations are generated"),
}  # fmt: skip
ENDS = {
    "low": _("low"), "mode": _("most likely"), "high": _("high"), "q1": _("lower quartile"), "median": _("median"),
    "q3": _("upper quartile"), "observations": _("number of observations"), "max": _("highest"),
}  # fmt: skip
#: Rules that are words.
TEXTS = {
    "not_subject": _("Not subject to it"), "net_revenue": _("Net revenue"), "net_selling_price": _("Net selling price"),
    "pre_tax_profit": _("Pre-tax profit"), "buyer": _("The buyer"), "owner": _("The owner"), "no": _("No"),
    "yes": _("Yes"),
}  # fmt: skip
#: Rules that are one of some words; the program knows no others.
CHOICES = {
    "valuation.unanswered.currency": ("VND", "USD", "EUR"),
    "valuation.unanswered.royalty_base": ("net_revenue", "net_selling_price", "pre_tax_profit"),
    "valuation.unanswered.use_excess": ("no", "yes"),
    "valuation.unanswered.payer": ("buyer", "owner"),
}
STEMS = {
    "valuation.success.": _("Chance of reaching the market"),
    "valuation.launch_delay.": _("Time to the first sales"),
    "valuation.grade.": _("Grade of a suggested range"),
    "valuation.similarity.": _("Likeness of a published royalty figure"),
    "valuation.weight.": _("Weight of a method"),
}  # fmt: skip


def name_of(code: str) -> str:
    """Give what a code is called in the reader's language; the code itself where there is no name."""
    if code in NAMES:
        return str(NAMES[code])
    stem, _dot, end = code.rpartition(".")
    if end in ENDS and stem in NAMES:
        return f"{NAMES[stem]}, {ENDS[end]}"
    for start, label in STEMS.items():
        if code.startswith(start):
            rest = [str(ENDS.get(part, part.upper() if part.startswith("trl") else part.replace("_", " ")))
                    for part in code.removeprefix(start).split(".")]  # fmt: skip
            return f"{label}: {', '.join(rest)}"
    return code


#: What the sources of the rules are made of, in the order in which it is looked for.
_CITED = (
    ("Announcement of the Ministry of Home Affairs of December 2025 (number to be confirmed)", _("Announcement of the Ministry of Home Affairs of December 2025 (number to be confirmed)")),
    ("Announcement of the Ministry of Home Affairs of October 2025", _("Announcement of the Ministry of Home Affairs of October 2025")),
    ("announcement of the Ministry of Home Affairs of October 2025", _("announcement of the Ministry of Home Affairs of October 2025")),
    ("Announcement 6150/TB-BLDTBXH of 3 December 2024", _("Announcement 6150/TB-BLDTBXH of 3 December 2024")),
    ("announcement 6150/TB-BLDTBXH of 3 December 2024", _("announcement 6150/TB-BLDTBXH of 3 December 2024")),
    ("Resolution 80-NQ/TW of the Politburo of January 2026: a policy; the law that makes it a paid holiday is to be confirmed", _("Resolution 80-NQ/TW of the Politburo of January 2026: a policy; the law that makes it a paid holiday is to be confirmed")),
    ("Labour Code", _("Labour Code")), ("standard", pgettext_lazy("in a citation", "standard")),
    ("Operating rules of the exchange", _("Operating rules of the exchange")), ("IP Law", _("IP Law")),
    ("Law on Personal Data Protection", _("Law on Personal Data Protection")), ("Accounting Law", _("Accounting Law")),
    ("VAT Law", _("VAT Law")), ("Commercial Law", _("Commercial Law")), ("Civil Code", _("Civil Code")),
    ("Law on Prices", _("Law on Prices")), ("Law", _("Law")), ("Decree", _("Decree")), ("Circular", _("Circular")),
    ("as amended by", _("as amended by")), ("art.", _("art.")), ("arts", _("arts")), ("and", pgettext_lazy("in a citation", "and")), ("ch.", _("ch.")), ("ND-CP", _("ND-CP")),
)  # fmt: skip
_CITED_WORDS = re.compile("|".join(rf"(?<!\w){re.escape(words)}(?!\w)" for words, _text in _CITED))
_READ_AT = re.compile(r"( as summarised)? \([^()]*\.[a-z]{2,}[^()]*\)")


def citation(source: str) -> str:
    """Give the source of a rule in the reader's language, without the address at which it was read."""
    words = {found: str(text) for found, text in _CITED}
    return _CITED_WORDS.sub(lambda match: words[match[0]], _READ_AT.sub("", source))


def source_words(source: str) -> str:
    """Write a source in the reader's language: a whole phrase that the catalogue knows, else word by word."""
    whole = gettext(source) if source else ""
    return whole if whole != source else citation(source)


def named(rows: Iterable[Rule]) -> list[dict[str, str]]:
    """Give rows by code and name, for a warning."""
    return [{"code": row.code, "name": name_of(row.code)} for row in rows]


def group_of(code: str) -> int:
    """Give the place of the code's group in GROUPS."""
    return next(place for place, (starts, _label) in enumerate(GROUPS) if code.startswith(starts))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def figure(value: Decimal) -> str:
    """Write a bare number in the reader's language."""
    return money.number(value, money.language_of(get_language()))


def value_of(row: Any, unit: str) -> str:
    """Write the value of a rule or proposal with its unit, or its words."""
    if row.value is None:
        return date_format(day, "SHORT_DATE_FORMAT") if (day := _day(row.text)) else str(TEXTS.get(row.text, row.text))
    if row.code == "calendar.complete":
        return f"{row.value:.0f}"
    if unit == "flag":
        return gettext("Yes") if row.value else gettext("No")
    language = money.language_of(get_language())
    figure = money.number(row.value, language)
    if unit == "percent":
        return money.percent(row.value, language)
    if unit == "VND":
        return money.exact(row.value, language)
    count = 1 if row.value == 1 else 2
    texts = {
        "years": ngettext("%(figure)s year", "%(figure)s years", count),
        "months": ngettext("%(figure)s month", "%(figure)s months", count),
        "days": ngettext("%(figure)s day", "%(figure)s days", count),
        "working_days": ngettext("%(figure)s working day", "%(figure)s working days", count),
        "deals": ngettext("%(figure)s deal", "%(figure)s deals", count),
        "ratio": gettext("%(figure)s times"),
    }
    return texts[unit] % {"figure": figure} if unit in texts else figure


def listed(rows: list[Rule], *, stale_ids: set[int]) -> list[dict[str, Any]]:
    """Give the rows in their groups, as the page shows them; empty groups are left out."""
    groups: list[dict[str, Any]] = [{"label": label, "rows": []} for _starts, label in GROUPS]
    for row in rows:
        shown = {"rule": row, "name": name_of(row.code), "value": value_of(row, row.unit), "stale": row.pk in stale_ids,
                 "source": source_words(row.source)}  # fmt: skip
        groups[group_of(row.code)]["rows"].append(shown)
    return [group for group in groups if group["rows"]]
