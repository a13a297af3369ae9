"""Records and runs that the tests of the importer share."""

import csv
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from listings.importer.mapping import load_mapping
from listings.importer.reading import Row, open_rows

ROOT = Path(settings.BASE_DIR)
SHARED = ROOT.parent / "shared" / "data"
TODAY = date(2026, 11, 21)
GOOD = {
    "id": "T-1",
    "title": "Máy sấy bơm nhiệt cho mực khô",
    "solution": "Bơm nhiệt thu hồi ẩn nhiệt, sấy ở 45 °C.",
    "organisation": "Viện Sấy",
    "organisation_kind": "institute",
    "tax_code": "",
    "trl": 7,
    "keywords": "sấy; bơm nhiệt",
    "price_min": "1.200.000.000",
}


def run(path, *more, kind="technology", exchange="HN-IMPORT"):
    call_command("import_listings", str(path), "--kind", kind, "--exchange", exchange, *more)


def rows_of(path):
    with open_rows(path) as (rows, _done):
        return list(rows)


def record_of(row, mapping="technologies"):
    return load_mapping(mapping).record(Row(1, row), today=TODAY)


def problems_in(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
