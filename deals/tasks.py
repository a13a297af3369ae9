"""Periodic work of deals. Level-triggered: each run looks for what is due."""

from celery import shared_task


@shared_task
def remind_and_mark_overdue() -> dict[str, int]:
    """Extend the obligations of contracts in effect, remind of what falls due, mark what is overdue.

    Gives how many of each were new. Two runs at once do nothing twice.
    """
    from deals.services import tracking_sweep  # noqa: PLC0415 -- a task imports its service when it runs

    return tracking_sweep.sweep()


@shared_task
def start_due_contracts() -> int:
    """Put into effect the signed contracts whose day has come; give how many."""
    from deals.services import sweeps  # noqa: PLC0415 -- a task imports its service when it runs

    return sweeps.start_due_contracts()


@shared_task
def lapse_expired_offers() -> int:
    """Close the open offers whose last day has passed; give how many."""
    from deals.services import sweeps  # noqa: PLC0415 -- a task imports its service when it runs

    return sweeps.lapse_expired_offers()


@shared_task
def hand_down_contract(contract_id: int) -> bool:
    """Have one contract in effect observed and scored; tell whether it is there."""
    from deals import selectors  # noqa: PLC0415 -- a task imports its service when it runs
    from deals.services.closing import hand_down  # noqa: PLC0415 -- a task imports its service when it runs

    contract = selectors.contracts_in_effect().filter(pk=contract_id).first()
    if contract is not None:
        hand_down(contract=contract)
    return contract is not None


@shared_task
def hand_down_contracts() -> int:
    """Have the contracts in effect that were missed observed and scored; give how many."""
    from deals.services import sweeps  # noqa: PLC0415 -- a task imports its service when it runs

    return sweeps.hand_down_missed_contracts()
