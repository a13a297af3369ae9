"""Vectors are made by workers. Level-triggered: what has none is found by looking, so a lost message costs a minute."""

import uuid

from celery import shared_task
from django.core.cache import cache

CHAIN = "search:embed-chain"
CHAIN_SECONDS = 3600


@shared_task(ignore_result=True)
def embed_document(document_id: int) -> None:
    """Make the vector of one document. Does nothing if it has one, is gone, or another worker is at it."""
    from search import embeddings, spaces  # noqa: PLC0415 -- tasks import their service inside the function

    if (former := spaces.outgoing()) is not None:
        embeddings.embed_documents(document_ids=[document_id], by=former)
    embeddings.embed_documents(document_ids=[document_id])


@shared_task(ignore_result=True)
def embed_pending(chain: str = "") -> None:
    """Make vectors for a batch that lacks them; ask for the next batch while there is more to do.

    What beat starts takes over from the chain of batches that runs, so that there is one and it outlives a crash.
    """
    from search import embeddings, spaces  # noqa: PLC0415 -- tasks import their service inside the function

    if chain and cache.get(CHAIN) != chain:
        return
    if is_first := not chain:
        chain = uuid.uuid4().hex
        cache.set(CHAIN, chain, CHAIN_SECONDS)
        if (former := spaces.outgoing()) is not None:
            embeddings.embed_documents(by=former)
    is_last = embeddings.embed_missing() < embeddings.BATCH
    if is_last:
        spaces.switch()
        spaces.drop_left()
    else:
        embed_pending.apply_async((chain,), retry=False)
    if (is_first or is_last) and any(embeddings.means_are_stale(space) for space in spaces.in_use()):
        recompute_means.apply_async(retry=False)


@shared_task(ignore_result=True)
def recompute_means() -> None:
    """Take the mean of each language again as the stock grows."""
    from search import embeddings, spaces  # noqa: PLC0415 -- tasks import their service inside the function

    embeddings.recompute_means()
    if (former := spaces.outgoing_space()) is not None:
        embeddings.recompute_means(former)
