"""Closed deals: observed and scored once each, and published in groups once a quarter.

The room of deals stands above and hands each contract down when it takes effect.
"""

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Organisation
from audit.services import record
from listings.models import Technology
from marketplace.kit.errors import Conflict
from marketplace.kit.single import single
from rules.selectors import numbers
from valuation import closed_selectors as selectors
from valuation.inputs import rebuild
from valuation.methods.anonymity import Observed, PublicationRule, count_band, form_groups
from valuation.methods.backtest import DealTerms, Payment, lump_sum_equivalent, score
from valuation.methods.types import jsonable
from valuation.models import (
    DealGroup,
    DealGroupMember,
    DealObservation,
    DealScore,
    Level,
    Outcome,
    Release,
    ScoreGroup,
    ScoreGroupMember,
    Suggestion,
)

POSITIONS = {-1: Outcome.BELOW, 0: Outcome.INSIDE, 1: Outcome.ABOVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDeal:
    """A contract in effect. Royalty in percent of `royalty_base`, money in VND, `payments` beside the lump sum.

    `lump_sum` is the whole sum; `paid_at_once` what of it does not stand in `payments`.
    """

    contract_id: int
    technology: Technology
    licensor: Organisation
    licensee: Organisation
    right: str
    exclusivity: str
    royalty_pct: Decimal
    royalty_base: str
    lump_sum: Decimal
    paid_at_once: Decimal
    minimum_annual: Decimal
    term_years: int | None
    payments: tuple[Payment, ...]
    closed_on: datetime.date
    related_parties: bool = False
    is_sample: bool = False


@transaction.atomic
def record_closed_deal(*, deal: ClosedDeal, actor: Any = None) -> DealScore:
    """Observe and score a contract; safe to repeat. Deals between related parties are no observation of a market."""
    found = DealScore.objects.filter(contract_id=deal.contract_id).first()
    if found is not None:
        return found
    today = timezone.localdate()
    if not deal.related_parties:
        DealObservation.objects.get_or_create(
            contract_id=deal.contract_id,
            defaults={
                "licensor": deal.licensor, "licensee": deal.licensee, "field": deal.technology.main_field,
                "right": deal.right, "exclusivity": deal.exclusivity, "royalty_pct": deal.royalty_pct,
                "royalty_base": deal.royalty_base, "lump_sum": deal.lump_sum, "closed_on": deal.closed_on,
                "observed_on": today, "is_sample": deal.is_sample,
            },
        )  # fmt: skip
    suggestion = selectors.standing_suggestion(deal.technology, on=deal.closed_on)
    made, created = DealScore.objects.get_or_create(
        contract_id=deal.contract_id,
        defaults={
            "technology": deal.technology, "licensor": deal.licensor, "licensee": deal.licensee,
            "suggestion": suggestion, "closed_on": deal.closed_on, "scored_on": today, "is_sample": deal.is_sample,
            **_scored(deal, suggestion),
        },
    )  # fmt: skip
    if created:
        record(tag="deal_score.score", subject=made, actor=actor, data={"contract": deal.contract_id})
    return made


def _scored(deal: ClosedDeal, suggestion: Suggestion | None) -> dict[str, Any]:
    """Compare a deal with its range, its royalty brought to the revenue that the range counts."""
    share = _share_of_revenue(deal.royalty_base, suggestion)
    terms = DealTerms(
        lump_sum=float(deal.paid_at_once), royalty=float(deal.royalty_pct) / 100,
        minimum_annual=float(deal.minimum_annual), term=deal.term_years, payments=deal.payments,
    )  # fmt: skip
    facts = {"terms": jsonable(terms), "royalty_base": deal.royalty_base, "base_share_of_revenue": share}
    nothing = {"paid": None, "log_error": None, "grade": suggestion.grade if suggestion is not None else ""}
    reason = None
    if deal.related_parties:
        reason = Outcome.RELATED
    elif suggestion is None:
        reason = Outcome.NO_SUGGESTION
    elif not suggestion.is_priced or suggestion.inputs["parameters"] is None:
        reason = Outcome.NO_PRICE
    elif share is None:
        reason = Outcome.OTHER_BASE
    if reason is not None or suggestion is None or share is None:
        return {"outcome": reason, "facts": facts, **nothing}
    of_revenue = replace(terms, royalty=terms.royalty * share)
    paid = max(1.0, lump_sum_equivalent(rebuild(suggestion.inputs["parameters"]), of_revenue))
    low, middle, high = (float(getattr(suggestion, end)) for end in ("low", "mid", "high"))
    found = score(paid, low=low, middle=middle, high=high)
    return {
        "outcome": POSITIONS[found.position],
        "grade": suggestion.grade,
        "paid": Decimal(round(paid)),
        "log_error": found.log_error,
        "facts": facts | {"low": low, "middle": middle, "high": high},
    }


def _share_of_revenue(base: str, suggestion: Suggestion | None) -> float | None:
    """Give what a royalty's base is of net revenue, as the suggestion reckoned; None for a profit that nobody stated.

    A profit counts only by the margin that the owner stated: the default margin is a guess about any buyer at all, and
    would be scored instead of the range.
    """
    if base in {"", "net_revenue"}:
        return 1.0
    if suggestion is None or suggestion.inputs["parameters"] is None:
        return None
    plan = suggestion.inputs["parameters"].get("plan") or {}
    if base == "net_selling_price":
        return float(plan.get("selling_price_ratio", 1.0))
    stated = "margin" in suggestion.inputs.get("answers", {})
    return float(plan["margin"]) if base == "pretax_profit" and stated else None


def publication_rule(*, on: datetime.date) -> PublicationRule:
    """Read the dated rows by which groups are formed."""
    names = ("k", "most_share", "patience", "distinct")
    found = numbers(*(f"closed_deals.{name}" for name in names), on=on)
    k, share, patience, distinct = (found[f"closed_deals.{name}"] for name in names)
    return PublicationRule(k=int(k), most_share=float(share) / 100, patience=int(patience), distinct=int(distinct))


def publish_due_releases() -> list[Release]:
    """Publish the quarters that have ended since the last release, one after the other; give those made now."""
    with single("valuation.release") as held:
        if not held:
            return []
        return [publish_release(period_end=end) for end in selectors.due_periods(timezone.localdate())]


@transaction.atomic
def publish_release(*, period_end: datetime.date) -> Release:
    """Publish what may be said of the deals observed up to the end of a quarter.

    Raises Conflict for a quarter that has not ended, or that is not later than the last release: what was published
    stands, and nothing is published between.
    """
    last = Release.objects.select_for_update().order_by("-period_end").first()
    if period_end >= timezone.localdate() or period_end != selectors.quarter_end(period_end):
        raise Conflict("A release is of a quarter that has ended.")
    if last is not None and period_end <= last.period_end:
        raise Conflict("A release follows the last one.")
    rule = publication_rule(on=timezone.localdate())
    release = Release.objects.create(period_end=period_end, rule=jsonable(rule))
    made = 0
    for is_sample in (False, True):
        made += _publish_deals(release, rule, is_sample=is_sample)
        made += _publish_scores(release, rule, is_sample=is_sample)
    record(tag="deal_release.publish", subject=release, actor=None, data={"groups": made, "rule": jsonable(rule)})
    return release


def _publish_deals(release: Release, rule: PublicationRule, *, is_sample: bool) -> int:
    waiting = {row.pk: row for row in selectors.waiting_observations(release.period_end, is_sample=is_sample)}
    observed = [
        Observed(row.pk, row.licensor_id, row.licensee_id, _cells(row), _waited(row.observed_on, release), _values(row))
        for row in waiting.values()
    ]
    groups = form_groups(observed, rule, edges=selectors.EDGES)
    for group in groups:
        rows = [waiting[deal.key] for deal in group.deals]
        first = rows[0]
        count_from, count_to = count_band(len(rows), rule.k)
        made = DealGroup.objects.create(
            release=release,
            level=group.level,
            field=first.field if group.level <= Level.FIELD else None,
            right=first.right if group.level in {Level.EXCLUSIVITY, Level.RIGHT, Level.ALL_OF_RIGHT} else "",
            exclusivity=first.exclusivity if group.level == Level.EXCLUSIVITY else "",
            count_from=count_from,
            count_to=count_to,
            first_year=min(row.closed_on.year for row in rows),
            last_year=max(row.closed_on.year for row in rows),
            measures=jsonable(dict(group.measures)),
            is_sample=is_sample,
        )
        DealGroupMember.objects.bulk_create(DealGroupMember(group=made, observation=row) for row in rows)
    return len(groups)


def _publish_scores(release: Release, rule: PublicationRule, *, is_sample: bool) -> int:
    waiting = {row.pk: row for row in selectors.waiting_scores(release.period_end, is_sample=is_sample)}
    observed = [
        Observed(row.pk, row.licensor_id, row.licensee_id, (row.grade, ""), _waited(row.scored_on, release), {})
        for row in waiting.values()
    ]
    groups = form_groups(observed, rule, edges={}, needs_measure=False)
    for group in groups:
        rows = [waiting[deal.key] for deal in group.deals]
        counts = {name: sum(row.outcome == name for row in rows) for name in ("inside", "below", "above")}
        made = ScoreGroup.objects.create(
            release=release, grade=str(group.cell) if group.level == 0 else "", is_sample=is_sample, **counts
        )
        ScoreGroupMember.objects.bulk_create(ScoreGroupMember(group=made, score=row) for row in rows)
    return len(groups)


def _waited(since: datetime.date, release: Release) -> int:
    """Count the releases that a row has seen without being published, before this one."""
    return selectors.quarter_number(release.period_end) - selectors.quarter_number(since)


def _cells(row: DealObservation) -> tuple[Any, ...]:
    """Give the deal's cell at each level of `Level`."""
    field = row.field_id
    return ((field, row.right, row.exclusivity), (field, row.right), (field,), (row.right,), ())


def _values(row: DealObservation) -> dict[str, float]:
    values = {}
    if row.lump_sum > 0:
        values["lump_sum"] = float(row.lump_sum)
    if row.royalty_pct > 0:
        values[f"royalty.{row.royalty_base}"] = float(row.royalty_pct)
    return values
