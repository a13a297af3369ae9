"""How near documents are to given ones, by their vectors: the ground of learning from answers (Rocchio)."""

from collections.abc import Collection

import numpy as np

from search import vectors
from search.embedder import current_embedder
from search.models import Embedding


def closeness(*, kind: str, object_ids: Collection[int], to: Collection[int]) -> dict[int, float]:
    """Give the mean centred cosine of each document to the documents `to`; what has no vector is left out.

    By linearity this is the cosine with the mean of their unit vectors, unnormalised: the term that Rocchio adds to
    the product of query and document.
    """
    space = current_embedder().space
    rows = Embedding.objects.filter(space=space, kind=kind, object_id__in={*object_ids, *to}).order_by("object_id")
    means = vectors.load_means(space)
    unit = {}
    for object_id, language, stored in rows.values_list("object_id", "language", "vector"):
        centred = np.asarray(stored, dtype=np.float32) - means[language, "passage"]
        unit[object_id] = centred / max(float(np.linalg.norm(centred)), 1e-9)
    known = [unit[object_id] for object_id in sorted(to) if object_id in unit]
    if not known:
        return {}
    mean = np.mean(known, axis=0)
    return {object_id: float(unit[object_id] @ mean) for object_id in sorted(object_ids) if object_id in unit}
