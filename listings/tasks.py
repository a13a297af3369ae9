"""What is derived from all listings together."""

from celery import shared_task


@shared_task
def rebuild_vocabulary() -> None:
    """Count the vocabulary of search anew if the stock changed since. Level-triggered."""
    from listings.services import vocabulary  # noqa: PLC0415 -- a task imports its service when it runs

    vocabulary.rebuild_vocabulary()
