"""Match on publication, mail digests, and sweep for whatever was missed."""

from celery import shared_task


@shared_task
def match_listing(kind: str, pk: int) -> None:
    """Search the other side for one listing."""
    from matching import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.match_listing(kind=kind, pk=pk)


@shared_task
def explain_match(pk: int) -> None:
    """Find the nearest sentences of one match."""
    from matching import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.explain(pk=pk)


@shared_task
def sweep_unmatched() -> None:
    """Match what was published and not matched; again with vectors what was matched by words alone; explain the rest."""
    from matching import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.sweep()


@shared_task
def learn_from_answers() -> None:
    """Propose a linear layer from the answers of the exchange; it serves only if its replay says so."""
    from matching import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.learn_from_answers()


@shared_task
def mail_digest(pk: int) -> None:
    """Mail one digest, once."""
    from matching import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.mail_digest(pk=pk)


@shared_task
def sweep_alerts() -> None:
    """Write and mail the digests of saved searches that are due."""
    from matching import services  # noqa: PLC0415 -- a task imports its service when it runs

    services.sweep_alerts()
