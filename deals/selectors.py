"""Reads of deals, narrowed to the viewer."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Organisation, Role, User
from accounts.names import names_of
from accounts.selectors import organisations_of
from audit.models import Event
from deals import policies
from deals.choices import Side, Turn
from deals.effect import Effect, LegalFacts, effect_of, flow_between, must_register
from deals.lifecycle import DEAL, DealState, OfferState
from deals.models import (
    NDA,
    Contract,
    Deal,
    Dispute,
    Invoice,
    Message,
    Milestone,
    Obligation,
    Offer,
    Party,
    Registration,
    SignedCopy,
)
from deals.tracking_lifecycle import OPEN, TRACKED, InvoiceState
from listings.choices import IPStatus, LegalClass
from listings.models import Review, Technology
from listings.selectors import rights_of
from marketplace.kit.names import as_compared
from rules.selectors import number_on_days, numbers
from rules.working_days import working_days
from valuation.closed_selectors import recorded_contracts


def visible_deals(viewer: User) -> QuerySet[Deal]:
    """Give the deals that the viewer may see, newest first, joined for lists."""
    others = [role for role in Role if role != Role.RESEARCHER]
    visible = Q(licensee_id__in=viewer.organisation_ids())
    visible |= Q(licensor_id__in=viewer.organisation_ids(*others))
    visible |= Q(licensor_id__in=viewer.organisation_ids(), technology__author=viewer)
    visible |= Q(exchange_id__in=viewer.exchange_ids())
    return Deal.objects.filter(visible).with_list_related_data().order_by("-pk")


def acted_for(user: User, side: str, prefix: str = "") -> Q:
    """Say which deals the person negotiates for on a side, as a filter of deals or, with `prefix`, of what hangs on them.

    The supplier's office depends on whether it has a TTO, as in `policies.offices`.
    """
    if side == Side.LICENSEE:
        return Q(**{f"{prefix}licensee_id__in": user.organisation_ids(*policies.LICENSEE_OFFICES[0])})
    with_tto = Q(**{f"{prefix}licensor__kind__in": Organisation.WITH_TTO})
    ours = f"{prefix}licensor_id__in"
    return (with_tto & Q(**{ours: user.organisation_ids(*policies.TTO_OWNER_OFFICES[0])})) | (
        ~with_tto & Q(**{ours: user.organisation_ids(*policies.COMPANY_OWNER_OFFICES[0])})
    )


def _waits_for(organisations: Sequence[int]) -> Q:
    return Q(licensor_id__in=organisations, turn__in=[Turn.LICENSOR, Turn.BOTH]) | Q(
        licensee_id__in=organisations, turn__in=[Turn.LICENSEE, Turn.BOTH]
    )


def visible_disputes(viewer: User) -> QuerySet[Dispute]:
    """Give the disputes about the deals that the viewer may see: open ones first, then the newest."""
    return (
        Dispute.objects.filter(deal__in=visible_deals(viewer).order_by().values("pk"))
        .select_related("deal__technology", "deal__licensor", "deal__licensee", "opened_by", "mediator", "closed_by")
        .order_by(F("closed_at").desc(nulls_first=True), "-pk")
    )


def disputes_of(deal: Deal) -> QuerySet[Dispute]:
    """Give the disputes about a deal, newest first. The caller has narrowed the deal to the viewer."""
    return deal.disputes.select_related("opened_by", "mediator", "closed_by").order_by("-pk")


def disputes_for(operator: User, *, closed: bool = False) -> QuerySet[Dispute]:
    """Give the disputes at the exchanges that the person serves: open ones, the oldest first; or closed ones, newest first."""
    rows = visible_disputes(operator).filter(
        deal__exchange_id__in=operator.exchange_ids(), closed_at__isnull=not closed
    )
    return rows.order_by("-closed_at", "-pk") if closed else rows.order_by("opened_at", "pk")


def my_deals(user: User) -> QuerySet[Deal]:
    """Give the deals of the person's organisations: those that wait for the own side first, then the newest."""
    organisations = user.organisation_ids()
    waits = Case(
        When(_waits_for(user.organisation_ids(*policies.ACTING)), then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return (
        visible_deals(user)
        .filter(Q(licensor_id__in=organisations) | Q(licensee_id__in=organisations))
        .annotate(waits=waits)
        .order_by("waits", "-state_since", "-pk")
    )


def deals_waiting_for(user: User) -> QuerySet[Deal]:
    """Give the deals that wait for the person's side and in which the person may act for it, oldest first."""
    return my_deals(user).filter(_waits_for(user.organisation_ids(*policies.ACTING))).order_by("state_since", "pk")


def board_deals(operator: User) -> QuerySet[Deal]:
    """Give the running deals of the exchanges that the person serves, and those completed ones under which something is
    open again, by how long they stand.
    """
    owed = Obligation.objects.filter(contract__deal=OuterRef("pk"), contract__superseded_at=None, state__in=OPEN)
    billed = Invoice.objects.filter(contract__deal=OuterRef("pk"), state=InvoiceState.ISSUED)
    again = Q(Exists(owed) | Exists(billed), state=DealState.COMPLETED)
    return (
        Deal.objects.filter(~Q(state__in=DEAL.final) | again, exchange_id__in=operator.exchange_ids())
        .with_list_related_data()
        .prefetch_related(
            Prefetch(
                "contracts",
                Contract.objects.filter(superseded_at=None).select_related("offer__terms"),
                to_attr="current_list",
            )
        )
        .order_by("state_since", "pk")
    )


def deal_detail(viewer: User) -> QuerySet[Deal]:
    """Give visible deals with the technology's author joined, for a deal's pages."""
    return visible_deals(viewer).select_related("technology__author", "technology__main_field")


def offers_of(deal: Deal) -> list[Offer]:
    """Give the offers by round with their terms and milestones."""
    return list(
        deal.offers.select_related("made_by", "terms")
        .prefetch_related(Prefetch("terms__milestones", Milestone.objects.order_by("position")))
        .order_by("round")
    )


def open_offer(deal: Deal) -> Offer | None:
    """Give the offer that waits for an answer."""
    return deal.offers.filter(state=OfferState.OPEN).select_related("terms").first()


def accepted_offer(deal: Deal) -> Offer | None:
    """Give the offer whose terms hold."""
    return deal.offers.filter(state=OfferState.ACCEPTED).select_related("terms").first()


def last_round(deal: Deal) -> int:
    """Give the number of the last round, 0 before the first offer."""
    last = deal.offers.order_by("-round").values_list("round", flat=True).first()
    return last or 0


def offer_of_round(deal: Deal, number: int) -> Offer | None:
    """Give the offer of a round."""
    return deal.offers.filter(round=number).select_related("terms", "deal").first()


def expired_offers(*, on: datetime.date | None = None) -> QuerySet[Offer]:
    """Give open offers whose last day has passed."""
    day = on or timezone.localdate()
    return Offer.objects.filter(state=OfferState.OPEN, valid_until__lt=day).select_related("deal").order_by("pk")


def nda_of(deal: Deal) -> NDA | None:
    """Give the confidentiality agreement with its acceptances."""
    return NDA.objects.filter(deal=deal).prefetch_related("acceptances__user").first()


def messages_of(deal: Deal) -> QuerySet[Message]:
    """Give the messages, oldest first."""
    return deal.messages.select_related("author").order_by("pk")


def parties_of(deal: Deal) -> dict[str, Party]:
    """Give the parties by side."""
    return {party.side: party for party in deal.parties.all().order_by("side")}


def current_contract(deal: Deal) -> Contract | None:
    """Give the version of the contract that stands."""
    return (
        deal.contracts.filter(superseded_at=None)
        .select_related("deal__technology", "offer__terms", "permit", "generated_by")
        .prefetch_related("acceptances__user", "registrations__province")
        .first()
    )


def contract_versions(deal: Deal) -> QuerySet[Contract]:
    """Give every version, newest first."""
    return deal.contracts.select_related("generated_by").order_by("-version")


def contract_version(deal: Deal, version: int) -> Contract | None:
    """Give one version of the contract."""
    return deal.contracts.filter(version=version).select_related("deal").first()


def standing_signed_copy(contract: Contract) -> SignedCopy | None:
    """Give the signed copy that is recorded and not refused."""
    return contract.signed_copies.filter(refused_at=None).select_related("uploaded_by", "confirmed_by").first()


def refused_copies(contract: Contract) -> QuerySet[SignedCopy]:
    """Give the copies that the other side refused, the last one first."""
    return contract.signed_copies.filter(refused_at__isnull=False).select_related("uploaded_by").order_by("-pk")


def signed_copy(deal: Deal, pk: int) -> SignedCopy | None:
    """Give a signed copy of the deal."""
    return SignedCopy.objects.filter(pk=pk, contract__deal=deal).first()


def organisations_that_may_open(user: User) -> QuerySet[Organisation]:
    """Give the organisations for which the person may open an enquiry."""
    return organisations_of(user, *policies.LICENSEE_OFFICES[0])


def own_organisation(user: User, pk: int) -> Organisation | None:
    """Give one of the person's organisations."""
    return organisations_of(user).filter(pk=pk).first()


def running_deal(technology: Technology, viewer: User) -> Deal | None:
    """Give the running deal about this technology of one of the viewer's organisations as buyer."""
    return (
        Deal.objects.filter(technology=technology, licensee_id__in=viewer.organisation_ids())
        .exclude(state__in=DEAL.final)
        .order_by("pk")
        .first()
    )


def history_of_deal(deal: Deal, *, offers: Sequence[Offer] = ()) -> QuerySet[Event]:
    """Give the audit events of the deal and its offers, newest first, with their actors."""
    about = Q(subject_type="deals.deal", subject_id=deal.pk)
    if offers:
        about |= Q(subject_type="deals.offer", subject_id__in=[offer.pk for offer in offers])
    return Event.objects.filter(about).select_related("actor").order_by("-at", "-pk")


def ended_in(deal: Deal) -> DealState | None:
    """Give the state in which a deal was when it ended; None while it runs."""
    if not deal.is_over:
        return None
    ends = [f"deal.{name}" for name, step in DEAL.transitions.items() if step.target in DEAL.final]
    last = history_of_deal(deal).filter(tag__in=ends).first()
    return DealState(last.data["from"]) if last is not None else None


def co_owners(deal: Deal, *, as_read: bool = False) -> tuple[str, ...]:
    """Name the owners of the rights that cover the technology beside the two sides; each once, without ended rights.

    As the listing has them, which the contract states; `as_read`: in the reader's language where there is such a name.
    An owner that is joined to a side is that side as long as this is, or was verified, under its name.
    """
    sides = (deal.licensor, deal.licensee)
    known = {as_compared(name) for side in sides for name in (side.name_vi, side.name_en) if name}
    others = [
        (as_compared(owner.name), owner)
        for right in rights_of(deal.technology)
        for owner in right.owners.all()
        if not right.is_over and as_compared(owner.name) not in known
    ]
    joined = {owner.organisation_id for _word, owner in others}
    borne = names_of([side for side in sides if side.pk in joined])
    names: dict[str, str] = {}
    for word, owner in others:
        if word not in borne.get(owner.organisation_id or 0, ()):
            names.setdefault(word, owner.shown_name if as_read else owner.name.strip())
    return tuple(sorted(names.values()))


def listing_changed(deal: Deal) -> bool:
    """Tell whether the listing was changed since the exchange last approved it; never for one that came with an import."""
    approved = (
        deal.technology.reviews.filter(stage=Review.Stage.OPERATOR, decision=Review.Decision.APPROVE)
        .order_by("-pk")
        .values_list("content_version", flat=True)
        .first()
    )
    return approved is not None and approved != deal.technology.content_version


def needs_price_audit(facts: LegalFacts, *, related_parties: bool) -> bool:
    """Tell whether the price is subject to audit (article 27): state capital in a party, or related parties."""
    return facts.state_capital or related_parties


def facts_to_state(deal: Deal, parties: dict[str, Party]) -> LegalFacts:
    """Give what a contract that is drawn up now states: as listing and organisations are now, with the countries of the
    parties' legal data.
    """
    listing = deal.technology
    state_capital = deal.licensor.has_state_capital or deal.licensee.has_state_capital
    funding = listing.state_funding_pct or Decimal(0)
    countries = {side: parties[side].country if side in parties else "VN" for side in Side.values}
    return LegalFacts(
        restricted=listing.is_restricted,
        must_register=must_register(
            flow=flow_between(countries[Side.LICENSOR], countries[Side.LICENSEE]),
            state_money=funding > 0 or state_capital,
            result_certificate=bool(listing.result_certificate_no),
        ),
        state_funding_pct=funding,
        state_capital=state_capital,
    )


def facts_of(deal: Deal, contract: Contract | None, parties: dict[str, Party] | None = None) -> LegalFacts:
    """Give what the law asks by: as the contract states it, whatever became of the listing since (but for a class that it
    leaves open); without a contract as one would state it now.
    """
    if contract is not None:
        return contract.legal_facts
    return facts_to_state(deal, parties_of(deal) if parties is None else parties)


def holds_registered_right(technology: Technology) -> bool:
    """Tell whether a granted industrial property right that has not ended covers the technology."""
    kinds = {"patent", "utility_solution", "industrial_design", "plant_variety"}
    return any(
        right.status == IPStatus.GRANTED and right.kind in kinds and not right.is_over
        for right in technology.ip_rights.all()
    )


def effect(deal: Deal, contract: Contract | None, parties: dict[str, Party] | None = None) -> Effect:
    """Give whether the contract must be registered, what it waits for, and when it takes effect."""
    permit = getattr(contract, "permit", None) if contract else None
    certificates = [row.issued_on for row in contract.registrations.all()] if contract else []
    facts = facts_of(deal, contract, parties)
    signed_on = contract.signed_on if contract else None
    return effect_of(
        must_register=facts.must_register,
        restricted=facts.restricted,
        file_by=registration_deadlines([signed_on])[signed_on] if signed_on and facts.must_register else None,
        signed_on=signed_on,
        agreed_on=contract.offer.terms.effective_from if contract else None,
        permit_on=permit.issued_on if permit else None,
        certificate_on=min(certificates) if certificates else None,
    )


def registration_deadlines(signed: Iterable[datetime.date]) -> dict[datetime.date, datetime.date]:
    """Give by day of signing the last day on which a contract that must be registered is filed, with at most two queries.

    So many days after signing as the rule of that day says; where the last one is off, the next working day.
    """
    if not (signed := set(signed)):
        return {}
    days = number_on_days("registration.deadline", signed)
    last = {day: day + datetime.timedelta(days=int(count)) for day, count in days.items()}
    calendar = working_days(since=min(last.values()))
    return {day: calendar.last_day_of_term(end) for day, end in last.items()}


def due_to_take_effect(*, on: datetime.date | None = None) -> QuerySet[Contract]:
    """Give signed contracts whose deal is not in effect yet, though their day has come, or though nothing lacks by which
    a day is known (the paper for which they waited is there); and those with a day for which a permit lacks by now.
    """
    day = on or timezone.localdate()
    registered = Exists(Registration.objects.filter(contract=OuterRef("pk")))
    classed = ExpressionWrapper(Q(deal__technology__legal_class=LegalClass.RESTRICTED), BooleanField())
    nothing_lacks = Q(is_restricted=True, permit__isnull=False) | (
        Q(is_restricted=False) & (Q(must_register=False) | Q(registered))
    )
    unpermitted = Q(effective_on__isnull=False, is_restricted=True, permit__isnull=True)
    return (
        Contract.objects.alias(is_restricted=Coalesce(F("restricted"), classed))
        .filter(
            Q(effective_on__lte=day) | (Q(effective_on__isnull=True) & nothing_lacks) | unpermitted,
            superseded_at=None,
            deal__state=DealState.SIGNED,
        )
        .select_related("deal")
        .order_by("pk")
    )


def fee_estimate(value: Decimal, *, on: datetime.date | None = None) -> Decimal:
    """Give the registration fee in VND for a contract value in VND: a rate with a floor and a ceiling (dated rules)."""
    values = numbers("registration.fee.rate", "registration.fee.min", "registration.fee.max", on=on)
    fee = values["registration.fee.rate"] / 100 * value
    return min(max(fee, values["registration.fee.min"]), values["registration.fee.max"]).quantize(Decimal(1))


def contracts_in_effect() -> QuerySet[Contract]:
    """Give the contracts that took effect, also those that have ended since."""
    ended_before = Q(deal__state=DealState.TERMINATED, deal__state_since__date__lt=F("effective_on"))
    return (
        Contract.objects.filter(
            superseded_at=None, deal__state__in=TRACKED, signed_on__isnull=False, effective_on__lte=timezone.localdate()
        )
        .exclude(ended_before)
        .order_by("pk")
    )


def contracts_to_hand_down() -> QuerySet[Contract]:
    """Give the contracts that took effect and were not handed down to valuation yet."""
    return contracts_in_effect().exclude(pk__in=recorded_contracts().values("contract_id"))
