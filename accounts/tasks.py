"""Mail what was noted."""

from celery import shared_task


@shared_task
def mail_notification(pk: int) -> None:
    """Mail one notification, once."""
    from accounts import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.deliver_notification(pk=pk)


@shared_task
def mail_unmailed() -> None:
    """Mail whatever a lost message left behind."""
    from accounts import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.sweep_unmailed()
