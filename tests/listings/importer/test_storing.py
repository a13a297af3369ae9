"""Storing records: published, found and logged; again, changed, refused."""

import gzip
import json
import os
from datetime import date
from decimal import Decimal

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.lifecycle import VerificationState
from accounts.models import Notification, Organisation
from audit.models import Event
from audit.services import faults
from listings.choices import LegalClass
from listings.importer.mapping import FOLDER, Mapping
from listings.importer.problems import MappingError
from listings.lifecycle import ListingState
from listings.models import Demand, Technology
from listings.services import withdraw_listing
from search.models import Document
from tests.factories.accounts import OrganisationFactory, person
from tests.listings.importer.records import GOOD, problems_in, run


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


def test_one_impossible_record_stops_no_other(exchange, put, tmp_path):
    deep = json.dumps({**GOOD, "id": "T-2"})[:-1] + f', "x": {"[" * 800}{"]" * 800}}}\n'
    report = tmp_path / "report.csv"
    run(
        put([
            deep, {**GOOD, "fields": "²"}, {**GOOD, "id": "T-3", "fields": "9" * 5000}, {**GOOD, "id": "T-4", "summary": "x " * 600},
            {**GOOD, "id": "T-5", "x": [[{"y": [1]}]]},
        ]),
        "--report", str(report),
    )  # fmt: skip
    assert sorted(Technology.objects.values_list("source_id", flat=True)) == ["T-1", "T-3", "T-5"]
    assert [(row["row"], row["field"]) for row in problems_in(report)] == [("1", ""), ("4", "summary")]


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


def test_country_of_the_organisation_is_read_by_code_or_name(exchange, put, tmp_path):
    said = ["", "jp", "Hoa Kỳ", "France", "Atlantis"]
    rows = [
        {**GOOD, "id": str(n), "organisation": f"O{n}", "organisation_country": country}
        for n, country in enumerate(said)
    ]
    run(put(rows), "--report", str(tmp_path / "report.csv"))
    stored = Organisation.objects.filter(name_vi__startswith="O").order_by("name_vi")
    assert [(one.country, one.province) for one in stored] == [
        ("VN", exchange.province), ("JP", None), ("US", None), ("FR", None),
    ]  # fmt: skip
    assert [(one["field"], one["value"]) for one in problems_in(tmp_path / "report.csv")] == [
        ("organisation.country", "Atlantis")
    ]


def test_columns_that_nothing_is_made_of_are_not_kept(exchange, put):
    """What a foreign register says of its contact persons is nobody's business here."""
    more = {"contact_name": "Nguyễn Văn Mẫu", "contact": {"phone": "0900000000"}, "note": "Lưu ý"}
    run(put([{**GOOD, **more}]))
    assert Technology.objects.get().source_data["record"] == GOOD
    spec = json.loads((FOLDER / "technologies.json").read_text(encoding="utf-8")) | {"keep": ["note"]}
    assert Mapping(spec).keep({**GOOD, **more}) == {**GOOD, "note": "Lưu ý"}
    with pytest.raises(MappingError):
        Mapping(spec | {"keep": "note"})


def test_records_that_were_kept_whole_are_trimmed_once(exchange, put, capsys):
    run(put([GOOD, {**GOOD, "id": "T-2"}]))
    listing = Technology.objects.get(source_id="T-2")
    listing.source_data["record"] |= {"contact_name": "Nguyễn Văn Mẫu"}
    listing.save()
    for trimmed in (1, 0):
        call_command("trim_records", "technologies")
        assert f"{trimmed} records trimmed" in capsys.readouterr().out
    assert Technology.objects.get(source_id="T-2").source_data["record"] == {**GOOD, "id": "T-2"}
    assert Event.objects.get(tag="technology.trim_record").data["columns"] == ["contact_name"]
