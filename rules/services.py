"""Bring in dated rules; propose, approve, reject and withdraw changes of them."""

import csv
import datetime
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.services import record
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.lifecycle import move
from marketplace.kit.validators import plain_text
from rules import groups, policies
from rules.groups import Group
from rules.lifecycle import ProposalState
from rules.models import Rule, RuleProposal
from rules.words import CHOICES, figure

SHARES = {"percent"}


@transaction.atomic
def load_rules(*, path: Path) -> int:
    """Load a CSV (code, value, text, unit, valid_from, valid_to, source, certainty, note); give the number of rows.

    Idempotent by (code, valid_from). A row that the file no longer has is left alone: what was in force stays on record.
    A code for which people have approved a row is theirs, with all codes that it stands together with: the file no longer
    changes them, and only adds what is not there. Raises ValidationError, and loads nothing, when a figure of the file
    lies out of its bounds or a group that it changes would not fit on some day from today on.
    """
    count = 0
    kept_by_people = _kept_by_people()
    loaded: set[str] = set()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["code"] in kept_by_people:
                continue
            Rule.objects.update_or_create(
                code=row["code"],
                valid_from=row["valid_from"],
                defaults={
                    "value": Decimal(row["value"]) if row["value"] else None,
                    "text": row["text"],
                    "unit": row["unit"],
                    "valid_to": row["valid_to"] or None,
                    "source": row["source"],
                    "certainty": row["certainty"],
                    "note": row["note"],
                    "review_by": row.get("review_by") or None,
                },
            )
            loaded.add(row["code"])
            count += 1
    _check_loaded(loaded)
    return count


def _kept_by_people() -> set[str]:
    """Give the codes that the file leaves alone: those of every group of which people have approved a row."""
    theirs = RuleProposal.objects.filter(state=ProposalState.APPROVED).order_by("code").values_list("code", flat=True)
    codes = {code for one in theirs.distinct() for code in groups.group_of(one).codes}
    return set(Rule.objects.filter(code__in=codes).order_by("code").values_list("code", flat=True).distinct())


def _check_loaded(codes: set[str]) -> None:
    """Raise ValidationError for what is loaded and could not have been approved."""
    found = {groups.group_of(code).codes: groups.group_of(code) for code in sorted(codes)}
    rows: dict[str, list[Rule]] = {}
    for row in Rule.objects.filter(code__in=[code for one in found for code in one]).order_by(
        "code", "valid_from", "pk"
    ):
        rows.setdefault(row.code, []).append(row)
    for code in sorted(codes):
        bounds = groups.bounds_of(code)
        if any(bounds and row.value is not None and not bounds[0] <= row.value <= bounds[1] for row in rows[code]):
            words = {"code": code, **dict(zip(("low", "high"), map(figure, bounds or ()), strict=True))}
            raise ValidationError(_("%(code)s: give a number from %(low)s to %(high)s.") % words)
    today = timezone.localdate()
    for mine, group in found.items():
        if problem := groups.problem(group, [row for code in mine for row in rows.get(code, ())], [], since=today):
            raise ValidationError(problem)


def _lock_group(code: str) -> tuple[Group, list[Rule]]:
    """Lock the rows of a code and of those it stands together with; give them by code, the newest first.

    Raises ValidationError for an unknown code.
    """
    group = groups.group_of(code)
    rows = Rule.objects.filter(code__in=group.codes).order_by("code", "-valid_from", "pk")
    list(rows.select_for_update())
    found = list(rows)  # read anew: what was put into force while the lock was waited for counts
    if not any(row.code == code for row in found):
        raise ValidationError({"code": [_("There is no rule of this code.")]})
    return group, found


def _of(code: str, rows: list[Rule]) -> list[Rule]:
    return [row for row in rows if row.code == code]


def _errors(rows: list[Rule], proposal: RuleProposal, today: datetime.date) -> dict[str, list[str]]:
    """Say what is wrong with a proposal against the rows of its code, by field."""
    errors: dict[str, list[str]] = {}
    last = rows[0]
    holds_number = last.value is not None
    if holds_number and proposal.value is None:
        errors["value"] = [_("Give the new value.")]
    if not holds_number and (proposal.value is not None or not proposal.text.strip()):
        errors["text"] = [_("This rule holds words: give the new text, and no value.")]
    elif not holds_number and proposal.text not in (allowed := CHOICES.get(proposal.code, (proposal.text,))):
        errors["text"] = [_("This rule is one of these words: %(words)s.") % {"words": ", ".join(allowed)}]
    if proposal.value is not None and proposal.value < 0:
        errors["value"] = [_("The value must not be negative.")]
    if proposal.value is not None and last.unit in SHARES and proposal.value > 100:
        errors["value"] = [_("A percentage lies between 0 and 100.")]
    bounds = groups.bounds_of(proposal.code)
    if proposal.value is not None and bounds is not None and not bounds[0] <= proposal.value <= bounds[1]:
        errors["value"] = [
            _("Give a number from %(low)s to %(high)s.") % dict(zip(("low", "high"), map(figure, bounds), strict=True))
        ]
    if proposal.valid_from < today:
        errors["valid_from"] = [_("A row is never changed backwards: choose today or a later day.")]
    else:
        errors |= _clashes(rows, proposal)
    if proposal.review_by <= proposal.valid_from:
        errors["review_by"] = [_("The review comes after the first day in force.")]
    return errors


def _met(rows: list[Rule], proposal: RuleProposal) -> list[Rule]:
    """Give the rows that are in force on a day of the proposed one."""
    end = proposal.valid_to
    return [
        row
        for row in rows
        if (end is None or row.valid_from < end) and (row.valid_to is None or row.valid_to > proposal.valid_from)
    ]


def _clashes(rows: list[Rule], proposal: RuleProposal) -> dict[str, list[str]]:
    """Say how the days of a proposal do not fit those of the rows that stand."""
    end = proposal.valid_to
    if end is not None and end <= proposal.valid_from:
        return {"valid_to": [_("The last day comes after the first.")]}
    for row in _met(rows, proposal):
        if row.valid_from >= proposal.valid_from:
            return {"valid_from": [_("A row from this day or a later one stands already.")]}
        if end is not None and (row.valid_to is None or row.valid_to > end):
            return {"valid_to": [_("The row before it would end and leave a gap: leave this empty.")]}
    return {}


def _does_not_fit(group: Group, rows: list[Rule], proposal: RuleProposal, today: datetime.date) -> str:
    """Say how a new proposal fits its group neither alone nor with those that wait for the same day; or nothing.

    Parts of a whole are judged once all of them wait: one cannot be changed without another.
    """
    if proposal.value is None:
        return ""
    waiting = RuleProposal.objects.filter(code__in=group.codes, state=ProposalState.PROPOSED).order_by("pk")
    together = [proposal, *groups.of_the_same_day(proposal, waiting, today)]
    if group.is_whole and len(together) < len(group.codes):
        return ""
    return groups.choose(group, rows, proposal, together, today).problem


@transaction.atomic
def propose_rule(*, code: str, actor: Any, **says: Any) -> RuleProposal:
    """Propose a new row for `code` (value or text, valid_from, review_by, source, certainty, note).

    Raises NotAllowed, ValidationError by field, Conflict while another proposal for the code is open.
    """
    require(policies.can_propose(actor))
    group, rows = _lock_group(code)
    proposal = RuleProposal(code=code, proposed_by=actor, **says)
    try:
        proposal.full_clean(exclude=["code", "proposed_by", "decided_by", "rule"], validate_constraints=False)
        for name in ("text", "source", "note"):
            plain_text(getattr(proposal, name))
    except ValidationError as error:
        raise ValidationError(
            error.message_dict if hasattr(error, "error_dict") else {"source": error.messages}
        ) from error
    today = timezone.localdate()
    errors = _errors(_of(code, rows), proposal, today)
    if not errors and (problem := _does_not_fit(group, rows, proposal, today)):
        errors = {"value": [problem]}
    if errors:
        raise ValidationError(errors)
    try:
        with transaction.atomic():
            proposal.save()
    except IntegrityError as error:
        raise Conflict(_("Another change of this rule waits already.")) from error
    record(tag="rule_proposal.propose", subject=proposal, actor=actor, data=_said(proposal))
    return proposal


def _said(proposal: RuleProposal) -> dict[str, Any]:
    names = ("code", "value", "text", "valid_from", "valid_to", "review_by", "source", "certainty", "note")
    return {name: getattr(proposal, name) for name in names}


def _lock(proposal: RuleProposal) -> RuleProposal:
    return RuleProposal.objects.select_for_update(of=("self",)).select_related("proposed_by").get(pk=proposal.pk)


@transaction.atomic
def approve_rule(*, proposal: RuleProposal, actor: Any, together_with: Collection[int] = ()) -> Rule:
    """Put a proposed row into force from its day, or from today when that has passed; the row before it ends there.

    Where it does not fit its group alone (`rules.groups`), the fewest of the group that wait for the same day are approved
    with it; `together_with` names them (pks), as the approver saw them. Raises NotAllowed for the proposer of any of
    them, Stale when others would be approved with it than were seen, Conflict when it was decided, or when it no longer
    fits the rows.
    """
    group, rows = _lock_group(proposal.code)
    wanted = Q(pk=proposal.pk) | Q(code__in=group.codes, state=ProposalState.PROPOSED)
    locked = RuleProposal.objects.select_for_update(of=("self",)).select_related("proposed_by")
    found = {one.pk: one for one in locked.filter(wanted).order_by("pk")}
    proposal = found.pop(proposal.pk)
    require(policies.can_decide(actor, proposal), _("Another person decides, and one of the two manages an exchange."))
    if not proposal.lifecycle.can(proposal.state, "approve"):
        raise Conflict(_("This proposal is decided already."), state=proposal.state)
    today = timezone.localdate()
    choice = groups.choose(group, rows, proposal, found.values(), today)
    if choice.problem:
        raise Conflict(choice.problem)
    beside = sorted(one.pk for one in choice.others)
    if beside != sorted(set(together_with)):
        raise Stale(
            _("What would be approved together with it is not what was shown to you. Look again and decide anew."),
            together_with=beside,
        )
    for one in choice.together:
        require(policies.can_decide(actor, one), _("Another person decides, and one of the two manages an exchange."))
        one.valid_from = max(one.valid_from, today)
        if errors := _errors(_of(one.code, rows), one, today):
            raise Conflict(" ".join(message for messages in errors.values() for message in messages))
    now = timezone.now()
    made = [_put_in_force(_of(one.code, rows), one, actor, now) for one in choice.together]
    return made[0]


def _put_in_force(rows: list[Rule], proposal: RuleProposal, actor: Any, now: datetime.datetime) -> Rule:
    ended = _met(rows, proposal)
    for row in ended:
        row.valid_to = proposal.valid_from
        row.save(update_fields=["valid_to"])
    rule = Rule.objects.create(
        code=proposal.code, value=proposal.value, text=proposal.text, unit=rows[0].unit,
        valid_from=proposal.valid_from, valid_to=proposal.valid_to, source=proposal.source, certainty=proposal.certainty, note=proposal.note, review_by=proposal.review_by,
    )  # fmt: skip
    data = {"rule": rule.pk, "ended": [row.pk for row in ended], "in_force_from": rule.valid_from}
    move(proposal, "approve", actor=actor, data=data, decided_by=actor, decided_at=now, rule=rule)
    record(tag="rule.put_in_force", subject=rule, actor=actor, data={**_said(proposal), "proposal": proposal.pk})
    return rule


@transaction.atomic
def reject_rule(*, proposal: RuleProposal, actor: Any, reason: str) -> RuleProposal:
    """Reject a proposed row, with a reason. Raises NotAllowed, ValidationError without a reason, Conflict."""
    proposal = _lock(proposal)
    require(policies.can_decide(actor, proposal), _("Another person decides, and one of the two manages an exchange."))
    reason = reason.strip()
    if not reason or len(reason) > 2000:
        raise ValidationError({"reason": [_("Give a reason of at most 2,000 characters.")]})
    move(
        proposal, "reject", actor=actor, data={"reason": reason}, decided_by=actor, decided_at=timezone.now(),
        decision_note=reason,
    )  # fmt: skip
    return proposal


@transaction.atomic
def withdraw_rule(*, proposal: RuleProposal, actor: Any) -> RuleProposal:
    """Take a proposal of one's own back. Raises NotAllowed, Conflict."""
    proposal = _lock(proposal)
    require(policies.can_withdraw(actor, proposal))
    move(proposal, "withdraw", actor=actor, decided_by=actor, decided_at=timezone.now())
    return proposal
