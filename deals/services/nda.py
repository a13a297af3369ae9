"""The confidentiality agreement: drawn up when the enquiry is accepted, concluded when both sides accept it."""

import hashlib

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from audit.services import record
from deals import policies
from deals.choices import Turn
from deals.legal import nda as template
from deals.legal.document import hash_of, render_pdf
from deals.models import NDA, Deal, NDAAcceptance
from deals.services.common import acting_side, advance, lock, other, require_no_conflict, set_turn, tell, tell_both
from listings.services import grant_disclosure, revoke_disclosure
from marketplace.kit.errors import Conflict, Stale, require


def draft_nda(deal: Deal) -> NDA:
    """Draw up the agreement for a deal, in the caller's transaction."""

    def name(organisation: Organisation) -> tuple[str, str, str]:
        return organisation.name_vi, organisation.name_en, organisation.tax_code

    text = template.build(
        template.Facts(
            number=f"{deal.code}/TTBM",
            technology=deal.technology.title,
            licensor=name(deal.licensor),
            licensee=name(deal.licensee),
        )
    )
    text_hash = hash_of(text)
    pdf = render_pdf(text, at=timezone.now(), text_hash=text_hash)
    nda = NDA(
        deal=deal,
        template_version=template.VERSION,
        text=text,
        text_hash=text_hash,
        sha256=hashlib.sha256(pdf).hexdigest(),
    )
    nda.file.save("nda.pdf", ContentFile(pdf), save=False)
    nda.save()
    return nda


@transaction.atomic
def accept_nda(*, deal: Deal, actor: User, text_hash: str) -> NDA:
    """Accept the text whose hash is `text_hash` for the own side; with the second acceptance the documents open.

    Raises Stale when the text is another one, Conflict when the side has accepted already.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.binds(actor, deal))
    side = acting_side(actor, deal)
    nda = NDA.objects.select_for_update(of=("self",)).filter(deal=deal).first()
    if nda is None or not deal.lifecycle.can(deal.state, "conclude_nda"):
        raise Conflict(_("There is no confidentiality agreement to accept now."))
    if nda.text_hash != text_hash:
        raise Stale(_("The text has changed since you opened it. Read it again before you accept."))
    if nda.acceptances.filter(side=side).exists():
        raise Conflict(_("Your side has accepted the confidentiality agreement already."))
    role = policies.binding_role(actor, deal)
    NDAAcceptance.objects.create(nda=nda, side=side, user=actor, role=role, text_hash=text_hash)
    record(tag="deal.accept_nda", subject=deal, actor=actor, data={"side": side, "role": role, "text_hash": text_hash})
    title = deal.technology.title
    if nda.acceptances.count() < 2:
        set_turn(deal, Turn(other(side)))
        tell(
            deal, other(side), kind="deal.nda", actor=actor, binding=True,
            text=lambda: _("The other side accepted the confidentiality agreement for “%(title)s”. It is your turn.")
            % {"title": title},
        )  # fmt: skip
        return nda
    nda.concluded_at = timezone.now()
    nda.save(update_fields=["concluded_at"])
    grant_disclosure(technology=deal.technology, organisation=deal.licensee, basis=_basis(nda), actor=actor)
    advance(deal, "conclude_nda", actor=actor, turn=Turn.BOTH, nda=nda.pk)
    tell_both(
        deal, kind="deal.negotiating", actor=actor,
        text=lambda: _("The confidentiality agreement for “%(title)s” is concluded. Either side may make an offer.")
        % {"title": title},
    )  # fmt: skip
    return nda


def close_documents(deal: Deal, *, actor: User | None) -> None:
    """Close what the agreement opened, in the caller's transaction: the talks or the contract ended.

    The duty to keep the secret goes on.
    """
    nda = NDA.objects.filter(deal=deal).first()
    if nda is not None:
        revoke_disclosure(technology=deal.technology, organisation=deal.licensee, basis=_basis(nda), actor=actor)


def _basis(nda: NDA) -> str:
    return f"nda:{nda.pk}"
