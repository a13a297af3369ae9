"""Whether a deal needs a valuation certificate before it is signed, and which one it has.

Law on Technology Transfer, article 27.3: with state capital the price follows the law on prices. The rule, its source
and the share of state funding from which it applies are dated rows.
"""

import datetime

from deals.models import Deal
from rules.models import Rule
from rules.selectors import number, rule
from valuation.appraisal_selectors import valid_certificate
from valuation.lifecycle import OPEN_APPRAISAL
from valuation.models import Appraisal, Certificate


def required_by(deal: Deal, *, on: datetime.date) -> Rule | None:
    """Give the rule by which a deal signed on a day needs a certificate, or None.

    State capital in either party, or more state funding in the technology than the rule leaves free.
    """
    found = rule("appraisal.state_capital.required", on=on)
    if not found.value:
        return None
    funded = (deal.technology.state_funding_pct or 0) > number("appraisal.state_funding.over", on=on)
    return found if funded or deal.licensor.has_state_capital or deal.licensee.has_state_capital else None


def standing(deal: Deal, *, on: datetime.date) -> Certificate | None:
    """Give the certificate, commissioned by either side, that holds on a day; None when there is none."""
    return valid_certificate(deal.technology, on=on, parties=[deal.licensor_id, deal.licensee_id])


def under_way(deal: Deal) -> Appraisal | None:
    """Give the commission of either side that has not ended, the latest; None when nobody was asked."""
    return (
        Appraisal.objects.filter(
            technology=deal.technology_id, client__in=[deal.licensor_id, deal.licensee_id], state__in=OPEN_APPRAISAL
        )
        .select_related("firm")
        .order_by("-pk")
        .first()
    )
