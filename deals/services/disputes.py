"""Disputes: opened by a side or by the exchange, mediated by an operator, closed with an outcome that both sides read.

The exchange mediates and decides nothing: what mediation does not settle goes to the body that the contract names.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import operators_of
from accounts.services import notify, settle
from audit.services import record
from deals import policies
from deals.lifecycle import DISPUTABLE
from deals.models import Deal, Dispute
from deals.services.common import acting_side, check, lock, need_reason, require_no_conflict, tell_both
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move

OUTCOMES = ("settle", "refer")


@transaction.atomic
def open_dispute(*, deal: Deal, actor: User, reason: str) -> Dispute:
    """Open a dispute, with what is in dispute. The other side and the exchange's operators are told.

    An operator who opens one mediates it. Conflict before anything binds the sides, or while another one is open.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.can_open_dispute(actor, deal))
    reason = need_reason(reason)
    if deal.state not in DISPUTABLE:
        raise Conflict(_("Nothing binds the two sides in this deal, so there is nothing to mediate."), state=deal.state)
    if deal.in_dispute:
        raise Conflict(_("A dispute about this deal is open already."))
    side = acting_side(actor, deal) if policies.acts(actor, deal) else ""
    dispute = Dispute(deal=deal, side=side, opened_by=actor, reason=reason)
    check(dispute, exclude=["deal", "opened_by"])
    dispute.save()
    record(
        tag="deal.open_dispute", subject=deal, actor=actor, data={"dispute": dispute.pk, "side": side, "reason": reason}
    )
    title = deal.technology.title
    tell_both(
        deal, kind="dispute.opened", actor=actor, page="disputes", awaits=dispute,
        text=lambda: _("A dispute about the deal on “%(title)s” was opened: %(reason)s")
        % {"title": title, "reason": reason},
    )  # fmt: skip
    if not side:
        _take_up(dispute, deal, actor)
    else:
        notify(
            users=operators_of(deal.exchange_id), kind="dispute.opened",
            text=lambda: _("A dispute about deal %(deal)s waits for a mediator.") % {"deal": deal.code},
            url=lambda: reverse("deals:disputes", args=[deal.pk]), awaits=dispute,
        )  # fmt: skip
    return dispute


def _open_one(deal: Deal) -> Dispute:
    dispute = Dispute.objects.select_for_update(of=("self",)).filter(deal=deal, closed_at=None).first()
    if dispute is None:
        raise Conflict(_("No dispute about this deal is open."))
    return dispute


def _take_up(dispute: Dispute, deal: Deal, actor: User) -> None:
    data = {"deal": deal.pk}
    move(dispute, "take_up", actor=actor, data=data, mediator=actor, taken_up_at=timezone.now())
    settle(dispute, users=operators_of(deal.exchange_id))
    record(tag="deal.mediate", subject=deal, actor=actor, data={"dispute": dispute.pk})


@transaction.atomic
def take_up_dispute(*, deal: Deal, actor: User) -> Dispute:
    """An operator without a stake takes the open dispute up; both sides are told who mediates."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.mediates(actor, deal))
    dispute = _open_one(deal)
    _take_up(dispute, deal, actor)
    title = deal.technology.title
    tell_both(
        deal, kind="dispute.taken_up", actor=actor, page="disputes",
        text=lambda: _("%(who)s mediates the dispute about the deal on “%(title)s”.") % {"who": actor, "title": title},
    )  # fmt: skip
    return dispute


def _close(dispute: Dispute, deal: Deal, transition: str, outcome: str, actor: User) -> None:
    move(
        dispute, transition, actor=actor, data={"deal": deal.pk, "outcome": outcome}, outcome=outcome, closed_by=actor,
        closed_at=timezone.now(),
    )  # fmt: skip
    settle(dispute)
    data: dict[str, Any] = {"dispute": dispute.pk, "how": transition, "reason": outcome}
    record(tag="deal.close_dispute", subject=deal, actor=actor, data=data)
    title = deal.technology.title
    tell_both(
        deal, kind="dispute.closed", actor=actor, page="disputes",
        text=lambda: _("The dispute about the deal on “%(title)s” is closed: %(outcome)s")
        % {"title": title, "outcome": outcome},
    )  # fmt: skip


@transaction.atomic
def close_dispute(*, deal: Deal, actor: User, how: str, outcome: str) -> Dispute:
    """Record the outcome of a mediation: `settle`, or `refer` to the body that the contract names.

    By an operator without a stake. Conflict while nobody has taken the dispute up.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.mediates(actor, deal))
    if how not in OUTCOMES:
        raise ValidationError({"how": [_("Say how the dispute ended.")]})
    outcome = need_reason(outcome)
    dispute = _open_one(deal)
    _close(dispute, deal, how, outcome, actor)
    return dispute


@transaction.atomic
def withdraw_dispute(*, deal: Deal, actor: User, reason: str) -> Dispute:
    """Take the dispute back, with a reason: by the side that opened it, or by the exchange where it did."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.can_open_dispute(actor, deal))
    dispute = _open_one(deal)
    require(
        policies.can_withdraw_dispute(actor, deal, dispute.side),
        _("Only the side that opened the dispute may withdraw it."),
    )
    reason = need_reason(reason)
    _close(dispute, deal, "withdraw", reason, actor)
    return dispute
