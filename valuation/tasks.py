"""Suggest on publication or on demand, and sweep for whatever was missed."""

from celery import shared_task


@shared_task
def suggest_for(kind: str, pk: int) -> None:
    """Compute the range of one technology; other kinds have none."""
    from valuation import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.suggest_for(kind=kind, pk=pk)


@shared_task
def sweep_unpriced() -> None:
    """Compute the ranges that publication or a lost message left out."""
    from valuation import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.sweep()


@shared_task
def publish_closed_deals() -> int:
    """Publish the quarters of closed deals that have ended; give how many."""
    from valuation.services import closed_deals  # noqa: PLC0415 -- a task imports its service when it runs

    return len(closed_deals.publish_due_releases())


@shared_task
def perform_run(pk: int) -> None:
    """Do a run, unless another worker does it or it has ended."""
    from valuation.services import runs  # noqa: PLC0415 -- a task imports its service when it runs

    runs.perform_run(pk=pk)


@shared_task
def resume_runs() -> None:
    """Take up the runs that a lost message or a dead worker left."""
    from valuation.services import runs  # noqa: PLC0415 -- a task imports its service when it runs

    runs.resume_runs()


@shared_task
def remind_of_certificates() -> None:
    """Tell of certificates that end soon, and once more on the day after they ended."""
    from valuation.services import appraisals  # noqa: PLC0415 -- a task imports its service when it runs

    appraisals.remind_of_expiry()


@shared_task
def tell_of_firms() -> None:
    """Tell whose commissions are with a firm that is no longer verified."""
    from valuation.services import appraisals  # noqa: PLC0415 -- a task imports its service when it runs

    appraisals.tell_of_firms()
