"""Hand contracts in effect down to valuation, which observes and scores them; no party's terms are shown by that."""

from decimal import Decimal

from deals.choices import MilestoneKind
from deals.models import Contract, Milestone
from valuation.methods.backtest import Payment
from valuation.models import DealScore
from valuation.services.closed_deals import ClosedDeal, record_closed_deal

DAYS_A_YEAR = 365


def hand_down(*, contract: Contract) -> DealScore:
    """Record a contract in effect, once; safe to repeat. Give its score."""
    contract = Contract.objects.select_related(
        "offer__terms", "deal__technology__main_field", "deal__licensor", "deal__licensee"
    ).get(pk=contract.pk)
    deal, terms = contract.deal, contract.terms
    assert contract.signed_on is not None
    payments, instalments = [], Decimal(0)
    for row in Milestone.objects.filter(terms=terms).order_by("position"):
        if row.due_on is not None:
            years = max(0, (row.due_on - contract.signed_on).days) / DAYS_A_YEAR
        else:
            years = (row.due_months or 0) / 12
        contingent = row.kind == MilestoneKind.MILESTONE
        instalments += 0 if contingent else row.amount
        payments.append(Payment(years, float(row.amount), contingent=contingent))
    return record_closed_deal(
        deal=ClosedDeal(
            contract_id=contract.pk,
            technology=deal.technology,
            licensor=deal.licensor,
            licensee=deal.licensee,
            right=terms.right,
            exclusivity=terms.exclusivity,
            royalty_pct=terms.royalty_pct,
            royalty_base=terms.royalty_base,
            lump_sum=terms.lump_sum,
            paid_at_once=max(Decimal(0), terms.lump_sum - instalments),
            minimum_annual=terms.minimum_annual,
            term_years=terms.term_years,
            payments=tuple(payments),
            closed_on=contract.signed_on,
            related_parties=terms.related_parties,
            is_sample=deal.is_sample,
        )
    )
