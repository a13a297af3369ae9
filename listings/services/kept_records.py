"""What is kept of foreign records, brought to what their mapping keeps now."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from audit.services import record_all
from listings.importer.mapping import Mapping
from listings.models import Demand, Technology

BATCH = 500
MODELS: dict[str, Any] = {"technology": Technology, "demand": Demand}


def trim_records(*, mapping: Mapping) -> Iterator[int]:
    """Take the columns that a mapping does not keep out of the stored records of its source; give how many, by batches.

    An act of the system. Safe to repeat, and to stop between two batches.
    """
    model, after = MODELS[mapping.kind], 0
    while True:
        with transaction.atomic():
            rows = model.objects.filter(source_name=mapping.source, pk__gt=after).order_by("pk")
            batch = list(rows.select_for_update(of=("self",))[:BATCH])
            changed = []
            for listing in batch:
                stored = listing.source_data.get("record", {})
                kept = mapping.keep(stored)
                if kept != stored:
                    listing.source_data = {**listing.source_data, "record": kept}
                    changed.append((listing, sorted(set(stored) - set(kept))))
            if changed:
                model.objects.bulk_update([listing for listing, _gone in changed], ["source_data"])
                record_all(
                    tag=f"{mapping.kind}.trim_record",
                    subjects=[listing for listing, _gone in changed],
                    actor=None,
                    data=[{"columns": gone} for _listing, gone in changed],
                )
        yield len(changed)
        if len(batch) < BATCH:
            return
        after = batch[-1].pk
