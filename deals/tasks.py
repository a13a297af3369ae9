"""Periodic work of deals. Level-triggered: each run looks for what is due."""

from celery import shared_task


@shared_task
def remind_and_mark_overdue() -> dict[str, int]:
    """Extend the obligations of contracts in effect, remind of what falls due, mark what is overdue.

    Gives how many of each were new. Two runs at once do nothing twice.
    """
    from deals.services import tracking_sweep  # noqa: PLC0415 -- a task imports its service when it runs

    return tracking_sweep.sweep()
