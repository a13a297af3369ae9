"""Rules and mappings: what a row becomes."""

from datetime import date
from decimal import Decimal

import pytest

from listings.importer.keywords import FieldWords
from listings.importer.mapping import Mapping, Record, Refused, built_in, load_mapping, recognise
from listings.importer.problems import MappingError
from listings.importer.rules import Rule
from tests.listings.importer.records import GOOD, record_of


@pytest.mark.parametrize(
    ("spec", "row", "wanted"),
    [
        ("a", {"a": " x "}, "x"),
        ({"from": ["a", "b"], "join": " / "}, {"a": "x", "b": None, "c": 1}, "x"),
        ({"template": "{a} ({b.c})"}, {"a": "x", "b": {"c": 5}}, "x (5)"),
        ({"first": ["a", {"from": "b", "extract": r"No\. (\d+)"}]}, {"a": "", "b": "No. 12"}, "12"),
        ({"from": "a", "split": ";", "map": {"có": "yes", "*": "no"}}, {"a": "có; không; có"}, ["yes", "no"]),
        ({"from": "a", "split": ";"}, {"a": ["x", "y;z"]}, ["x", "y;z"]),
        ({"from": "a", "date": ["%d/%m/%Y", "%Y"]}, {"a": "1/2/2030"}, date(2030, 2, 1)),
        ({"from": "a", "number": True}, {"a": "1.200.000,5"}, Decimal("1200000.5")),
        ({"from": "a", "number": True}, {"a": "1,200,000"}, Decimal(1200000)),
        ({"from": "a", "default": 3}, {"a": "N/A"}, 3),
        ({"from": "a", "drop": "^x+"}, {"a": "xxy"}, "y"),
        ({"value": [1]}, {}, [1]),
        ("a", {"a": [1, "b", None, {"c": "d"}]}, '1; b; {"c": "d"}'),
    ],
)
def test_rule_gives_the_value(spec, row, wanted):
    assert Rule(spec, "rule").apply(row, frozenset({"N/A"})) == wanted


@pytest.mark.parametrize(
    "spec",
    [
        {"source": "x", "kind": "technology"},
        {"source": "x", "kind": "service", "listing": {"title": "t"}},
        {"source": "", "kind": "demand", "listing": {"title": "t"}},
        {"source": "x", "kind": "demand", "listing": {"title": "t", "trl": "t"}},
        {"source": "x", "kind": "demand", "listing": {"title": "t"}, "ip_rights": [{}]},
        {"source": "x", "kind": "demand", "listing": {"title": {"from": "t", "value": 1}}},
        {"source": "x", "kind": "demand", "listing": {"title": {"from": "t", "frmat": 1}}},
        {"source": "x", "kind": "demand", "listing": {"title": {"from": "t", "extract": "("}}},
        {"source": "x", "kind": "demand", "listing": {"title": {"from": 5}}},
        {"source": "x", "kind": "demand", "listing": {"title": "t"}, "extra": 1},
        {"source": "x", "kind": "demand", "listing": {"title": "t"}, "fields": {"keywords": {"36": ["x"]}}},
        [],
    ],
)
def test_wrong_mapping_is_refused(spec):
    with pytest.raises(MappingError):
        Mapping(spec)


def test_shipped_mappings_are_sound_and_told_apart_by_columns():
    assert built_in() == ["demands", "nasa_patents", "sbir_awards", "sbir_topics", "technologies"]
    for name in built_in():
        mapping = load_mapping(name)
        assert recognise(dict.fromkeys(mapping.recognise, "x"), mapping.kind).name == name
    with pytest.raises(MappingError, match="lạ"):
        recognise({"lạ": 1}, "technology")
    with pytest.raises(MappingError):
        load_mapping("nothing-of-the-kind")


def test_every_problem_of_a_row_is_named():
    one = record_of(
        {**GOOD, "id": "", "title": None, "price_min": "nhiều", "ip_number": "1", "ip_filing_date": "hôm qua"}
    )
    assert isinstance(one, Refused)
    assert sorted(problem.field for problem in one.problems) == ["id", "ip_rights.filing_date", "price_min", "title"]


def test_nasa_record_is_mapped():
    row = {
        "id": "ABC-1-1", "case_stem": "ABC-1", "title": "Sensor for CH.sub.4", "text": "A methane sensor. " * 9,
        "category": "sensors", "center": "ABC", "facility": "Space Center", "patent_number": "7,123,456",
        "serial": "10/1", "expires": "2019-11-30",
    }  # fmt: skip
    one = record_of(row, "nasa_patents")
    assert isinstance(one, Record)
    assert one.values["title"] == "Sensor for CH₄"
    assert one.organisation == {
        "name": "Space Center", "kind": "institute", "country": "US", "website": "https://technology.nasa.gov",
    }  # fmt: skip
    assert one.ip_rights == [
        {"kind": "patent", "office": "US", "number": "7,123,456", "expiry_date": date(2019, 11, 30), "status": "lapsed",
         "owners": [{"name": "Space Center", "share_pct": "100"}]}
    ]  # fmt: skip
    assert one.guessed == [10]
    pending = record_of({**row, "patent_number": None, "expires": "1970-01-01"}, "nasa_patents")
    assert pending.ip_rights[0]["status"] == "pending"
    assert (pending.ip_rights[0]["number"], "expiry_date" in pending.ip_rights[0]) == ("10/1", False)


def test_field_is_told_by_words():
    words = FieldWords.of({"1": ["batter*", "fuel cell*"], "13": ["patient*"]}, least=2)
    assert words.choose(title="Batteries", text="for patients") == [1]
    assert words.choose(title="", text="fuel cells and battery of a patient") == [1]
    assert words.choose(title="", text="cells and fuel, debatter") == []
    assert words.choose(title="", text="", extra={13: 2.0}) == [13]
