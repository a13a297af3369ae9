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
    from accounts import seat_services  # noqa: PLC0415 -- a task imports its service when it runs

    seat_services.sweep_unmailed()


@shared_task
def mail_invitation(pk: int) -> None:
    """Tell an address of its invitation, once."""
    from accounts import seat_services  # noqa: PLC0415 -- a task imports its service when it runs

    seat_services.deliver_invitation(pk=pk)


@shared_task
def expire_invitations() -> None:
    """End the invitations that nobody answered in time, and those that nobody stands behind any more."""
    from accounts import seat_services  # noqa: PLC0415 -- a task imports its service when it runs

    seat_services.expire_due()
    seat_services.withdraw_unbacked()


@shared_task
def forget_addresses() -> None:
    """Blank the addresses of invitations that ended a while ago."""
    from accounts import people_services  # noqa: PLC0415 -- a task imports its service when it runs

    people_services.forget_old_addresses()
