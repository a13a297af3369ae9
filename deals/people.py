"""What of a person the deals keep, and for how long. `accounts.people_services` asks, by the name in settings (ADR 12)."""

import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from deals.lifecycle import DEAL, DISPUTE
from deals.models import ContractAcceptance, Deal, Dispute, NDAAcceptance, Offer, Payout, RoyaltyShare, SignedCopy
from deals.tracking_lifecycle import PayoutState
from rules.selectors import number


def keeps(person: User) -> list[str]:
    """Say which open deals name the person, and which closed ones the law has kept with their papers."""
    accepted = _accepted(person)
    offered = set(Offer.objects.filter(made_by=person).values_list("deal_id", flat=True))
    standing = set(_standing_disputes(person).values_list("deal_id", flat=True))
    owed = set(Payout.objects.filter(user=person, state=PayoutState.DUE).values_list(_DEAL_OF_PAYOUT, flat=True))
    shared = set(RoyaltyShare.objects.filter(user=person).values_list("plan__contract__deal_id", flat=True))
    paid = set(Payout.objects.filter(user=person).values_list(_DEAL_OF_PAYOUT, flat=True))
    named = Deal.objects.filter(Q(opened_by=person) | Q(pk__in=accepted | offered | shared | paid | standing))
    is_open = ~Q(state__in=DEAL.final) | Q(pk__in=standing | owed)
    reasons = [_("Deal %(code)s is open.") % {"code": deal.code} for deal in named.filter(is_open).order_by("pk")]
    years = int(number("privacy.contract.keep"))
    since = timezone.now() - datetime.timedelta(days=round(365.25 * years))
    kept = named.filter(pk__in=accepted | shared | paid, state_since__gt=since).exclude(is_open).order_by("pk")
    for deal in kept:
        words = {"code": deal.code, "years": years}
        reasons.append(_("The papers of deal %(code)s are kept for %(years)s years after its end.") % words)
    return reasons


_DEAL_OF_PAYOUT = "payment__invoice__contract__deal_id"


def _standing_disputes(person: User) -> QuerySet[Dispute]:
    return Dispute.objects.filter(Q(opened_by=person) | Q(mediator=person)).exclude(state__in=DISPUTE.final)


def _accepted(person: User) -> set[int]:
    """Give the deals whose NDA or contract the person accepted, or whose signed copy he handled."""
    agreed = NDAAcceptance.objects.filter(user=person).values_list("nda__deal_id", flat=True)
    accepted = ContractAcceptance.objects.filter(user=person).values_list("contract__deal_id", flat=True)
    copies = SignedCopy.objects.filter(Q(uploaded_by=person) | Q(confirmed_by=person))
    return {*agreed, *accepted, *copies.values_list("contract__deal_id", flat=True)}


def forget(person: User) -> None:
    """Replace the name where shares and payouts repeat it; what was accepted with a typed name is never changed."""
    RoyaltyShare.objects.filter(user=person).update(name=person.full_name)
    Payout.objects.filter(user=person).update(name=person.full_name)
