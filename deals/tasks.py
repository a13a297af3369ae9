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
    from deals import selectors, services  # noqa: PLC0415 -- a task imports its service when it runs

    return sum(services.start_contract(contract=contract) for contract in selectors.due_to_take_effect())


@shared_task
def lapse_expired_offers() -> int:
    """Close the open offers whose last day has passed; give how many."""
    from deals import selectors, services  # noqa: PLC0415 -- a task imports its service when it runs

    return sum(services.lapse_offer(offer=offer) for offer in selectors.expired_offers())
