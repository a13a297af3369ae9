"""Ask what is in force."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils import timezone

from rules import groups
from rules.groups import Choice
from rules.lifecycle import ProposalState
from rules.models import Rule, RuleProposal


class RuleMissing(LookupError):
    """No row of that code is in force on that day."""


def in_force(on: datetime.date | None = None) -> QuerySet[Rule]:
    """Give every rule in force on a day (today when none is named)."""
    day = on or timezone.localdate()
    return Rule.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day).order_by(
        "code", "pk"
    )


def rule(code: str, *, on: datetime.date | None = None) -> Rule:
    """Give the row of `code` in force on a day. Raises RuleMissing."""
    row = in_force(on).filter(code=code).first()
    if row is None:
        raise RuleMissing(f"no rule {code} in force on {on or timezone.localdate()}")
    return row


def number(code: str, *, on: datetime.date | None = None) -> Decimal:
    """Give the value of `code` on a day, in the row's unit. Raises RuleMissing, also when the row holds words."""
    value = rule(code, on=on).value
    if value is None:
        raise RuleMissing(f"rule {code} has no number")
    return value


def numbers(*codes: str, on: datetime.date | None = None) -> dict[str, Decimal]:
    """Give several values with one query. Raises RuleMissing naming the absent ones."""
    found = {row.code: row.value for row in in_force(on).filter(code__in=codes) if row.value is not None}
    missing = [code for code in codes if code not in found]
    if missing:
        raise RuleMissing(f"no number in force for {', '.join(missing)}")
    return found


def number_on_days(code: str, days: Iterable[datetime.date]) -> dict[datetime.date, Decimal]:
    """Give the value of `code` on each of some days, with one query. Raises RuleMissing for a day on which none is in force."""
    rows = list(Rule.objects.filter(code=code, value__isnull=False).order_by("pk"))
    found = {}
    for day in set(days):
        holding = [row for row in rows if row.valid_from <= day and (row.valid_to is None or row.valid_to > day)]
        if not holding or holding[0].value is None:
            raise RuleMissing(f"no number {code} in force on {day}")
        found[day] = holding[0].value
    return found


def _named(codes: tuple[str, ...]) -> Q:
    """Narrow to codes; one that ends in a dot stands for all that begin so."""
    wanted = Q()
    for code in codes:
        wanted |= Q(code__startswith=code) if code.endswith(".") else Q(code=code)
    return wanted


def stale(*codes: str, on: datetime.date | None = None) -> QuerySet[Rule]:
    """Give the rows in force on a day whose review was due before it; of `codes` when named (`"valuation."`: all below).

    A page or report that rests on one of them says so.
    """
    day = on or timezone.localdate()
    return in_force(day).filter(_named(codes), review_by__lt=day)


def history(code: str) -> QuerySet[Rule]:
    """Give every row of a code, the newest first, with the proposal that made it and its two people."""
    return (
        Rule.objects.filter(code=code)
        .select_related("proposal__proposed_by", "proposal__decided_by")
        .order_by("-valid_from", "pk")
    )


def proposals() -> QuerySet[RuleProposal]:
    """Give the proposals, the newest first, with their people; whoever made several is one object, asked for seats once."""
    return RuleProposal.objects.prefetch_related("proposed_by").select_related("decided_by").order_by("-pk")


def open_proposals() -> QuerySet[RuleProposal]:
    """Give the proposals that wait for a second person, the oldest first."""
    return proposals().filter(state=ProposalState.PROPOSED).order_by("pk")


def decided_proposals() -> QuerySet[RuleProposal]:
    """Give the proposals that are approved, rejected or withdrawn, the newest first."""
    return proposals().exclude(state=ProposalState.PROPOSED)


def choices(waiting: Sequence[RuleProposal], *, on: datetime.date | None = None) -> dict[int, Choice]:
    """Give for each of the proposals that wait, which are all that do, what its approval approves (by pk), with one query."""
    day = on or timezone.localdate()
    found = {one.pk: groups.group_of(one.code) for one in waiting}
    codes = {code for group in found.values() for code in group.codes if len(group.codes) > 1}
    rows = list(Rule.objects.filter(code__in=codes).order_by("valid_from", "pk")) if codes else []
    chosen = {}
    for one in waiting:
        group = found[one.pk]
        mine = [row for row in rows if row.code in group.codes]
        others = [other for other in waiting if other.code in group.codes]
        chosen[one.pk] = groups.choose(group, mine, one, others, day)
    return chosen


def approved_with(found: Iterable[RuleProposal]) -> dict[int, list[RuleProposal]]:
    """Give for each approved proposal (by pk) those that were approved by the same act, with one query."""
    approved = [one for one in found if one.state == ProposalState.APPROVED]
    times = {one.decided_at for one in approved}
    rows = list(proposals().filter(state=ProposalState.APPROVED, decided_at__in=times).order_by("pk")) if times else []
    return {
        one.pk: [
            row
            for row in rows
            if row.pk != one.pk
            and (row.decided_at, row.decided_by_id) == (one.decided_at, one.decided_by_id)
            and row.code in groups.group_of(one.code).codes
        ]
        for one in approved
    }


def rows_before(found: Sequence[RuleProposal]) -> dict[int, Rule]:
    """Give for each proposal (by pk) the row that stands before it, with one query."""
    rows = list(Rule.objects.filter(code__in={one.code for one in found}).order_by("valid_from", "pk"))
    before = {}
    for one in found:
        mine = [row for row in rows if row.code == one.code and row.pk != one.rule_id]
        earlier = [row for row in mine if row.valid_from < one.valid_from]
        before[one.pk] = earlier[-1] if earlier else mine[0]
    return before
