"""Writes of vectors: batches of documents, and the means of the languages."""

import logging
from collections.abc import Sequence

from django.db import connection, transaction
from pgvector import HalfVector

from search.embedder import Embedder, EmbeddingError, current_embedder, passage_text
from search.models import Document, Embedding, LanguageMean, VectorSpace

logger = logging.getLogger(__name__)

BATCH = 16


def embed_documents(*, document_ids: Sequence[int] | None = None, by: Embedder | None = None) -> int:
    """Make up to BATCH missing vectors and give how many were stored; 0 if the embedder is away.

    They are those of the wanted space, or of the embedder `by`.

    Rows that another worker holds are left to it. A text whose vector is known (the same words elsewhere) is not
    embedded again. The lock is held while the vectors are made, so an edit of these documents waits or, if the text
    changed before, is seen here.
    """
    embedder = by or current_embedder()
    with transaction.atomic():
        missing = Document.objects.without_vector(embedder.space)
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
