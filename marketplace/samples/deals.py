"""Sample deals, each taken to its stage by the people of both sides, on days in the past."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.models import Role, User
from deals import certificates, selectors, services
from deals.legal.contract import contract_value
from deals.models import Deal, Offer
from deals.models.tracking import Invoice, Obligation
from deals.services import tracking_payouts, tracking_statements, tracking_sweep
from listings.models import Demand, Technology
from marketplace.samples import source
from marketplace.samples.appraisals import appraise
from marketplace.samples.clock import clock_at, days_ago
from marketplace.samples.people import People
from valuation.services import suggest_for

STAGES = (
    "enquiry", "nda_accepted", "offer_made", "countered", "agreed_terms", "contract_accepted", "signed", "effective",
    "royalty_reported",
)  # fmt: skip
#: How long ago a deal of a stage began, in days, and how many days lie between two of its acts.
BEGAN = {"royalty_reported": (330, 3), "effective": (120, 4), "signed": (60, 3)}
CONSENT = "Văn bản đồng ý của các đồng chủ sở hữu (mẫu), số 01/2026"
ADDRESS = {"vi": "Tổ chức mẫu, địa chỉ mẫu", "en": "Sample organisation, sample address"}


def load_deals(people: People, listings: dict[str, Technology | Demand], *, tell: Callable[[str], None]) -> int:
    """Bring in what is not there yet; give the number of deals made now."""
    made = 0
    for row in source.read("deals"):
        technology: Any = listings[row["technology"]]
        licensee = people.organisations[row["licensee"]]
        if Deal.objects.filter(technology=technology, licensee=licensee, is_sample=True).exists():
            continue
        with transaction.atomic():
            SampleDeal(row, people, listings).play()
        made += 1
    if made:
        tracking_sweep.sweep()
        tell(f"{made} sample deals")
    return made


class SampleDeal:
    """One deal on its way to its stage."""

    def __init__(self, row: dict[str, Any], people: People, listings: dict[str, Technology | Demand]) -> None:
        self.row, self.people = row, people
        self.technology: Any = listings[row["technology"]]
        self.demand: Any = listings[row["demand"]] if row["demand"] else None
        owner = next(r["organisation"] for r in source.technologies() if r["id"] == row["technology"])
        self.operator = people.operator_for(
            next(r["exchange"] for r in source.technologies() if r["id"] == row["technology"]), owner
        )
        has_tto = people.organisations[owner].needs_tto_approval
        self.seller = people.with_role(Role.TTO_OFFICER if has_tto else Role.REPRESENTATIVE, organisation=owner)
        self.seller_signs = people.with_role(Role.SIGNATORY, organisation=owner)
        self.buyer = people.with_role(Role.REPRESENTATIVE, organisation=row["licensee"])
        self.buyer_signs = people.with_role(Role.SIGNATORY, organisation=row["licensee"])
        began, self.pace = BEGAN.get(row["stage"], (20, 1))
        self.today, self.now = days_ago(0), days_ago(began)
        self.deal: Any = None

    def play(self) -> None:
        """Act after act, until the stage is reached."""
        self.act(self.open)
        acts = (
            ("nda_accepted", self.agree_nda), ("offer_made", self.offer), ("countered", self.counter),
            ("agreed_terms", self.accept), ("contract_accepted", self.contract), ("signed", self.sign),
            ("effective", self.register), ("royalty_reported", self.report),
        )  # fmt: skip
        reached = STAGES.index(self.row["stage"])
        for stage, act in acts:
            if STAGES.index(stage) <= reached:
                self.act(act)

    def act(self, step: Callable[[], None]) -> None:
        """Do one step on its day."""
        with clock_at(self.now):
            if self.deal is not None:
                self.deal = Deal.objects.select_related(
                    "technology__author", "licensor", "licensee", "exchange", "demand"
                ).get(pk=self.deal.pk)
            step()
        self.now = min(self.now + datetime.timedelta(days=self.pace), self.today)

    def open(self) -> None:
        """The company asks."""
        self.deal = services.open_enquiry(
            technology=self.technology,
            organisation=self.people.organisations[self.row["licensee"]],
            actor=self.buyer,
            message=self.row["message"],
            demand=self.demand,
        )
        Deal.objects.filter(pk=self.deal.pk).update(
            state_since=self.now
        )  # the default of the field keeps its own clock

    def agree_nda(self) -> None:
        """The owner answers, both accept the confidentiality agreement."""
        services.accept_enquiry(deal=self.deal, actor=self.seller)
        nda = selectors.nda_of(self.deal)
        assert nda is not None
        for who in (self.buyer_signs, self.seller_signs):
            services.accept_nda(deal=self.deal, actor=who, text_hash=nda.text_hash)

    def offer(self) -> None:
        """The first round."""
        self._place(self.row["rounds"][0], None)

    def counter(self) -> None:
        """The rounds after the first."""
        for round_ in self.row["rounds"][1:]:
            self._place(round_, selectors.open_offer(self.deal))

    def _place(self, round_: dict[str, Any], standing: Offer | None) -> None:
        who = self.buyer if round_["from"] == "licensee" else self.seller
        terms, milestones = self._terms(round_["terms"])
        if standing is None:
            services.make_offer(deal=self.deal, actor=who, terms=terms, milestones=milestones, message=round_["note"])
        else:
            services.counter_offer(
                offer=standing, actor=who, terms=terms, milestones=milestones, message=round_["note"]
            )

    def _terms(self, row: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        vi = self.technology.language == "vi"
        terms = {
            "right": "licence",
            "exclusivity": "non_exclusive" if row["exclusivity"] == "non_exclusive" else "exclusive",
            "territory": "Việt Nam" if row["territory"] == "VN" else "Toàn cầu",
            "field_of_use": row["field_of_use"],
            "term_years": row["term_years"],
            "effective_from": None,
            "sublicence_allowed": False,
            "object_types": self.technology.object_types or ["KNOWHOW"],
            "form": "INDEPENDENT",
            "methods": self.technology.transfer_methods,
            "product": self.technology.summary,
            "lump_sum": Decimal(row["lump_sum"]),
            "lump_sum_due_days": 30,
            "royalty_pct": Decimal(str(row["royalty_pct"])),
            "royalty_base": row["royalty_base"],
            "minimum_annual": Decimal(row["minimum_annual"]),
            "statement_frequency": "quarterly",
            "statement_due_days": 30,
            "payment_days": 30,
            "schedule": "Bàn giao tài liệu trong 30 ngày, đào tạo trong 90 ngày."
            if vi
            else "Documents within 30 days, training within 90 days.",
            "place": str(self.deal.licensee.province),
            "licensor_duties": "",
            "licensee_duties": "",
            "definitions": "",
            "warranty": "Bảo hành 12 tháng kể từ ngày nghiệm thu." if vi else "Twelve months from acceptance.",
            "penalty": "0,05 % giá trị chậm trả mỗi ngày, không quá 8 %."
            if vi
            else "0.05 % of the sum a day, at most 8 %.",
            "liability": "Theo Bộ luật Dân sự." if vi else "Under the Civil Code.",
            "dispute_body": "viac",
            "dispute_detail": "",
            "other": "",
            "related_parties": False,
        }
        milestones = [
            {
                "kind": "milestone",
                "name": milestone["name"],
                "amount": Decimal(milestone["amount"]),
                "due_on": None,
                "due_months": milestone["due_months"],
            }
            for milestone in row["milestones"]
        ]
        return terms, milestones

    def accept(self) -> None:
        """The other side accepts the last round."""
        offer = selectors.open_offer(self.deal)
        assert offer is not None
        services.accept_offer(offer=offer, actor=self.seller if offer.side == "licensee" else self.buyer)

    def contract(self) -> None:
        """Both write their legal data, the contract is drawn up and accepted; the range of that day stands."""
        suggest_for(pk=self.technology.pk)
        for who, organisation in ((self.seller, self.deal.licensor), (self.buyer, self.deal.licensee)):
            services.save_party(
                deal=self.deal,
                actor=who,
                legal_name=organisation.name_vi,
                legal_name_en=organisation.name_en,
                tax_code=organisation.tax_code,
                country="VN",
                address=f"{ADDRESS['vi']}, {organisation.province.name_vi}",
                representative=self._signs_for(who).full_name,
                position="Người đại diện theo pháp luật",
                co_owner_consent=CONSENT if who == self.seller and selectors.co_owners(self.deal) else "",
            )
        contract = services.generate_contract(deal=self.deal, actor=self.seller)
        for who in (self.buyer_signs, self.seller_signs):
            services.accept_contract(deal=self.deal, actor=who, sha256=contract.sha256, typed_name=who.full_name)

    def _signs_for(self, who: User) -> User:
        return self.seller_signs if who == self.seller else self.buyer_signs

    def sign(self) -> None:
        """The signed copy is recorded and confirmed."""
        if certificates.required_by(self.deal, on=timezone.localdate()) is not None:
            appraise(self.deal, self.people, client=self.seller)
        contract = selectors.current_contract(self.deal)
        assert contract is not None
        with contract.file.open("rb") as file:
            copy = ContentFile(file.read(), name="hop-dong-da-ky.pdf")
        services.upload_signed_copy(deal=self.deal, actor=self.seller, upload=copy, signed_on=timezone.localdate())
        services.confirm_signed_copy(deal=self.deal, actor=self.buyer_signs)

    def register(self) -> None:
        """Where registration is mandatory, the certificate puts the contract into effect."""
        if self.deal.state != "signed":
            return
        contract = selectors.current_contract(self.deal)
        assert contract is not None
        services.record_registration(
            deal=self.deal,
            actor=self.operator,
            certificate_no=f"MẪU-{self.deal.pk:04d}",
            issued_on=timezone.localdate(),
            value_vnd=contract_value(contract.terms, list(contract.terms.milestones.order_by("position"))),
            province=self.deal.licensee.province,
        )

    def report(self) -> None:
        """The first finished period is declared, accepted, invoiced and paid; the inventors get their share."""
        contract = selectors.current_contract(self.deal)
        period = (
            Obligation.objects.filter(
                contract=contract, kind="statement", period_end__lt=(self.today - datetime.timedelta(days=40)).date()
            )
            .order_by("period_start", "pk")
            .first()
        )
        assert contract is not None
        assert period is not None
        assert period.period_start is not None
        assert period.period_end is not None
        told = self.row["statement"]
        figures = tracking_statements.Figures(
            units=Decimal(told["units"]),
            gross_sales=Decimal(told["gross_sales"]),
            deductions={line["kind"]: Decimal(line["amount"]) for line in told["deduction_lines"]},
            note=told["note"],
        )
        after = timezone.make_aware(datetime.datetime.combine(period.period_end, datetime.time(9)))
        with clock_at(after + datetime.timedelta(days=10)):
            statement = tracking_statements.file_statement(
                contract=contract,
                period_start=period.period_start,
                period_end=period.period_end,
                figures=figures,
                actor=self.buyer,
            )
            tracking_statements.accept_statement(statement=statement, actor=self.seller)
        invoice = Invoice.objects.get(statement=statement)
        with clock_at(after + datetime.timedelta(days=25)):
            tracking_payouts.record_payment(
                invoice=invoice,
                amount=invoice.amount,
                paid_on=timezone.localdate(),
                bank_reference=f"MAU{invoice.pk:06d}",
                actor=self.seller,
            )
