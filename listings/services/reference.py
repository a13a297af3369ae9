"""Load the fields of technology."""

import csv
from pathlib import Path

from django.db import transaction

from listings.models import Field, FieldIpc


@transaction.atomic
def load_fields(*, fields: Path, ipc: Path) -> int:
    """Load WIPO's fields and their IPC prefixes; give the number of fields. Idempotent."""
    with fields.open(encoding="utf-8", newline="") as file:
        names = ("sector_en", "sector_vi", "name_en", "name_vi")
        rows = [Field(nr=int(row["nr"]), **{name: row[name] for name in names}) for row in csv.DictReader(file)]
    Field.objects.bulk_create(rows, update_conflicts=True, unique_fields=["nr"], update_fields=names)
    with ipc.open(encoding="utf-8", newline="") as file:
        prefixes = [FieldIpc(field_id=int(row["nr"]), prefix=row["ipc_prefix"]) for row in csv.DictReader(file)]
    FieldIpc.objects.bulk_create(prefixes, ignore_conflicts=True)
    return len(rows)
