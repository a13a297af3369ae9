"""Bring in dated rules."""

import csv
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from rules.models import Rule


@transaction.atomic
def load_rules(*, path: Path) -> int:
    """Load a CSV (code, value, text, unit, valid_from, valid_to, source, certainty, note); give the number of rows.

    Idempotent by (code, valid_from). A row that the file no longer has is left alone: what was in force stays on record.
    """
    count = 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            Rule.objects.update_or_create(
                code=row["code"],
                valid_from=row["valid_from"],
                defaults={
                    "value": Decimal(row["value"]) if row["value"] else None,
                    "text": row["text"],
                    "unit": row["unit"],
                    "valid_to": row["valid_to"] or None,
                    "source": row["source"],
                    "certainty": row["certainty"],
                    "note": row["note"],
                },
            )
            count += 1
    return count
