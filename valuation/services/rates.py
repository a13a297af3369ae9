"""Load the published royalty rates."""

import csv
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from valuation.models import RoyaltyRate

FIGURES = ("min", "q1", "median", "mean", "q3", "max")


@transaction.atomic
def load_royalty_rates(*, path: Path) -> int:
    """Load a CSV of published royalty rates (percent of the basis); give the number of rows.

    Idempotent by (industry, segment, source). Suggestions keep their own copy of the figures that they used.
    """
    count = 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            RoyaltyRate.objects.update_or_create(
                industry=row["industry"],
                segment=row["segment"],
                source=row["source"],
                defaults={
                    **{name: Decimal(row[name]) if row[name] else None for name in FIGURES},
                    "n": int(row["n"]) if row["n"] else None,
                    "year": int(row["year"]) if row["year"] else None,
                    "group": row["group"],
                    "basis": row["basis"],
                    "tag": row["tag"],
                    "note": row["note"],
                },
            )
            count += 1
    return count
