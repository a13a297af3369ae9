"""Writes of vectors: batches of documents, and the means of the languages."""

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict

from django.core.cache import cache
from django.db import connection, models, transaction
from django.db.models import F
from pgvector import HalfVector

from search import index, vectors
from search.embedder import Embedder, EmbeddingError, current_embedder, passage_text
from search.index import Position
from search.models import Document, DocumentQuerySet, Embedding, LanguageMean, VectorSpace

logger = logging.getLogger(__name__)

BATCH = 16
WHOLE_LOOK_SECONDS = 3600  # so long, what was complete is taken as complete but for what changed since


def embed_missing() -> int:
    """Do as `embed_documents`, at little cost where little is missing: what a sweep calls each minute.

    After a look that found nothing missing, only documents that changed since are looked at; all of them again after
    WHOLE_LOOK_SECONDS, or when the cache has lost the mark.
    """
    key = _mark_of(current_embedder().space)
    now, mark = index.present_position(), cache.get(key)
    since = None
    if mark is not None and time.time() - mark["whole"] < WHOLE_LOOK_SECONDS:
        since = Position(**mark["position"])
        since = since if now.follows(since) else None
    done = embed_documents(since=since)
    if not done and not _missing(current_embedder().space, since=since).exists():  # none left to another worker either
        whole = mark["whole"] if since is not None else time.time()
        cache.set(key, {"position": asdict(now), "whole": whole}, WHOLE_LOOK_SECONDS)
    return done


def _mark_of(space: str) -> str:
    return f"search:complete:{space}"


def forget_mark(space: str) -> None:
    """Look at all documents next time: vectors of the space go without a change of their documents."""
    cache.delete(_mark_of(space))


def _missing(space: str, *, since: Position | None) -> DocumentQuerySet:
    missing = Document.objects.without_vector(space)
    return missing if since is None else missing.changed_since(since.snapshot, kinds=index.kinds())


def embed_documents(
    *, document_ids: Sequence[int] | None = None, by: Embedder | None = None, since: Position | None = None
) -> int:
    """Make up to BATCH missing vectors and give how many were stored; 0 if the embedder is away.

    They are those of the wanted space, or of the embedder `by`; with `since`, of documents that changed after it.

    Rows that another worker holds are left to it. A text whose vector is known (the same words elsewhere) is not
    embedded again. The lock is held while the vectors are made, so an edit of these documents waits or, if the text
    changed before, is seen here.
    """
    embedder = by or current_embedder()
    with transaction.atomic():
        missing = _missing(embedder.space, since=since)
        if document_ids is not None:
            missing = missing.filter(pk__in=document_ids)
        documents = list(missing.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True)[:BATCH])
        if not documents:
            return 0
        known = {
            row.text_hash: row.vector
            for row in Embedding.objects.filter(
                space=embedder.space, text_hash__in={document.text_hash for document in documents}
            ).order_by("pk")
        }
        fresh = {d.text_hash: passage_text(d.title, d.body) for d in documents if d.text_hash not in known}
        if fresh:
            try:
                made = embedder.embed(list(fresh.values()), query=False)
            except EmbeddingError as error:
                logger.warning("%d documents wait for their vectors: %s", len(documents), error)
                return 0
            known |= dict(zip(fresh, (HalfVector(vector) for vector in made), strict=True))
        if by is None:
            _enter(embedder.space)
        Embedding.objects.bulk_create(
            [
                Embedding(
                    document=document,
                    kind=document.kind,
                    object_id=document.object_id,
                    space=embedder.space,
                    text_hash=document.text_hash,
                    language=document.language,
                    vector=known[document.text_hash],
                )
                for document in documents
            ],
            update_conflicts=True,
            unique_fields=["space", "document"],
            update_fields=["text_hash", "language", "vector", "created_at"],
        )
    return len(documents)


def _enter(space: str) -> None:
    """Note that a space has vectors and is wanted; the first one serves."""
    row = VectorSpace.objects.filter(space=space).first()
    if row is None:
        first = not VectorSpace.objects.filter(serving=True).exists()
        VectorSpace.objects.bulk_create([VectorSpace(space=space, serving=first)], ignore_conflicts=True)
    elif row.left_at is not None:
        VectorSpace.objects.filter(pk=row.pk).update(left_at=None)


def progress() -> tuple[int, int]:
    """Give how many public documents have the vector of their present text, and how many there are."""
    total = Document.objects.public().count()
    return total - Document.objects.without_vector(current_embedder().space).count(), total


@transaction.atomic
def recompute_means(space: str | None = None) -> None:
    """Store the mean passage vector of each language, over all public documents, of the wanted space unless named."""
    space = space or current_embedder().space
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.language, count(*), avg(e.vector)::text FROM search_embedding e"
            " JOIN search_document d ON d.id = e.document_id WHERE e.space = %s AND d.public GROUP BY e.language",
            [space],
        )
        rows = cursor.fetchall()
    for language, count, mean in rows:
        LanguageMean.objects.update_or_create(
            space=space,
            language=language,
            side=LanguageMean.Side.PASSAGE,
            defaults={"vector": HalfVector.from_text(mean), "count": count},
        )


def present_vectors(kind: str) -> models.QuerySet[Embedding]:
    """Give the vectors of the present texts of a kind, in the space that serves."""
    return Embedding.objects.filter(space=vectors.serving()[0], document__kind=kind, text_hash=F("document__text_hash"))
