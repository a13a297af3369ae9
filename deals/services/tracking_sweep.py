"""The daily sweep over contracts in effect."""

import datetime
from collections import Counter

from django.utils import timezone

from deals import tracking_selectors
from deals.services.completion import complete_contract
from deals.services.tracking import attend_to_obligation, generate_obligations
from deals.services.tracking_minimums import charge_top_up
from deals.tracking_due import minimums_without_statement, obligations_to_attend
from marketplace.kit.alone import alone as _alone
from rules.selectors import number


def sweep(*, on: datetime.date | None = None) -> dict[str, int]:
    """Generate what the horizon newly shows, complete what is over and settled, charge the minimum of years whose last statement did not come, then attend to every obligation that is near or past its day.

    Each row has a transaction of its own: one that fails is logged and leaves the others alone.
    """
    day = on or timezone.localdate()
    done: Counter[str] = Counter()
    for contract in tracking_selectors.contracts_in_effect():
        with _alone("Contract", contract.pk):
            done["generated"] += len(generate_obligations(contract=contract, actor=None))
            end = tracking_selectors.last_day(contract)
            if end is not None and end < day and complete_contract(contract=contract, on=day):
                done["completed"] += 1
    for pk in minimums_without_statement(on=day):
        with _alone("Minimum", pk):
            done["topped_up"] += charge_top_up(pk=pk, on=day)
    by = day + datetime.timedelta(days=int(number("obligation.reminder.first", on=day)))
    for pk in obligations_to_attend(by=by):
        with _alone("Obligation", pk):
            done[str(attend_to_obligation(pk=pk, on=day))] += 1
    return {what: count for what, count in done.items() if what and count}
