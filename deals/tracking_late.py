"""How many days an unpaid invoice is late: not those on which no invoice stood through the supplier's doing."""

import datetime
from collections.abc import Iterable, Iterator

from django.utils import timezone

from deals.models import Invoice, RoyaltyStatement
from deals.tracking_due import Deadlines
from deals.tracking_lifecycle import InvoiceState


def days_late(invoices: Iterable[Invoice], *, days: Deadlines) -> dict[int, int]:
    """Give, by invoice that stands unpaid, the days after its last day up to that from which `days` looks; left
    out are those that are in time.

    A corrected statement is late since its first version was: the correction puts off nothing but the days in which it,
    or another version, waited for the supplier's answer. An invoice that the supplier itself cancelled and issued anew
    counts from the new one's day.
    """
    on, rows = days.on, list(invoices)
    corrected = {row.pk: row for row in rows if row.statement is not None and row.statement.version > 1}
    if corrected:
        again = Invoice.objects.filter(
            obligation__in=[row.obligation_id for row in corrected.values()], state=InvoiceState.CANCELLED
        )
        anew = set(again.order_by("pk").values_list("obligation_id", flat=True))
        corrected = {pk: row for pk, row in corrected.items() if row.obligation_id not in anew}
    versions = _versions([row.statement for row in corrected.values() if row.statement is not None])
    found = {}
    for row in rows:
        since = days.last_day(row.obligation.due_on if row.pk in corrected else row.due_on)
        late = (on - since).days
        if row.pk in corrected and row.statement is not None:
            waits = _waits_of_supplier(versions[row.statement.obligation_id])
            late -= sum(max((min(end, on) - max(start, since)).days, 0) for start, end in waits)
        if late > 0:
            found[row.pk] = late
    return found


def _versions(statements: list[RoyaltyStatement]) -> dict[int, list[RoyaltyStatement]]:
    """Give every version for the periods of some statements, by the obligation to declare it, in order."""
    found: dict[int, list[RoyaltyStatement]] = {}
    if statements:
        rows = RoyaltyStatement.objects.filter(obligation__in=[row.obligation_id for row in statements])
        for row in rows.order_by("obligation", "version"):
            found.setdefault(row.obligation_id, []).append(row)
    return found


def _waits_of_supplier(versions: list[RoyaltyStatement]) -> Iterator[tuple[datetime.date, datetime.date]]:
    """Give from which day to which each version waited for the supplier: until its answer, or the next version."""
    for row, following in zip(versions, [*versions[1:], None], strict=True):
        if row.answered_at is not None:
            yield row.filed_on, timezone.localdate(row.answered_at)
        elif following is not None:
            yield row.filed_on, following.filed_on
