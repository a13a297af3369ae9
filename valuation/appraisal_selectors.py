"""Reads of appraisals and certificates, narrowed to the viewer."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Organisation, User
from listings.models import Document, RightOwner, Technology
from listings.selectors import narrowed
from rules.models import Rule
from rules.selectors import number, rule
from valuation import appraisal_policies as policies
from valuation.lifecycle import OPEN_APPRAISAL, AppraisalState
from valuation.models import Appraisal, Certificate

RELATED = (
    "technology__organisation", "technology__exchange", "firm", "client", "counterparty", "commissioned_by",
    "independence_declared_by", "certificate",
)  # fmt: skip


def visible_appraisals(viewer: User) -> QuerySet[Appraisal]:
    """Give the appraisals that the viewer may see, the newest first.

    The client, the owner and the other side see them with their officers, the firm, and the operators of the exchange
    once the technology reached it.
    """
    officer = viewer.organisation_ids(*policies.CLIENT_ROLES)
    firm = viewer.organisation_ids(*policies.FIRM_ROLES)
    side = Q(client__in=officer) | Q(counterparty__in=officer) | Q(technology__organisation__in=officer)
    seen = side | Q(firm__in=firm)
    if exchanges := viewer.exchange_ids():
        seen |= Q(technology__in=narrowed(Technology.objects.filter(exchange__in=exchanges), viewer).values("pk"))
    return Appraisal.objects.filter(seen).select_related(*RELATED).order_by("-pk")


def appraisals_of(viewer: User, technology: Technology) -> QuerySet[Appraisal]:
    """Give the appraisals of a technology that the viewer may see, the newest first."""
    return visible_appraisals(viewer).filter(technology=technology)


def works_for_firm(viewer: User) -> bool:
    """Tell whether the person is an appraiser or signatory of a valuation firm; asks nothing of the database."""
    kind = Organisation.Kind.VALUATION_FIRM
    return any(
        seat.organisation is not None and seat.organisation.kind == kind and seat.role in policies.FIRM_ROLES
        for seat in viewer.seats
    )


def waiting_for_firm(viewer: User) -> QuerySet[Appraisal]:
    """Give the commissions that wait for the viewer's firm, the oldest first."""
    firms = viewer.organisation_ids(*policies.FIRM_ROLES)
    waiting = [AppraisalState.REQUESTED, AppraisalState.ACCEPTED]
    return (
        Appraisal.objects.filter(firm__in=firms, state__in=waiting)
        .select_related("technology", "client", "firm")
        .order_by("created_at", "pk")
    )


def waiting_for_consent(viewer: User) -> QuerySet[Appraisal]:
    """Give the commissions of the other side that wait for the owner's consent, the oldest first."""
    officer = viewer.organisation_ids(*policies.CLIENT_ROLES)
    return (
        Appraisal.objects.filter(technology__organisation__in=officer, state=AppraisalState.PROPOSED)
        .select_related("technology", "client", "firm")
        .order_by("created_at", "pk")
    )


def is_appraised_by(viewer: User, technology: Technology) -> bool:
    """Tell whether a firm of the viewer, verified as it must be, is at work on the technology."""
    firms = viewer.organisation_ids(*policies.FIRM_ROLES)
    if not firms:
        return False
    verified = Organisation.objects.verified().filter(pk__in=firms)
    return Appraisal.objects.filter(technology=technology, firm__in=verified, state=AppraisalState.ACCEPTED).exists()


def verified_firms() -> QuerySet[Organisation]:
    """Give the verified valuation firms."""
    kind = Organisation.Kind.VALUATION_FIRM
    return Organisation.objects.verified().filter(kind=kind).select_related("province").order_by("name_vi", "pk")


def documents_for_firm(appraisal: Appraisal) -> QuerySet[Document]:
    """Give the documents of the technology, of every tier."""
    return appraisal.technology.documents.filter(removed_at=None).order_by("tier", "pk")


def conflicts(
    *, firm: Organisation, technology: Technology, client: Organisation, counterparty: Organisation | None = None
) -> list[str]:
    """Say, in the reader's language, what interest a firm has in a price; nothing when it has none.

    It is one of the parties or a branch of the same enterprise; it owns a right that covers the technology; one of its
    people sits with a party, wrote the technology, or serves the exchange that lists it.
    """
    return _conflicts([firm], technology, client, counterparty)[firm.pk]


def _conflicts(
    firms: list[Organisation], technology: Technology, client: Organisation, counterparty: Organisation | None
) -> dict[int, list[str]]:
    """Give the interests of each firm by its pk, with three queries for all of them."""
    parties = [one for one in (technology.organisation, client, counterparty) if one is not None]
    named = {one.pk for one in parties}
    ids = [firm.pk for firm in firms]
    owners = set(
        RightOwner.objects.filter(right__technology=technology, organisation__in=ids).values_list(
            "organisation", flat=True
        )
    )
    people: dict[int, set[int]] = {pk: set() for pk in ids}
    active = Membership.objects.filter(is_active=True)
    for firm_id, user_id in active.filter(organisation__in=ids).values_list("organisation", "user"):
        people[firm_id].add(user_id)
    elsewhere = active.filter(
        Q(organisation__in=named) | Q(exchange=technology.exchange_id), user__in=set().union(*people.values())
    )
    seats = list(elsewhere.values_list("user", "organisation", "exchange"))
    found: dict[int, list[str]] = {}
    for firm in firms:
        mine = [(organisation, exchange) for user, organisation, exchange in seats if user in people[firm.pk]]
        interests = (
            (policies.related_to_any(firm, parties), _("The firm is one of the parties, or belongs to the same enterprise.")),
            (firm.pk in owners, _("The firm owns a right that covers the technology.")),
            (
                any(organisation in named - {firm.pk} for organisation, _exchange in mine),
                _("Someone in the firm also sits with one of the parties."),
            ),
            (
                any(exchange == technology.exchange_id for _organisation, exchange in mine),
                _("Someone in the firm also serves the exchange that lists the technology."),
            ),
            (technology.author_id in people[firm.pk], _("Someone in the firm wrote the description of the technology.")),
        )  # fmt: skip
        found[firm.pk] = [text for holds, text in interests if holds]
    return found


def firms_to_commission(technology: Technology, client: Organisation, counterparty: Any = None) -> list[dict[str, Any]]:
    """Give the verified firms with what keeps each from this commission (empty: nothing)."""
    firms = list(verified_firms())
    found = _conflicts(firms, technology, client, counterparty)
    return [{"firm": firm, "conflicts": found[firm.pk]} for firm in firms]


def open_appraisal(technology: Technology, firm: Organisation) -> Appraisal | None:
    """Give the commission of a firm that is not ended, or None."""
    return Appraisal.objects.filter(technology=technology, firm=firm, state__in=OPEN_APPRAISAL).first()


def shown_certificates(technology: Technology) -> QuerySet[Certificate]:
    """Give the certificates of a technology that everyone may see, the newest first."""
    return (
        Certificate.objects.filter(appraisal__technology=technology, shown_at__isnull=False)
        .select_related("appraisal__firm")
        .order_by("-issued_on", "-pk")
    )


def certificates_for(viewer: Any, technology: Technology) -> QuerySet[Certificate]:
    """Give the certificates of a technology that the viewer may see: the shown ones and those of his appraisals."""
    seen = Q(shown_at__isnull=False)
    if isinstance(viewer, User):
        seen |= Q(appraisal__in=visible_appraisals(viewer).values("pk"))
    return (
        Certificate.objects.filter(seen, appraisal__technology=technology)
        .select_related("appraisal__firm")
        .order_by("-issued_on", "-pk")
    )


def certificates_of(technology: Technology, *, clients: list[int]) -> QuerySet[Certificate]:
    """Give the certificates of a technology that these organisations (ids) commissioned, the longest valid first."""
    return (
        Certificate.objects.filter(appraisal__technology=technology, appraisal__client__in=clients)
        .select_related("appraisal__firm", "appraisal__client", "appraisal__counterparty", "appraisal__technology")
        .order_by("-valid_until", "-pk")
    )


def state_money(technology: Technology, parties: Iterable[Organisation], *, on: datetime.date) -> Rule | None:
    """Give the rule by which state money asks for a certificate before a transfer on a day, or None; as the technology
    and the parties are described now.
    """
    capital = any(one.has_state_capital for one in parties)
    return rule_for_state_money(funding_pct=technology.state_funding_pct, capital=capital, on=on)


def rule_for_state_money(*, funding_pct: Decimal | None, capital: bool, on: datetime.date) -> Rule | None:
    """Give the rule by which a certificate precedes a transfer on a day, or None: with state capital in a party, or more
    state funding (0-100 %) in the technology than the rule leaves free.
    """
    found = rule("appraisal.state_capital.required", on=on)
    if not found.value:
        return None
    funded = (funding_pct or 0) > number("appraisal.state_funding.over", on=on)
    return found if funded or capital else None


def purpose_for(technology: Technology, parties: Iterable[Organisation], *, on: datetime.date | None = None) -> str:
    """Give the purpose to commission for: with state money the one that a signature needs."""
    found = state_money(technology, parties, on=on or timezone.localdate())
    return Appraisal.Purpose.NEGOTIATION if found is None else Appraisal.Purpose.STATE


def differences(certificate: Certificate) -> list[str]:
    """Say, in the reader's language, where a certificate names something else than its commission asked for."""
    asked, found = certificate.appraisal, []
    if certificate.named_purpose != asked.purpose:
        words = _("The commission asks for the purpose “%(asked)s”, the certificate names “%(named)s”.")
        named = certificate.get_named_purpose_display()
        found.append(words % {"asked": asked.get_purpose_display(), "named": named})
    if asked.right and certificate.named_right != asked.right:
        words = _("The commission asks for this right: %(asked)s; the certificate names: %(named)s.")
        named = certificate.get_named_right_display() or _("none")
        found.append(words % {"asked": asked.get_right_display(), "named": named})
    if asked.term_years and certificate.named_term != asked.term_years:
        words = _("The commission asks for a term of %(asked)d years, the certificate names %(named)s.")
        found.append(words % {"asked": asked.term_years, "named": certificate.named_term or _("none")})
    return found


def validity_months(*, on: datetime.date | None = None) -> int:
    """Give how long a certificate may hold from the day of its value (a dated rule). Raises RuleMissing."""
    return int(number("appraisal.validity.max", on=on))


def _reminder(day: datetime.date) -> datetime.timedelta:
    return datetime.timedelta(days=int(number("appraisal.reminder", on=day)))


def ending_certificates(*, on: datetime.date | None = None) -> QuerySet[Certificate]:
    """Give the certificates to remind of today: they end within the rule's days and nobody was reminded yet."""
    day = on or timezone.localdate()
    return Certificate.objects.filter(
        reminded_on=None, valid_until__gte=day, valid_until__lte=day + _reminder(day)
    ).order_by("valid_until", "pk")


def ended_certificates(*, on: datetime.date | None = None) -> QuerySet[Certificate]:
    """Give the certificates that have ended and of which nobody was told so yet, however long the sweep stood still."""
    day = on or timezone.localdate()
    return Certificate.objects.filter(end_told_on=None, valid_until__lt=day).order_by("valid_until", "pk")


def commissions_of_changed_firms() -> QuerySet[Appraisal]:
    """Give the open commissions whose sides do not know yet that the firm is no longer verified, or is so again."""
    verified = Q(firm__in=Organisation.objects.verified().values("pk"))
    told = Q(firm_lapsed_told_at__isnull=False)
    return Appraisal.objects.filter((verified & told) | (~verified & ~told), state__in=OPEN_APPRAISAL).order_by("pk")
