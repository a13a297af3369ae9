"""Reading JSONL and CSV, whatever their ends, marks and faults."""

import gzip

import pytest

from listings.importer.problems import UnreadableError
from tests.listings.importer.records import rows_of


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_json_lines_are_read_whatever_their_ends(put, name, end):
    rows = rows_of(put(["\ufeff", '{"a": "x"}' + end, end, '{"a": "đ"}' + end], name))
    assert [(row.number, row.columns) for row in rows] == [(1, {"a": "x"}), (2, {"a": "đ"})]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_with_quoted_line_breaks(put, name, mark, end):
    rows = rows_of(put(["\ufeffid" + mark + "title" + end, "1" + mark + '"hai\ndòng ""trích"""' + end], name))
    assert [(row.number, row.columns) for row in rows] == [(1, {"id": "1", "title": 'hai\ndòng "trích"'})]


def test_bad_rows_are_told_and_the_rest_is_read(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\nnot json\n[1]\n{"a": "\xff"}\n{"a": NaN}\n{"a": 2}\n' + b'{"a":' * 100000 + b"\n")
    rows = rows_of(path)
    assert [row.columns.get("a") if row.problem is None else "bad" for row in rows] == [
        1,
        "bad",
        "bad",
        "bad",
        None,
        2,
        "bad",
    ]


def test_csv_row_of_another_width_is_told(put):
    rows = rows_of(put(["id,title\n", "1,a\n", "2\n", "3,b,c\n", "4,d\n"], "a.csv"))
    assert [row.columns.get("id") if row.problem is None else row.problem.field for row in rows] == ["1", "", "", "4"]


@pytest.mark.parametrize(
    "content",
    [b"[{}]", "một".encode("utf-16"), gzip.compress(b'{"a": 1}\n' * 9000, mtime=0)[:60], b"id,id\n1,2\n"],
    ids=["json array", "utf-16", "cut gzip", "column twice"],
)
def test_file_that_cannot_be_read_is_told(tmp_path, content):
    path = tmp_path / ("a.csv" if content.startswith(b"id") else "a.jsonl")
    path.write_bytes(content)
    with pytest.raises(UnreadableError):
        rows_of(path)


def test_empty_file_has_no_rows(put):
    assert rows_of(put([""])) == []
