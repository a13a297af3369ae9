"""Vectors are made by workers. Level-triggered: what has none is found by looking, so a lost message costs a minute."""

from celery import shared_task


@shared_task(ignore_result=True)
def embed_document(document_id: int) -> None:
    """Make the vector of one document. Does nothing if it has one, is gone, or another worker is at it."""
    from search import embeddings  # noqa: PLC0415 -- tasks import their service inside the function

    embeddings.embed_documents(document_ids=[document_id])


@shared_task(ignore_result=True)
def embed_pending() -> None:
    """Make vectors for a batch that lacks them; ask for the next batch while there is more to do."""
    from search import embeddings  # noqa: PLC0415 -- tasks import their service inside the function

    done = embeddings.embed_documents()
    if done == embeddings.BATCH:
        embed_pending.apply_async(retry=False)
    elif done:
        recompute_means.apply_async(retry=False)


@shared_task(ignore_result=True)
def recompute_means() -> None:
    """Take the mean of each language again as the stock grows."""
    from search import embeddings  # noqa: PLC0415 -- tasks import their service inside the function

    embeddings.recompute_means()
