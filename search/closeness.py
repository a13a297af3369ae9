"""How near documents are to given ones, by meaning and by words: the ground of learning from answers (Rocchio)."""

from collections.abc import Collection

import numpy as np

from search import index, lexical, text, vectors
from search.models import Document, Embedding


def closeness(*, kind: str, object_ids: Collection[int], to: Collection[int]) -> dict[int, float]:
    """Give the mean centred cosine of each document to the documents `to`; what has no vector is left out.

    By linearity this is the cosine with the mean of their unit vectors, unnormalised: the term that Rocchio adds to
    the product of query and document.
    """
    space, means = vectors.serving()
    rows = Embedding.objects.filter(space=space, kind=kind, object_id__in={*object_ids, *to}).order_by("object_id")
    unit = {}
    for object_id, language, stored in rows.values_list("object_id", "language", "vector"):
        centred = np.asarray(stored, dtype=np.float32) - means[language, "passage"]
        unit[object_id] = centred / max(float(np.linalg.norm(centred)), 1e-9)
    known = [unit[object_id] for object_id in sorted(to) if object_id in unit]
    if not known:
        return {}
    mean = np.mean(known, axis=0)
    return {object_id: float(unit[object_id] @ mean) for object_id in sorted(object_ids) if object_id in unit}


def shared_words(*, kind: str, object_ids: Collection[int], to: Collection[int]) -> dict[int, float]:
    """Give by which part of its own BM25 score (0-1) each document to, asked as a query, finds each document; the mean.

    What shares no word, or an index that is not there, gives 0.
    """
    state = index.lexical(kind)
    asked = Document.objects.public().filter(kind=kind, object_id__in=list(to)).order_by("object_id")
    total = dict.fromkeys(sorted(object_ids), 0.0)
    count = 0
    for document in asked if state is not None else []:
        assert state is not None
        terms = lexical.frequencies(text.analyse(f"{document.title}. {document.body}", document.language))
        query = state.query(terms, {})
        if query is None:
            continue
        found = state.search(query, limit=len(total) + 1, only={*total, document.object_id})
        scores = {hit.object_id: hit.score for hit in found}
        whole = scores.get(document.object_id, 0.0)
        if whole > 0:
            count += 1
            for object_id in total:
                total[object_id] += min(1.0, scores.get(object_id, 0.0) / whole)
    return {object_id: value / count for object_id, value in total.items()} if count else {}
