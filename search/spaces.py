"""Vector spaces: which one serves, and the change from one to another without a gap.

The settings name the wanted space. While another one serves, its vectors answer and its model embeds the queries; the
wanted one is made beside it and takes over once it has a vector for every document that the other has one for. What
is left is dropped later, when no query is still on its way in it.
"""

import datetime
import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from search.embedder import Embedder, EmbeddingError, current_embedder, embedder_for
from search.embeddings import forget_mark, recompute_means, set_aside
from search.models import Document, Embedding, LanguageMean, VectorSpace

logger = logging.getLogger(__name__)

GRACE = datetime.timedelta(minutes=5)
MADE_FOR_REFUSED = 20  # texts that a new model refuses keep it from serving, unless it has so many vectors for each
DROPPED = 5_000  # vectors in one transaction
DROPS = 20  # transactions of one call


@dataclass(frozen=True, slots=True)
class Space:
    """How far a space is: public documents with a vector of their present text, of all public ones."""

    space: str
    serving: bool
    wanted: bool
    done: int
    total: int
    has_embedder: bool


def overview() -> list[Space]:
    """Give every space, the serving one first. Counts all documents: not for every request."""
    wanted = current_embedder().space
    known = dict(VectorSpace.objects.order_by("pk").values_list("space", "serving"))
    known.setdefault(wanted, not any(known.values()))
    total = Document.objects.public().count()
    found = [
        Space(
            space,
            serving,
            space == wanted,
            total - Document.objects.without_vector(space).count(),
            total,
            _embedder(space) is not None,
        )
        for space, serving in known.items()
    ]
    return sorted(found, key=lambda row: (not row.serving, not row.wanted, row.space))


def changing() -> bool:
    """Tell whether another space than the wanted one serves."""
    return outgoing_space() is not None


def outgoing_space() -> str | None:
    """Give the space that serves while the wanted one is made; None when the wanted one serves."""
    served = VectorSpace.objects.filter(serving=True).values_list("space", flat=True).first()
    return None if served is None or served == current_embedder().space else served


def in_use() -> list[str]:
    """Give the wanted space, and the one that serves meanwhile."""
    return [space for space in (current_embedder().space, outgoing_space()) if space is not None]


def outgoing() -> Embedder | None:
    """Give the embedder of that space; None too when the settings name none."""
    space = outgoing_space()
    return None if space is None else _embedder(space)


def _embedder(space: str) -> Embedder | None:
    try:
        return embedder_for(space)
    except EmbeddingError:
        return None


@transaction.atomic
def switch() -> bool:
    """Let the wanted space serve if it may; tell whether that changed just now. Its means are taken first.

    It may once every public document that has a vector in the serving space has one in the wanted space, but for a
    few texts that the server refuses; at once if nothing embeds queries in the serving space any more, for then its
    vectors are of no use.
    """
    wanted = current_embedder().space
    rows = {row.space: row for row in VectorSpace.objects.select_for_update().order_by("pk")}
    served = next((row for row in rows.values() if row.serving), None)
    if served is None or served.space == wanted or wanted not in rows:
        return False
    if _embedder(served.space) is not None and _lacks(wanted, served.space):
        return False
    recompute_means(wanted)
    VectorSpace.objects.filter(pk=served.pk).update(serving=False, left_at=timezone.now())
    VectorSpace.objects.filter(pk=rows[wanted].pk).update(serving=True, left_at=None)
    logger.info("Vectors of %s serve now instead of %s", wanted, served.space)
    return True


def _lacks(wanted: str, served: str) -> bool:
    vectors = Embedding.objects.filter(document=OuterRef("pk"))
    missing = Document.objects.public().filter(
        Exists(vectors.filter(space=served)), ~Exists(vectors.filter(space=wanted))
    )
    if aside := set_aside(wanted):
        enough = len(aside) * MADE_FOR_REFUSED
        if Embedding.objects.filter(space=wanted).order_by()[:enough].count() == enough:
            missing = missing.exclude(text_hash__in=aside)
    return missing.exists()


def drop_left(*, now: datetime.datetime | None = None) -> int:
    """Delete vectors of spaces that were left GRACE ago or more; give how many. What remains is left to the next call."""
    now = now or timezone.now()
    idle = VectorSpace.objects.filter(serving=False).exclude(space=current_embedder().space)
    idle.filter(left_at=None).update(left_at=now)  # never served, and no longer wanted
    dropped = 0
    for row in idle.filter(left_at__lte=now - GRACE).order_by("pk"):
        forget_mark(row.space)
        for _call in range(DROPS):
            old = Embedding.objects.filter(space=row.space).order_by("pk").values("pk")[:DROPPED]
            count, _kinds = Embedding.objects.filter(pk__in=old).delete()
            dropped += count
            if count < DROPPED:
                LanguageMean.objects.filter(space=row.space).delete()
                row.delete()
                break
    return dropped
