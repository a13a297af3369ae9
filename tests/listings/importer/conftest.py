"""An exchange to import into, and files to import."""

import gzip
import json

import pytest

from tests.factories.accounts import ExchangeFactory, person


@pytest.fixture
def exchange(db):
    exchange = ExchangeFactory(code="HN-IMPORT")
    person(role="operator", exchange=exchange, email="operator@import.example")
    return exchange


@pytest.fixture
def put(tmp_path):
    def write(rows, name="records.jsonl"):
        path = tmp_path / name
        text = "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write
