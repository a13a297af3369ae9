"""Deals at every stage, reached by the services themselves, with the people of both sides."""

import datetime
import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Organisation, Role, User
from deals import certificates, selectors, services
from deals.choices import Side
from deals.lifecycle import DealState
from deals.models import Deal, Offer
from listings.models import Technology
from tests.factories.accounts import OrganisationFactory, person, province, seat
from tests.factories.appraisals import certified
from tests.factories.listings import PDF, TechnologyFactory

TERMS: dict[str, Any] = {
    "right": "licence",
    "exclusivity": "exclusive",
    "territory": "Toàn lãnh thổ Việt Nam",
    "field_of_use": "Cấp nước sạch nông thôn và sản xuất nước đá",
    "term_years": 5,
    "effective_from": None,
    "sublicence_allowed": False,
    "object_types": ["KNOWHOW", "PLAN_PROCESS"],
    "form": "INDEPENDENT",
    "methods": ["DOCUMENTS", "TRAINING"],
    "product": "Nước sau lọc có asen dưới 10 µg/L theo QCVN 01-1.",
    "lump_sum": Decimal(500_000_000),
    "lump_sum_due_days": 30,
    "royalty_pct": Decimal("3.5"),
    "royalty_base": "net_revenue",
    "minimum_annual": Decimal(50_000_000),
    "statement_frequency": "quarterly",
    "statement_due_days": 30,
    "payment_days": 30,
    "schedule": "Tháng 1: giao tài liệu. Tháng 2–3: đào tạo tại xưởng của bên nhận.",
    "place": "Phủ Lý, Hà Nam",
    "licensor_duties": "",
    "licensee_duties": "",
    "definitions": "",
    "warranty": "Bảo hành 24 tháng kể từ ngày nghiệm thu.",
    "penalty": "Phạt 0,05% giá trị chậm trả cho mỗi ngày chậm, tối đa 8%.",
    "liability": "",
    "dispute_body": "viac",
    "dispute_detail": "",
    "other": "",
    "related_parties": False,
}
MILESTONES: list[dict[str, Any]] = [
    {"kind": "instalment", "name": "Khi ký biên bản bàn giao", "amount": Decimal(300_000_000), "due_on": None, "due_months": 1},
    {"kind": "instalment", "name": "Khi nghiệm thu", "amount": Decimal(200_000_000), "due_on": None, "due_months": 6},
]  # fmt: skip
PARTY = {"address": "Số 1 phố Mẫu, phường Mẫu, Hà Nội", "representative": "Trần Thị Mẫu", "position": "Giám đốc"}
SUPPLIER = {
    "address": "Số 2 phố Mẫu, phường Mẫu, Hà Nội",
    "representative": "Nguyễn Văn Hiệu",
    "position": "Hiệu trưởng",
}
CONSENT = "Văn bản đồng ý số 05/2026 ngày 02/11/2026"


@dataclass
class Room:
    """A technology of a university, a company that wants it, and who sits where."""

    technology: Technology
    licensee: Organisation
    deal: Deal | None = None
    people: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]
        except KeyError as error:
            raise AttributeError(name) from error

    @property
    def running(self) -> Deal:
        """Give the deal as stored."""
        assert self.deal is not None
        self.deal = Deal.objects.select_related("technology__author", "licensor", "licensee", "exchange", "demand").get(
            pk=self.deal.pk
        )
        return self.deal

    def offer(self) -> Offer:
        """Give the last offer."""
        offer = self.running.offers.order_by("-round").select_related("deal").first()
        assert offer is not None
        return offer


def terms(**changes: Any) -> dict[str, Any]:
    """Give complete terms of a licence with a lump sum and a running royalty."""
    return {**TERMS, **changes}


def signed_pdf(content: bytes = PDF, name: str = "hop-dong-da-ky.pdf") -> SimpleUploadedFile:
    """Give an upload of a signed copy."""
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def deal_room(
    state: str = DealState.ENQUIRY, *, technology: Technology | None = None, offered: dict[str, Any] | None = None,
    milestones: list[dict[str, Any]] | None = None, licensee_country: str = "VN", licensor_country: str = "VN",
) -> Room:  # fmt: skip
    """Make a deal in `state` with its people.

    Supplier: `researcher` (author), `tto`, `licensor_signatory`, `licensor_admin`. Buyer: `buyer` (representative),
    `signatory`, `buyer_admin`, `buyer_researcher`. Also `operator`, `stranger` (no seat), `rival` (representative and
    signatory of another company), `both` (TTO officer of the supplier, representative and signatory of the buyer).
    """
    technology = technology or TechnologyFactory(published=True, state_funding_pct=None)
    owner = technology.organisation
    licensee = OrganisationFactory(exchange=technology.exchange)
    room = Room(technology=technology, licensee=licensee)
    rival_company = OrganisationFactory(exchange=technology.exchange)
    room.people = {
        "researcher": technology.author,
        "tto": person(Role.TTO_OFFICER, owner),
        "licensor_signatory": person(Role.SIGNATORY, owner),
        "licensor_admin": person(Role.ADMIN, owner),
        "colleague": person(Role.RESEARCHER, owner),
        "buyer": person(Role.REPRESENTATIVE, licensee),
        "signatory": person(Role.SIGNATORY, licensee),
        "buyer_admin": person(Role.ADMIN, licensee),
        "buyer_researcher": person(Role.RESEARCHER, licensee),
        "operator": person(Role.OPERATOR, exchange=technology.exchange),
        "stranger": person(),
        "rival": person(Role.REPRESENTATIVE, rival_company),
        "both": person(Role.TTO_OFFICER, owner),
    }
    seat(room.people["rival"], Role.SIGNATORY, organisation=rival_company)
    seat(room.people["both"], Role.REPRESENTATIVE, organisation=licensee)
    seat(room.people["both"], Role.SIGNATORY, organisation=licensee)
    room.deal = services.open_enquiry(
        technology=technology,
        organisation=licensee,
        actor=room.buyer,
        message="Xin hỏi về giấy phép cho xưởng nước đá.",
    )
    steps = [
        (DealState.NDA, _to_nda),
        (DealState.NEGOTIATING, _to_negotiating),
        (DealState.TERMS_AGREED, lambda r: _to_terms(r, offered, milestones, licensor_country, licensee_country)),
        (DealState.CONTRACT_DRAFTED, _to_contract),
        (DealState.AGREED, _to_agreed),
        (DealState.SIGNED, _to_signed),
    ]
    if state == DealState.EFFECTIVE:
        state = DealState.SIGNED
    if state != DealState.ENQUIRY:
        for target, step in steps:
            step(room)
            if target == state:
                break
        else:
            raise ValueError(f"deal_room makes no deal in state {state}")
    room.running  # noqa: B018 -- read it anew
    return room


def _to_nda(room: Room) -> None:
    services.accept_enquiry(deal=room.running, actor=room.tto)


def _to_negotiating(room: Room) -> None:
    nda = selectors.nda_of(room.running)
    assert nda is not None
    for who in (room.signatory, room.licensor_signatory):
        services.accept_nda(deal=room.running, actor=who, text_hash=nda.text_hash)


def _to_terms(
    room: Room, offered: dict[str, Any] | None, milestones: list[dict[str, Any]] | None, licensor: str, licensee: str
) -> None:
    rows = milestones if milestones is not None else ([] if offered else MILESTONES)
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=offered or terms(), milestones=rows)
    services.accept_offer(offer=offer, actor=room.tto)
    for side, who, country in ((Side.LICENSOR, room.tto, licensor), (Side.LICENSEE, room.buyer, licensee)):
        organisation = room.running.organisation_of(side)
        services.save_party(
            deal=room.running, actor=who, legal_name=organisation.name_vi, legal_name_en=organisation.name_en,
            tax_code=organisation.tax_code, country=country, **(PARTY if side == Side.LICENSEE else SUPPLIER),
            co_owner_consent=CONSENT if side == Side.LICENSOR and selectors.co_owners(room.running) else "",
        )  # fmt: skip


def _to_contract(room: Room) -> None:
    services.generate_contract(deal=room.running, actor=room.buyer)


def _to_agreed(room: Room) -> None:
    contract = selectors.current_contract(room.running)
    assert contract is not None
    for who in (room.signatory, room.licensor_signatory):
        services.accept_contract(deal=room.running, actor=who, sha256=contract.sha256, typed_name=who.full_name)


def certify_where_needed(room: Room) -> None:
    """Have the technology appraised when state money is in the deal, as the law asks before signing."""
    today = timezone.localdate()
    if certificates.judge(room.running, on=today).waits:
        certified(room.technology)


def _to_signed(room: Room) -> None:
    """Sign today; a contract without mandatory registration is in effect at once."""
    certify_where_needed(room)
    services.upload_signed_copy(
        deal=room.running, actor=room.buyer, upload=signed_pdf(), signed_on=timezone.localdate()
    )
    services.confirm_signed_copy(deal=room.running, actor=room.licensor_signatory)


def yesterday() -> datetime.date:
    """Give the day before today in Viet Nam."""
    return timezone.localdate() - datetime.timedelta(days=1)


def hash_of(content: bytes) -> str:
    """SHA-256 (hex)."""
    return hashlib.sha256(content).hexdigest()


__all__ = [
    "CONSENT",
    "MILESTONES",
    "PARTY",
    "SUPPLIER",
    "TERMS",
    "Room",
    "certify_where_needed",
    "deal_room",
    "hash_of",
    "province",
    "signed_pdf",
    "terms",
    "yesterday",
]
