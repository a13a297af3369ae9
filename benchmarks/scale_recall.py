"""How many of the exactly nearest vectors HNSW gives, and at what cost."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

WIDTHS = (200, 400, 800)  # of `hnsw.ef_search`, beside the product's own


def recall(questions: Any, *, nearest: int = 50) -> dict[str, Any]:
    """Compare what HNSW gives for some `bench_scale.Questions` with the exact order: as the product asks, and at other
    widths of the search.
    """
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    from search import engine, vectors  # noqa: PLC0415 -- as above

    space, means = vectors.serving()
    asked = [*questions.phrases[:10], *(body for _title, body, _language in questions.needs[:10])]
    exact = _exact(space, [questions.vectors[s] - means[questions.languages[s], "query"] for s in asked], nearest)

    def share(statement: str, parameters: list[Any]) -> dict[str, Any]:
        shares, seconds = [], []
        with connection.cursor() as cursor:
            for place, said in enumerate(asked):
                centred = vectors.literal(questions.vectors[said] - means[questions.languages[said], "query"])
                for language in vectors.LANGUAGES:
                    start = time.perf_counter()
                    cursor.execute(statement.format(language=language), [centred, *parameters, nearest])
                    found = {row[0] for row in cursor.fetchall()}
                    seconds.append(time.perf_counter() - start)
                    if exact[place][language]:
                        shares.append(len(exact[place][language] & found) / len(exact[place][language]))
        return {"mean": round(float(np.mean(shares)), 4), "lowest": round(min(shares), 4), "searches": len(shares)} | {
            "ms": round(1000 * float(np.median(seconds)), 1)
        }

    report = share(
        "SELECT object_id FROM search_nearest(%s::halfvec, %s, '{language}', 'technology', %s) ORDER BY distance LIMIT %s",
        [space, engine.DENSE_CANDIDATES],
    )
    report["by_ef_search"] = {}
    for width in WIDTHS:
        with connection.cursor() as cursor:
            cursor.execute(f"SET hnsw.ef_search = {width}")
        report["by_ef_search"][width] = share(
            "SELECT object_id FROM (SELECT object_id, vector <=> %s::halfvec AS distance FROM search_embedding"
            " WHERE kind = 'technology' AND language = '{language}' AND space = %s ORDER BY distance LIMIT %s) AS near"
            " ORDER BY distance LIMIT %s",
            [space, engine.DENSE_CANDIDATES],
        )
    with connection.cursor() as cursor:
        cursor.execute("RESET hnsw.ef_search")
    return report


def _exact(space: str, asked: list[Any], nearest: int) -> list[dict[str, set[int]]]:
    """Give the nearest object ids of each language by comparing all, in one pass over the vectors."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    best: list[dict[str, tuple[Any, Any]]] = [{} for _ in asked]
    wanted = np.stack(asked).T
    with connection.cursor() as cursor, cursor.cursor.copy(
        "COPY (SELECT object_id, (language = 'vi')::int, vector FROM search_embedding"
        " WHERE kind = 'technology' AND space = %s) TO STDOUT (FORMAT BINARY)",
        [space],
    ) as copy:  # fmt: skip
        for ids, is_vi, made in _read_vectors(copy):
            products = made @ wanted
            for language, rows in (("vi", is_vi), ("en", ~is_vi)):
                for place in range(len(asked)):
                    old_ids, old = best[place].get(language, (np.empty(0, dtype=np.int64), np.empty(0)))
                    all_ids, all_products = np.append(old_ids, ids[rows]), np.append(old, products[rows, place])
                    top = np.argsort(-all_products)[:nearest]
                    best[place][language] = (all_ids[top], all_products[top])
    return [{name: set(found[0].tolist()) for name, found in one.items()} for one in best]


def _read_vectors(copy: Any) -> Iterator[tuple[Any, Any, Any]]:
    from search.models import DIMENSIONS  # noqa: PLC0415 -- after Django is set up

    form = np.dtype(
        [("n", ">i2"), ("s1", ">i4"), ("id", ">i8"), ("s2", ">i4"), ("vi", ">i4"), ("s3", ">i4"), ("v", ">u2", 2 + DIMENSIONS)]
    )  # fmt: skip
    head, waiting = 19, bytearray()

    def take() -> tuple[Any, Any, Any]:
        whole = len(waiting) // form.itemsize * form.itemsize
        table = np.frombuffer(bytes(waiting[:whole]), dtype=form)
        del waiting[:whole]
        made = table["v"][:, 2:].astype(np.uint16).view(np.float16).astype(np.float32)
        return table["id"].astype(np.int64), table["vi"] == 1, made

    for block in copy:
        waiting += bytes(block)[head:] if head else bytes(block)
        head = 0
        if len(waiting) > 20_000 * form.itemsize:
            yield take()
    if len(waiting) >= form.itemsize:
        yield take()
