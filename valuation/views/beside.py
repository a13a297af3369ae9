"""What stands beside a suggested range: certified values, the way to reports and to a commission."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from listings.models import Technology
from valuation import appraisal_policies, appraisal_selectors, report_policies
from valuation.models import Certificate


def beside(viewer: Any, technology: Technology) -> dict[str, Any]:
    """Give the certificates that the viewer may see, and the addresses of what he may do."""
    today = timezone.localdate()
    rows = list(appraisal_selectors.certificates_for(viewer, technology))
    signed_in = isinstance(viewer, User)
    may_draw_up = signed_in and report_policies.can_draw_up(viewer, technology)
    may_commission = signed_in and appraisal_policies.can_commission(viewer, technology.organisation)
    held = (row for row in rows if row.holds_on(today) and row.currency == Certificate.Currency.VND)
    marked = next(held, None)  # other currencies have no place on the scale of the range
    return {
        "certified_amount": marked.value if marked is not None else None,
        "certificates": [
            {"certificate": row, "holds": row.holds_on(today), "is_marked": row == marked} for row in rows
        ],
        "report_list_url": reverse("valuation:report_list", args=[technology.pk]) if may_draw_up else "",
        "commission_url": reverse("valuation:commission", args=[technology.pk]) if may_commission else "",
        "appraisals_url": reverse("valuation:appraisal_list") if may_commission else "",
    }
