"""Bringing in records of other registers: reading, mapping, mending, storing; again, at once, and after a kill."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.lifecycle import VerificationState
from accounts.models import Notification, Organisation
from audit.models import Event
from audit.services import faults
from listings.choices import LegalClass
from listings.importer.keywords import FieldWords
from listings.importer.mapping import Mapping, Record, Refused, built_in, load_mapping, recognise
from listings.importer.problems import MappingError, UnreadableError
from listings.importer.reading import Row, open_rows
from listings.importer.rules import Rule
from listings.importer.texts import cut, first_sentences, mend
from listings.lifecycle import ListingState
from listings.models import Demand, Technology
from listings.services import withdraw_listing
from search import index
from search.models import Document
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, person

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


# --- reading


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


# --- texts


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("AT&amp;T &lt; 5 &#8211; ok &unknown; A&B;", "AT&T < 5 – ok &unknown; A&B;"),
        ("CH.sub.4 at 3000.degree. F., 10.sup.-3", "CH₄ at 3000° F., 10⁻³"),
        ("see Fig.sub and sub. text", "see Fig.sub and sub. text"),
        ("<p>Một</p><p>hai &amp; <b>ba</b></p><script>alert(1)</script>", "Một\nhai & ba"),
        ("x<5 and y>3 <not a tag>", "x<5 and y>3 <not a tag>"),
        ("company\x92s \x93best\x94 \uf0b7 bullet", "company’s “best” • bullet"),
        ("companyâ€™s cafÃ©", "company’s café"),
        ("null\x00 bell\x07 \u202egnp\u202c", "null bell gnp"),
        ("a\r\nb\rc\n\n\n\nd   e\u00a0f", "a\nb\nc\n\nd e f"),
        ("Đi\u0300nh", "Đình"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("Thiết bị đo độ ẩm – 95 %", "Thiết bị đo độ ẩm – 95 %"),
    ],
)
def test_real_texts_are_mended(given, wanted):
    assert mend(given) == wanted


def test_long_text_is_cut_at_a_word():
    assert cut("một hai ba bốn", 9) == "một hai…"
    assert cut("một hai", 7) == "một hai"
    assert len(cut("x" * 300, 250)) == 250


def test_first_sentences_fit_whole():
    text = "This is the first sentence of it. This is the second one of it. And the third goes on for long."
    assert first_sentences(text, 70) == "This is the first sentence of it. This is the second one of it."
    assert first_sentences("word " * 100, 22) == "word word word word…"


# --- rules and mappings


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


# --- storing


def test_records_are_published_found_and_logged(exchange, put, client):
    run(put([GOOD]))
    listing = Technology.objects.get()
    page = client.get(listing.get_absolute_url()).content.decode()
    assert "chưa thẩm định" in page
    assert "Sàn đã duyệt" not in page
    assert (listing.state, listing.source_id, listing.legal_class) == (
        ListingState.PUBLISHED,
        "T-1",
        LegalClass.UNKNOWN,
    )
    assert (listing.keywords, listing.price_min, listing.trl) == (["sấy", "bơm nhiệt"], Decimal(1200000000), 7)
    assert listing.main_field.nr == 30
    assert listing.source_data["record"] == GOOD
    assert listing.author.email == "operator@import.example"
    organisation = listing.organisation
    assert (organisation.state, organisation.kind) == (VerificationState.VERIFIED, Organisation.Kind.INSTITUTE)
    assert organisation.verification_note == "imported from Own list of technologies"
    assert not organisation.is_sample
    assert Document.objects.public().get(kind="technology").object_id == listing.pk
    tags = [*Event.objects.filter(subject_type="listings.technology").order_by("seq").values_list("tag", flat=True)]
    assert tags == ["technology.create", "technology.import_published"]
    assert list(faults()) == []
    assert (Notification.objects.count(), len(mail.outbox)) == (0, 0)


def test_second_run_changes_nothing(exchange, put, capsys):
    path = put([GOOD, {**GOOD, "id": "T-2", "ip_number": "1-2020-00001"}])
    run(path)
    events = Event.objects.count()
    before = list(Technology.objects.order_by("pk").values())
    run(path)
    assert "0 added, 0 changed, 2 unchanged, 0 refused" in capsys.readouterr().out
    assert list(Technology.objects.order_by("pk").values()) == before
    assert Event.objects.count() == events
    assert Organisation.objects.filter(name_vi="Viện Sấy").count() == 1


def test_changed_record_changes_its_listing(exchange, put, capsys):
    run(put([{**GOOD, "ip_number": "1"}]))
    run(put([{**GOOD, "title": "Máy sấy lạnh", "ip_number": "2", "price_min": ""}]))
    assert "0 added, 1 changed, 0 unchanged" in capsys.readouterr().out
    listing = Technology.objects.get()
    assert (listing.title, listing.content_version, listing.price_min) == ("Máy sấy lạnh", 2, None)
    assert [right.number for right in listing.ip_rights.all()] == ["2"]
    assert Document.objects.get(kind="technology").title == "Máy sấy lạnh"
    event = Event.objects.filter(subject_type="listings.technology").order_by("-seq").first()
    assert (event.tag, event.data["values"]) == ("technology.import_changed", ["price_min", "title"])


def test_bad_records_are_reported_and_the_rest_kept(exchange, put, tmp_path):
    report = tmp_path / "report.csv"
    run(
        put([
            GOOD,
            "{broken\n",
            {**GOOD, "id": "T-2", "trl": 12},
            {**GOOD, "id": "T-3", "price_min": "-5"},
            {**GOOD, "id": "T-4", "price_min": "10", "price_max": "5"},
            {**GOOD, "id": "T-5", "fields": "99"},
            {**GOOD, "id": "T-6", "tax_code": "abc", "organisation": "Khác"},
            {**GOOD, "id": "T-7", "organisation": ""},
            {**GOOD, "id": "T-8", "ipc": "không phải"},
            {**GOOD, "id": "=T-9", "province": "Atlantis"},
            {**GOOD, "title": "Khác"},
            {**GOOD, "id": "T-10"},
        ]),
        "--report", str(report),
    )  # fmt: skip
    assert sorted(Technology.objects.values_list("source_id", flat=True)) == ["T-1", "T-10"]
    told = [(int(row["row"]), row["source_id"], row["field"]) for row in problems_in(report)]
    assert sorted(told) == [
        (2, "", ""), (3, "T-2", "trl"), (4, "T-3", "price_min"), (5, "T-4", ""), (6, "T-5", "fields"),
        (7, "T-6", "organisation.tax_code"), (8, "T-7", "organisation"), (9, "T-8", "ipc"), (10, "'=T-9", "province"),
        (11, "T-1", "id"),
    ]  # fmt: skip
    assert not Organisation.objects.filter(name_vi="Khác").exists()


def test_nothing_readable_ends_in_an_error(exchange, put):
    for rows in ([""], ["{broken\n"], [{**GOOD, "trl": 12}]):
        with pytest.raises(CommandError):
            run(put(rows))
    with pytest.raises(CommandError, match="title"):
        run(put([{"id": 1, "name": "x"}]), "--mapping", "technologies")
    with pytest.raises(CommandError):
        run(put([GOOD]), "--mapping", "sbir_topics")
    with pytest.raises(CommandError, match="HN-IMPORT"):
        run(put([GOOD]), exchange="NOWHERE")
    with pytest.raises(CommandError):
        run(put([GOOD]).with_name("absent.jsonl"))
    assert Technology.objects.count() == 0


def test_file_that_breaks_off_keeps_what_was_read(exchange, tmp_path):
    lines = "".join(json.dumps({**GOOD, "id": f"T-{n}", "summary": os.urandom(300).hex()}) + "\n" for n in range(300))
    path = tmp_path / "torn.jsonl.gz"
    path.write_bytes(gzip.compress(lines.encode())[:-40000])
    with pytest.raises(CommandError):
        run(path)
    assert 100 <= Technology.objects.count() < 300


def test_real_oddities_are_stored(exchange, put):
    odd = "Title " + "very long " * 60 + "&lt;end&gt; \x00"
    run(put([{**GOOD, "title": odd, "solution": "a\x00b <script>alert(1)</script> \ud800", "note": "\x00\ud800"}]))
    listing = Technology.objects.get()
    assert (len(listing.title) <= 250, listing.title[-1]) == (True, "…")
    assert listing.solution == "ab \ufffd"
    assert listing.source_data["record"]["title"] == odd.replace("\x00", "")


def test_drafts_are_published_by_a_later_run(exchange, put, capsys):
    path = put([GOOD])
    run(path, "--draft")
    assert Technology.objects.get().state == ListingState.DRAFT
    assert Document.objects.count() == 0
    run(path, "--publish")
    assert Technology.objects.get().state == ListingState.PUBLISHED
    assert "0 added, 1 changed" in capsys.readouterr().out


def test_dry_run_counts_and_stores_nothing(exchange, put, capsys):
    run(put([GOOD]), "--dry-run")
    assert "1 added" in capsys.readouterr().out
    assert (Technology.objects.count(), Organisation.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_withdrawn_and_edited_listings_are_left_as_they_are(exchange, put):
    run(put([GOOD]))
    operator = exchange.memberships.get().user
    withdraw_listing(listing=Technology.objects.get(), actor=operator, reason="trùng")
    run(put([{**GOOD, "title": "Mới"}]))
    assert (Technology.objects.get().state, Technology.objects.get().title) == (ListingState.WITHDRAWN, "Mới")
    assert not Document.objects.public().exists()
    Technology.objects.update(content_version=9)
    with pytest.raises(CommandError):
        run(put([{**GOOD, "title": "Mới hơn"}]))
    assert Technology.objects.get().title == "Mới"


def test_import_is_an_act_of_the_exchange(exchange, put):
    path = put([GOOD])
    stranger = person(role="operator", email="other@import.example")
    with pytest.raises(CommandError):
        run(path, "--as", stranger.email)
    with pytest.raises(CommandError):
        run(path, "--as", "nobody@import.example")
    own = OrganisationFactory(exchange=exchange, name_vi="Viện Sấy")
    person_with_stake = person(role="operator", exchange=exchange, email="stake@import.example")
    from tests.factories.accounts import seat

    seat(person_with_stake, "representative", organisation=own)
    with pytest.raises(CommandError):
        run(path, "--as", person_with_stake.email)
    assert (Technology.objects.count(), Event.objects.count()) == (0, 0)
    run(path, "--as", "operator@import.example")
    assert Technology.objects.get().organisation == own
    assert Event.objects.first().actor.email == "operator@import.example"


def test_organisation_is_given_or_found_by_tax_code(exchange, put):
    given = OrganisationFactory(exchange=exchange)
    run(put([GOOD]), "--organisation", str(given.pk))
    run(put([{**GOOD, "id": "T-2", "tax_code": given.tax_code}]))
    run(put([{**GOOD, "id": "T-3"}]), "--organisation", given.tax_code)
    assert set(Technology.objects.values_list("organisation", flat=True)) == {given.pk}
    elsewhere = OrganisationFactory()
    unverified = OrganisationFactory(exchange=exchange, unverified=True)
    for organisation in (elsewhere, unverified):
        with pytest.raises(CommandError):
            run(put([{**GOOD, "id": "T-4"}]), "--organisation", str(organisation.pk))
    assert Technology.objects.count() == 3


def test_csv_of_demands_is_imported(exchange, put):
    path = put(
        [
            "id;title;problem;effect;organisation;budget_max;needed_by;cooperation;masked\r\n",
            '1;Xử lý nước thải;"Nước thải dệt nhuộm\r\ncó màu";Khử màu 95 %;Dệt Mẫu;2.000.000.000;31/12/2027;buy;có\r\n',
            "2;Sai;Vấn đề;;Dệt Mẫu;0;2027-13-01;buy;\r\n",
        ],
        "demands.csv.gz",
    )
    run(path, kind="demand")
    demand = Demand.objects.get()
    assert (demand.budget_max, demand.needed_by, demand.masked) == (Decimal(2000000000), date(2027, 12, 31), True)
    assert (demand.problem, demand.cooperation, demand.language) == ("Nước thải dệt nhuộm\ncó màu", ["buy"], "vi")
    assert demand.main_field.nr == 24


def test_batch_costs_few_queries(exchange, put, django_assert_max_num_queries):
    many = [{**GOOD, "id": f"T-{n}", "organisation": f"Viện {n}", "ip_number": str(n)} for n in range(60)]
    path = put(many)
    with django_assert_max_num_queries(60):
        run(path)
    assert Technology.objects.count() == 60


# --- at once, and after a kill: real processes, real commits


def _spawn(path):
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    command = [sys.executable, "-W", "ignore", "manage.py", "import_listings", str(path), "--kind", "technology"]
    env = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "marketplace.settings.test"}
    return subprocess.Popen(
        [*command, "--exchange", "HN-IMPORT"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


@pytest.fixture
def committed_exchange(transactional_db):
    index.forget_memory()
    exchange = ExchangeFactory(code="HN-IMPORT")
    person(role="operator", exchange=exchange, email="operator@import.example")
    return exchange


MANY = [{**GOOD, "id": f"T-{n}", "organisation": f"Viện {n % 30}"} for n in range(600)]


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_store_each_record_once(committed_exchange, put):
    path = put(MANY)
    imports = [_spawn(path), _spawn(path)]
    said = [one.communicate(timeout=180)[0].decode() for one in imports]
    assert [one.returncode for one in imports] == [0, 0], said
    assert Technology.objects.published().count() == 600
    assert Organisation.objects.count() == 30
    assert list(faults()) == []


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_killed_import_is_finished_by_the_next_run(committed_exchange, put):
    path = put(MANY)
    victim = _spawn(path)
    deadline = time.monotonic() + 120
    while not Technology.objects.exists():
        assert victim.poll() is None, victim.communicate()[0].decode()
        assert time.monotonic() < deadline
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    kept = Technology.objects.count()
    assert kept % 100 == 0
    assert Technology.objects.published().count() == kept
    run(path)
    assert Technology.objects.published().count() == 600
    assert Organisation.objects.count() == 30
    assert list(faults()) == []


# --- real records


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "kind"),
    [("supply/nasa_patents", "technology"), ("supply/sbir_awards-1", "technology"), ("demand/sbir_topics", "demand")],
)
def test_real_records_are_imported(exchange, capsys, client, name, kind):
    path = SHARED / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {name} beside the repository")
    run(path, "--limit", "50", kind=kind)
    assert ", 0 refused" in capsys.readouterr().out
    model = Technology if kind == "technology" else Demand
    listing = model.objects.order_by("pk").first()
    assert model.objects.published().count() > 40
    assert model.objects.exclude(main_field=None).count() > 35
    page = client.get(listing.get_absolute_url())
    assert page.status_code == 200
