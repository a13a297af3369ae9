"""The contract: legal data of both sides, the document with its hash, and agreement on it."""

import hashlib
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from deals import policies, selectors
from deals.choices import Side, Turn
from deals.effect import flow_between
from deals.legal import contract as template
from deals.legal.document import hash_of, render_pdf
from deals.legal.lint import BLOCK, Draft, lint
from deals.legal.words import of_right
from deals.lifecycle import DealState
from deals.models import Contract, ContractAcceptance, Deal, Party
from deals.services.common import (
    acting_side,
    advance,
    check,
    lock,
    need_reason,
    other,
    require_no_conflict,
    require_no_dispute,
    set_turn,
    tell,
    tell_both,
    who_completes,
)
from listings.choices import LegalClass
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.lifecycle import move
from marketplace.kit.names import as_compared

PARTY_FIELDS = (
    "legal_name",
    "legal_name_en",
    "tax_code",
    "country",
    "address",
    "representative",
    "position",
    "co_owner_consent",
)
DRAFTING = (DealState.TERMS_AGREED, DealState.CONTRACT_DRAFTED)


def _refuse_now(deal: Deal) -> Conflict:
    return Conflict(
        _("The present state is “%(state)s”, which does not allow this.") % {"state": deal.get_state_display()},
        state=deal.state,
    )


@transaction.atomic
def save_party(*, deal: Deal, actor: User, **details: Any) -> Party:
    """Write the legal data of the own side. Raises ValidationError by field; Conflict once the contract is agreed."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.acts(actor, deal))
    if deal.state not in DRAFTING:
        raise _refuse_now(deal)
    side = acting_side(actor, deal)
    party = Party.objects.select_for_update(of=("self",)).filter(deal=deal, side=side).first() or Party(
        deal=deal, side=side
    )
    for name, value in details.items():
        assert name in PARTY_FIELDS
        setattr(party, name, value)
    check(party, exclude=["deal", "side"])
    party.save()
    record(tag="deal.save_party", subject=deal, actor=actor, data={"side": side, "country": party.country})
    if deal.state == DealState.TERMS_AGREED:
        set_turn(deal, who_completes(deal))
    return party


def draft_of(deal: Deal) -> Draft | None:
    """Give what the contract would be made from, for the linter; None before terms are agreed."""
    offer = selectors.accepted_offer(deal)
    if offer is None:
        return None
    return Draft(
        technology=deal.technology.title,
        terms=offer.terms,
        milestones=list(offer.terms.milestones.order_by("position")),
        parties=selectors.parties_of(deal),
        co_owners=selectors.co_owners(deal, as_read=True),
        registered={side: deal.organisation_of(side).tax_code for side in Side.values},
        countries={side: deal.organisation_of(side).country for side in Side.values},
        unclassified=deal.technology.legal_class == LegalClass.UNKNOWN,
        changed=selectors.listing_changed(deal),
    )


@transaction.atomic
def generate_contract(*, deal: Deal, actor: User) -> Contract:
    """Draw up the contract from the agreed terms; a second time makes a new version, and acceptances start anew.

    Raises ValidationError naming what blocks (the 14 contents, forbidden clauses).
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.acts(actor, deal))
    require_no_dispute(deal)
    draft = draft_of(deal)
    if deal.state not in DRAFTING or draft is None:
        raise _refuse_now(deal)
    blocking = [finding for finding in lint(draft) if finding.severity == BLOCK]
    if blocking:
        raise ValidationError({"contract": [str(finding.message) for finding in blocking]})
    previous = Contract.objects.select_for_update(of=("self",)).filter(deal=deal, superseded_at=None).first()
    version = previous.version + 1 if previous else deal.contracts.count() + 1
    now = timezone.now().replace(microsecond=0)
    contract = _draw_up(deal, draft, version=version, now=now, actor=actor)
    if previous is not None:
        Contract.objects.filter(pk=previous.pk).update(superseded_at=now)
    contract.save()
    data = {"contract": contract.pk, "version": version, "text_hash": contract.text_hash, "sha256": contract.sha256}
    if deal.state == DealState.TERMS_AGREED:
        advance(deal, "draft_contract", actor=actor, turn=Turn.BOTH, **data)
    else:
        set_turn(deal, Turn.BOTH)
        record(tag="deal.redraft_contract", subject=deal, actor=actor, data=data)
    title = deal.technology.title
    tell_both(
        deal, kind="deal.contract", actor=actor, page="contract",
        text=lambda: _("Version %(version)d of the contract for “%(title)s” is ready to read and accept.")
        % {"version": version, "title": title},
    )  # fmt: skip
    return contract


def _draw_up(deal: Deal, draft: Draft, *, version: int, now: Any, actor: User) -> Contract:
    offer = selectors.accepted_offer(deal)
    assert offer is not None
    licensor, licensee = draft.parties[Side.LICENSOR], draft.parties[Side.LICENSEE]
    flow = flow_between(licensor.country, licensee.country)
    stated = selectors.facts_to_state(deal, dict(draft.parties))
    day = timezone.localdate(now)
    number = f"{deal.pk:05d}.{version}/{day.year}/HĐCGCN"
    held = deal.technology.ip_rights.order_by("pk")
    rights = tuple(of_right(right) for right in held if right.number and not right.is_over)
    facts = template.Facts(
        number=number,
        technology=deal.technology.title,
        rights=rights,
        co_owners=selectors.co_owners(deal),
        drafted_on=day,
        flow=flow,
        must_register=stated.must_register,
        restricted=stated.restricted,
        price_audit=selectors.needs_price_audit(stated, related_parties=draft.terms.related_parties),
    )
    text = template.build(
        facts=facts, terms=draft.terms, milestones=draft.milestones, licensor=licensor, licensee=licensee
    )
    text_hash = hash_of(text)
    pdf = render_pdf(text, at=now, text_hash=text_hash)
    contract = Contract(
        deal=deal, offer=offer, version=version, number=number, flow=flow, text=text, text_hash=text_hash,
        sha256=hashlib.sha256(pdf).hexdigest(), generated_at=now, generated_by=actor, **asdict(stated),
    )  # fmt: skip
    contract.file.save("contract.pdf", ContentFile(pdf), save=False)
    return contract


@transaction.atomic
def accept_contract(*, deal: Deal, actor: User, sha256: str, typed_name: str) -> Contract:
    """Accept the document whose PDF has this hash, for the own side: `agreed` once both have, not `signed`.

    `typed_name` must be the actor's name. Raises Stale when another version stands, Conflict for a second acceptance.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.binds(actor, deal))
    require_no_dispute(deal)
    side = acting_side(actor, deal)
    contract = Contract.objects.select_for_update(of=("self",)).filter(deal=deal, superseded_at=None).first()
    if contract is None or not deal.lifecycle.can(deal.state, "agree_contract"):
        raise _refuse_now(deal)
    if contract.sha256 != sha256:
        raise Stale(_("A new version of the contract stands. Read it before you accept."))
    if contract.acceptances.filter(side=side).exists():
        raise Conflict(_("Your side has accepted this version already."))
    if as_compared(typed_name) != as_compared(actor.full_name):
        raise ValidationError(
            {
                "typed_name": [
                    _("Type your full name as it stands in your profile: %(name)s.") % {"name": actor.full_name}
                ]
            }
        )
    role = policies.binding_role(actor, deal)
    ContractAcceptance.objects.create(
        contract=contract, side=side, user=actor, role=role, typed_name=actor.full_name, sha256=sha256
    )
    data = {"side": side, "role": role, "contract": contract.pk, "sha256": sha256}
    record(tag="deal.accept_contract", subject=deal, actor=actor, data=data)
    title = deal.technology.title
    if contract.acceptances.count() < 2:
        set_turn(deal, Turn(other(side)))
        tell(
            deal, other(side), kind="deal.contract", actor=actor, page="contract", binding=True,
            text=lambda: _("The other side accepted the contract for “%(title)s”. It is your turn.") % {"title": title},
        )  # fmt: skip
        return contract
    advance(deal, "agree_contract", actor=actor, turn=Turn.BOTH, contract=contract.pk, sha256=sha256)
    tell_both(
        deal, kind="deal.agreed", actor=actor, page="signature",
        text=lambda: _("Both sides accepted the contract for “%(title)s”. Sign it and record the signed copy.")
        % {"title": title},
    )  # fmt: skip
    return contract


@transaction.atomic
def reopen_terms(*, deal: Deal, actor: User, reason: str) -> Deal:
    """Go back to negotiating before the contract is agreed, with a reason. The accepted offer and the draft stand down."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.negotiates(actor, deal))
    reason = need_reason(reason)
    side = acting_side(actor, deal)
    offer = selectors.accepted_offer(deal)
    advance(deal, "reopen_terms", actor=actor, turn=Turn.BOTH, reason=reason, side=side)
    if offer is not None:
        data = {"deal": deal.pk, "round": offer.round, "side": offer.side}
        move(offer, "reopen", actor=actor, data=data, closed_at=timezone.now(), closed_by=actor)
    Contract.objects.filter(deal=deal, superseded_at=None).update(superseded_at=timezone.now())
    title = deal.technology.title
    tell(
        deal, other(side), kind="deal.reopened", actor=actor,
        text=lambda: _("The other side reopened the terms for “%(title)s”: %(reason)s")
        % {"title": title, "reason": reason},
    )  # fmt: skip
    return deal
