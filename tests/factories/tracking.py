"""Contracts in effect, made as rows (the way there is what the tests of deals are about), and what follows by services.

`tracked()` is in effect since a year and a half ago, so that six quarters are over.
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Role, User
from deals.calendar import add_months
from deals.lifecycle import DealState, OfferState
from deals.models import Contract, Deal, Invoice, Milestone, Obligation, Offer, Payment, RoyaltyStatement, Terms
from deals.services.tracking import generate_obligations
from deals.services.tracking_payouts import record_payment
from deals.services.tracking_statements import Figures, accept_statement, file_statement
from deals.tracking_choices import ObligationKind
from listings.models import Technology
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.deals import terms as complete_terms
from tests.factories.listings import TechnologyFactory

MAKERS: dict[str, Any] = {
    "tto": lambda t: person(Role.TTO_OFFICER, t.deal.licensor),
    "colleague": lambda t: person(Role.RESEARCHER, t.deal.licensor),
    "buyer": lambda t: person(Role.REPRESENTATIVE, t.deal.licensee),
    "signatory": lambda t: person(Role.SIGNATORY, t.deal.licensee),
    "buyer_researcher": lambda t: person(Role.RESEARCHER, t.deal.licensee),
    "licensor_broker": lambda t: person(Role.BROKER, t.deal.licensor),
    "operator": lambda t: person(Role.OPERATOR, exchange=t.deal.exchange),
    "other_operator": lambda t: person(Role.OPERATOR),
    "rival": lambda t: person(Role.REPRESENTATIVE, OrganisationFactory(exchange=t.deal.exchange)),
    "rival_tto": lambda t: person(Role.TTO_OFFICER, OrganisationFactory(university=True, exchange=t.deal.exchange)),
    "stranger": lambda t: person(),
}


@dataclass
class Tracked:
    """A contract in effect and its people, each made when first named; `author` is the technology's."""

    deal: Deal
    contract: Contract
    people: dict[str, User] = field(default_factory=dict)

    def person(self, name: str) -> User:
        """Give a person by the part played (MAKERS)."""
        if name == "author":
            return self.deal.technology.author
        if name not in self.people:
            self.people[name] = MAKERS[name](self)
        return self.people[name]

    def __getattr__(self, name: str) -> User:
        if name in MAKERS or name == "author":
            return self.person(name)
        raise AttributeError(name)

    def obligations(self, kind: str) -> list[Obligation]:
        """Give the obligations of a kind by period and due date."""
        return list(self.contract.obligations.filter(kind=kind).order_by("due_on", "pk"))

    def period(self, number: int = 1) -> Obligation:
        """Give the obligation to declare a period, counted from 1."""
        return self.obligations(ObligationKind.STATEMENT)[number - 1]

    def file(self, number: int = 1, sales: int = 1_000_000_000, **deductions: int) -> RoyaltyStatement:
        """File the statement of a period: sales and deductions by kind in VND."""
        period = self.period(number)
        assert period.period_start is not None
        assert period.period_end is not None
        return file_statement(
            contract=self.contract, period_start=period.period_start, period_end=period.period_end,
            figures=figures(sales, **deductions), actor=self.buyer,
        )  # fmt: skip

    def invoice(self, number: int = 1, sales: int = 1_000_000_000) -> Invoice:
        """File and accept the statement of a period; give its invoice."""
        accepted = accept_statement(statement=self.file(number, sales), actor=self.tto)
        return accepted.invoices.get()

    def pay(self, invoice: Invoice, amount: int | None = None, reference: str = "FT26001", **values: Any) -> Payment:
        """Record a payment received today, in full unless an amount is given."""
        values = {"paid_on": timezone.localdate(), "actor": self.tto, **values}
        paid = invoice.amount if amount is None else Decimal(amount)
        return record_payment(invoice=invoice, amount=paid, bank_reference=reference, **values)


def figures(sales: int = 1_000_000_000, *, units: int = 100, note: str = "", **deductions: int) -> Figures:
    """Give figures to declare."""
    return Figures(
        units=Decimal(units), gross_sales=Decimal(sales), note=note,
        deductions={kind: Decimal(value) for kind, value in deductions.items()},
    )  # fmt: skip


def months_ago(months: int) -> datetime.date:
    """Give today's day so many months ago."""
    return add_months(timezone.localdate(), -months)


def tracked(
    *,
    effective_on: datetime.date | None = None,
    milestones: list[dict[str, Any]] | None = None,
    technology: Technology | None = None,
    generate: bool = True,
    **terms: Any,
) -> Tracked:
    """Make a contract in effect with its obligations. Without a lump sum unless `terms` say otherwise."""
    technology = technology or TechnologyFactory(published=True, state_funding_pct=None)
    licensee = OrganisationFactory(exchange=technology.exchange)
    deal = Deal.objects.create(
        technology=technology, licensor=technology.organisation, licensee=licensee, exchange=technology.exchange,
        opened_by=technology.author, state=DealState.EFFECTIVE,
    )  # fmt: skip
    offer = Offer.objects.create(
        deal=deal, round=1, side="licensee", made_by=technology.author, state=OfferState.ACCEPTED
    )
    values = complete_terms(**{"lump_sum": Decimal(0), "minimum_annual": Decimal(0), **terms})
    held = Terms.objects.create(offer=offer, **values)
    for position, row in enumerate(milestones or [], 1):
        Milestone.objects.create(terms=held, position=position, **row)
    start = effective_on or months_ago(18)
    contract = Contract.objects.create(
        deal=deal, offer=offer, version=1, number=f"HD-{deal.pk:05d}-1", flow="domestic", text={}, text_hash="0" * 64,
        file="deals/contract/test.pdf", sha256="0" * 64, generated_at=timezone.now(), generated_by=technology.author,
        signed_on=start, effective_on=start, restricted=False, must_register=False, state_capital=False,
        state_funding_pct=technology.state_funding_pct or 0,
    )  # fmt: skip
    if generate:
        generate_obligations(contract=contract, actor=None)
    return Tracked(deal=deal, contract=contract)
