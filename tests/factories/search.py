"""Findable documents, put by the service that the product uses, and small made-up vectors."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import numpy as np
from django.db import connections, transaction
from pgvector import HalfVector

from search import services
from search.embedder import current_embedder
from search.models import DIMENSIONS, Document, Embedding

_object_ids = count(1_000)


def put(
    title: str, body: str = "", *, kind: str = "technology", object_id: int | None = None, language: str | None = None
) -> Document:
    """Put a document under a fresh object id."""
    object_id = next(_object_ids) if object_id is None else object_id
    return services.put_document(kind=kind, object_id=object_id, title=title, body=body, language=language)


def give_vector(document: Document, vector: np.ndarray) -> Embedding:
    """Store a vector for a document, in the space of the present embedder."""
    return Embedding.objects.create(
        document=document,
        kind=document.kind,
        object_id=document.object_id,
        space=current_embedder().space,
        text_hash=document.text_hash,
        language=document.language,
        vector=HalfVector(vector),
    )


@contextmanager
def uncommitted(act: Callable[[], object]) -> Iterator[None]:
    """Do something in a transaction of another connection that commits when the block ends."""
    done, may_commit = threading.Event(), threading.Event()

    def beside() -> None:
        with transaction.atomic():
            act()
            done.set()
            may_commit.wait(20)
        connections.close_all()

    other = threading.Thread(target=beside)
    other.start()
    try:
        assert done.wait(20)
        yield
    finally:
        may_commit.set()
        other.join()


def unit_vectors(number: int, *, seed: int, clusters: int = 40) -> np.ndarray:
    """Make unit vectors that crowd around some centres, as those of texts do."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(clusters, DIMENSIONS))
    made = centres[random.integers(clusters, size=number)] + 0.6 * random.normal(size=(number, DIMENSIONS))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
