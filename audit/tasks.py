"""Seal what happened, every minute."""

from celery import shared_task


@shared_task
def seal_events() -> None:
    """Chain the finished events into the next seal."""
    from audit import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.seal_events()
