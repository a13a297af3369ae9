"""Reports: what they say, that they never change, and that anyone can verify them."""

import io
import re
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from audit.models import Event
from listings.models import Technology
from listings.services import add_document, withdraw_listing
from rules.models import Rule
from tests.factories.accounts import person
from tests.factories.listings import TechnologyFactory
from tests.valuation.test_services import of_earlier_methods
from valuation import services
from valuation.models import Report, ReportFile
from valuation.reporting.content import canonical, hash_of
from valuation.reporting.document import document
from valuation.services.reports import draw_up_report
from valuation.services.runs import perform_run, request_report
from valuation.verification import verify

pytestmark = pytest.mark.django_db
KINDS = ["pdf-vi", "xlsx-vi", "pdf-en", "xlsx-en"]


def drawn(**changes: Any) -> Report:
    """Give the report of a technology that was just priced."""
    technology = TechnologyFactory(published=True, with_right=True, **changes)
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    return draw_up_report(suggestion=suggestion, actor=technology.author)


def text_of(report: Report, kind: str) -> str:
    """Give the words of a PDF, without line breaks."""
    with report.files.get(kind=kind).file.open("rb") as file:
        pages = pypdf.PdfReader(io.BytesIO(file.read())).pages
        return " ".join(" ".join(page.extract_text().split()) for page in pages)


def headings(report: Report, language: str) -> list[str]:
    with override(language):
        made = document(report.data, number=report.number, content_hash=report.content_hash, made_at=report.made_at)
    return [section["heading"] for section in made["sections"]]


def test_a_report_follows_the_skeleton_in_both_languages() -> None:
    report = drawn()
    assert headings(report, "en") == [
        "The technology and its rights", "Purpose and basis of value", "How it is used: the scenario",
        "Data and sources", "Methods used and rejected", "Calculation at the middle of the inputs", "Reconciliation",
        "Range, sensitivity and simulation", "Ways to pay that are worth the same", "Confidence grade", "Limits",
        "Reproduction and verification", "Signatures",
    ]  # fmt: skip
    assert len(set(headings(report, "vi")) & set(headings(report, "en"))) == 0


def test_the_pdf_says_suggested_price_and_never_appraisal() -> None:
    report = drawn()
    vietnamese, english = text_of(report, "pdf-vi"), text_of(report, "pdf-en")
    assert "giá gợi ý" in vietnamese.lower()
    assert "định giá" not in vietnamese.lower()
    assert "không phải là kết quả thẩm định theo Luật Giá" in vietnamese
    assert "It is not an appraisal under the Law on Prices" in english
    for words in (vietnamese, english):
        assert report.number in words
        assert report.content_hash in words
        assert report.suggestion.input_hash in words
        assert str(report.suggestion.seed) in words


def test_the_pdf_names_every_input_with_its_source() -> None:
    report = drawn()
    words = text_of(report, "pdf-en")
    for row in report.data["inputs"]["rows"]:
        assert row["certainty"] in {"", "A", "B"}
    unconfirmed = sum(row["certainty"] == "B" for row in report.data["inputs"]["rows"])
    assert f"{unconfirmed} inputs rest on judgement" in words
    assert "RoyaltyStat" in words


def test_the_files_are_kept_with_their_hashes() -> None:
    report = drawn()
    assert [row.kind for row in report.files.order_by("pk")] == KINDS
    assert all(row.size > 5000 and re.fullmatch(r"[0-9a-f]{64}", row.sha256) for row in report.files.all())
    event = Event.objects.get(tag="report.draw_up")
    assert event.data["content_hash"] == report.content_hash == hash_of(report.data)


def test_the_same_content_is_drawn_up_once() -> None:
    report = drawn()
    again = draw_up_report(suggestion=report.suggestion, actor=report.requested_by)
    assert again == report
    Technology.objects.filter(pk=report.suggestion.technology_id).update(title="Tên khác")
    changed = draw_up_report(suggestion=report.suggestion, actor=report.requested_by)
    assert changed.number != report.number
    assert Report.objects.count() == 2


@pytest.mark.parametrize("model", [Report, ReportFile])
def test_rows_of_a_report_are_never_changed(model: Any) -> None:
    drawn()
    for change in (lambda rows: rows.update(id=rows.first().pk + 900), lambda rows: rows._raw_delete("default")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(model.objects.all())


def test_what_the_owner_would_settle_for_is_not_in_it() -> None:
    report = drawn()
    assert "reserve_at_least" not in report.content
    assert '"zone"' not in report.content


def test_a_report_is_computed_again_and_found_equal() -> None:
    report = Report.objects.get(pk=drawn().pk)
    verdict = verify(report)
    assert verdict.equal
    assert {check.name for check in verdict.checks} == {
        "content", *KINDS, "suggestion", "result", "working", "range"
    }  # fmt: skip
    assert verdict.made_with == verdict.computed_with


def test_a_changed_file_and_changed_figures_are_found() -> None:
    report = Report.objects.get(pk=drawn().pk)
    file = report.files.get(kind="pdf-vi")
    with file.file.storage.open(file.file.name, "ab") as stored:
        stored.write(b" ")
    wrong = {check.name for check in verify(report).checks if not check.equal}
    assert wrong == {"pdf-vi"}
    data = report.data
    data["result"]["pooled"]["values"][3] += 1
    report = Report(
        suggestion=report.suggestion, content=canonical(data), content_hash=report.content_hash, number="X"
    )  # fmt: skip
    wrong = {check.name for check in verify(report).checks if not check.equal} if report.pk else set()
    report.pk = 10**9
    wrong = {check.name for check in verify(report).checks if not check.equal}
    assert wrong == {"content", "result"}


def test_a_missing_file_is_found() -> None:
    report = Report.objects.get(pk=drawn().pk)
    file = report.files.get(kind="xlsx-en")
    file.file.storage.delete(file.file.name)
    assert {check.name for check in verify(report).checks if not check.equal} == {"xlsx-en"}


def test_the_command_tells_an_auditor(capsys: Any) -> None:
    report = drawn()
    call_command("verify_report", "--all")
    assert f"{report.number} result: equal" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("verify_report", "GY-nothing")


def test_a_report_drawn_up_today_is_of_the_methods_of_today() -> None:
    old = of_earlier_methods(with_right=True)
    run = request_report(technology=old.technology, actor=old.technology.author)
    assert perform_run(pk=run.pk)
    made = Report.objects.get()
    assert made.suggestion != old
    assert verify(made).equal


def test_a_report_by_earlier_methods_is_unchanged_and_says_so(client: Client, capsys: Any) -> None:
    old = of_earlier_methods()
    made = draw_up_report(suggestion=old, actor=old.technology.author)
    verdict = verify(made)
    assert (verdict.equal, verdict.differs_by_methods) == (False, True)
    page = client.get("/en/reports/verify/", {"number": made.number}).content.decode()
    assert "drawn up with other methods" in page
    assert "Tell the exchange" not in page
    assert client.get(f"/api/v1/reports/{made.number}/verify/").json()["differs_by_methods"]
    call_command("verify_report", "--all")
    assert "1 of them were drawn up with other methods" in capsys.readouterr().out
    file = made.files.get(kind="pdf-vi")
    with file.file.storage.open(file.file.name, "ab") as stored:
        stored.write(b" ")
    assert not verify(Report.objects.get(pk=made.pk)).differs_by_methods


def test_stale_defaults_warn_on_the_report() -> None:
    Rule.objects.filter(code="valuation.risk_free").update(review_by="2020-01-01")
    report = drawn()
    assert "valuation.risk_free" in [row["name"] for row in report.data["stale"]]
    assert "due for renewal" in text_of(report, "pdf-en")


def test_without_answers_a_report_says_what_is_missing() -> None:
    report = drawn(revenue_low=None, revenue_mode=None, revenue_high=None)
    assert report.data["working"] is None
    assert "No single price is suggested" in text_of(report, "pdf-en")
    assert verify(Report.objects.get(pk=report.pk)).equal


def test_words_of_owners_are_data_not_markup() -> None:
    report = drawn(title="#panic() *x* $y$ =1+1", price_min=Decimal(1), price_max=Decimal(2))
    assert "#panic() *x* $y$ =1+1" in text_of(report, "pdf-en")


def test_anyone_verifies_by_number_or_copy_and_reads_nothing_else(client: Client) -> None:
    report = drawn()
    by_number = client.get("/en/reports/verify/", {"number": report.number.lower()}).content.decode()
    assert "Unchanged" in by_number
    assert report.suggestion.technology.title not in by_number
    file = report.files.get(kind="xlsx-vi")
    with file.file.open("rb") as copy:
        by_copy = client.post("/en/reports/verify/", {"file": copy}).content.decode()
    assert "byte for byte" in by_copy
    with file.file.open("rb") as copy:
        changed = SimpleUploadedFile("x.xlsx", copy.read() + b" ")
    assert "No report has this number" in client.post("/en/reports/verify/", {"file": changed}).content.decode()
    assert "No report has this number" in client.get("/en/reports/verify/", {"number": "GY-1-X"}).content.decode()
    assert client.post("/en/reports/verify/").status_code == 400
    answer = client.get(f"/api/v1/reports/{report.number}/verify/").json()
    assert (answer["equal"], len(answer["checks"])) == (True, 9)


def test_files_go_to_the_owners_people_only_and_each_opening_is_noted(client: Client) -> None:
    report = drawn()
    technology = report.suggestion.technology
    doors = [
        f"/reports/{report.number}/", f"/technologies/{technology.pk}/price/reports/",
        f"/reports/{report.number}/files/pdf-vi/", f"/api/v1/reports/{report.number}/",
        f"/api/v1/reports/{report.number}/files/xlsx-en/", f"/api/v1/technologies/{technology.pk}/reports/",
    ]  # fmt: skip
    client.force_login(person("tto_officer"))
    assert [client.get(door).status_code for door in doors] == [404] * 6
    assert not Event.objects.filter(tag="report.open").exists()
    client.force_login(technology.author)
    assert [client.get(door).status_code for door in doors] == [200] * 6
    assert Event.objects.filter(tag="report.open", actor=technology.author).count() == 2
    assert client.get(f"/reports/{report.number}/files/exe/").status_code == 404


def test_what_did_not_reach_the_exchange_has_no_reports_there(client: Client) -> None:
    """Neither the list, nor a report, nor its files, nor its run, by page or API: as the technology itself."""
    technology = TechnologyFactory(awaiting_owner=True)
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    report = draw_up_report(suggestion=suggestion, actor=technology.author)
    run = request_report(technology=technology, actor=technology.author)
    paths = [
        reverse("valuation:report_list", args=[technology.pk]),
        reverse("valuation:report", args=[report.number]),
        reverse("valuation:report_file", args=[report.number, "pdf-vi"]),
        reverse("valuation:run", args=[run.pk]) + "?stay",
        f"/api/v1/technologies/{technology.pk}/reports/",
        f"/api/v1/reports/{report.number}/",
        f"/api/v1/computations/{run.pk}/",
    ]
    client.force_login(person("operator", exchange=technology.exchange))
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 404)
    client.force_login(technology.author)
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_what_was_withdrawn_shows_the_exchange_what_it_saw_and_no_more(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    operator = person("operator", exchange=technology.exchange)
    withdraw_listing(listing=technology, actor=technology.author)
    client.force_login(operator)
    pages = [technology.get_absolute_url(), reverse("valuation:report_list", args=[technology.pk])]
    assert [client.get(path).status_code for path in pages] == [200, 200]
    upload = SimpleUploadedFile("a.pdf", b"%PDF-1.7\n%%EOF\n")
    document = add_document(technology=technology, actor=technology.author, title="x", tier="nda", upload=upload)
    pages.append(reverse("listings:document", args=[document.pk]))
    assert [client.get(path).status_code for path in pages] == [404, 404, 404]
