"""Why something was waived, cancelled or asked for anew: each side reads it in the own language."""

from decimal import Decimal

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format

from deals.models import Obligation
from deals.reasons import OF_SYSTEM, in_words
from deals.services import terminate_deal
from deals.services.tracking_statements import correct_statement
from deals.services.tracking_waivers import waive_obligation
from tests.factories.tracking import Tracked, figures, tracked

pytestmark = pytest.mark.django_db


def seen(client, room: Tracked, who: str) -> tuple[str, str, str]:
    """Give the tracking page in both languages, and the API's answer in English."""
    client.force_login(room.person(who))
    path = f"/deals/{room.deal.pk}/tracking/"
    pages = [client.get(prefix + path).content.decode() for prefix in ("", "/en")]
    api = client.get(f"/api/v1{path}", headers={"accept-language": "en"}).content.decode()
    return pages[0], pages[1], api


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_reason_of_the_system_is_read_in_the_readers_language(client, language):
    room = tracked(minimum_annual=Decimal(100_000_000))
    closing = [room.file(number, 100_000_000) for number in (1, 2, 3, 4)][-1]
    invoice = room.invoice(5)
    with translation.override(language):  # of whoever acts
        correct_statement(statement=invoice.statement, figures=figures(1), actor=room.buyer)
        waive_obligation(obligation=room.obligations("minimum")[0], reason="Lũ lụt", actor=room.tto)
        terminate_deal(deal=room.deal, actor=room.signatory, reason="By agreement")

    today = timezone.localdate()
    with translation.override("en"):
        day = date_format(today, "SHORT_DATE_FORMAT")
    vi, en, api = seen(client, room, "tto")
    for words, vietnamese in (
        ("A correction replaces the statement.", "Có bản đính chính thay cho báo cáo."),
        (f"The contract ended on {day}.", f"Hợp đồng kết thúc ngày {today:%d/%m/%Y}."),
    ):
        assert words in en
        assert words in api
        assert vietnamese in vi
        assert words not in vi
    assert "Lũ lụt" in en
    statement = f"/statements/{closing.pk}/"
    assert "The minimum of the year was waived." in client.get(f"/en{statement}").content.decode()
    assert "The minimum of the year was waived." not in client.get(statement).content.decode()
    client.force_login(room.buyer)
    form = client.get(f"/en{statement}correct/").content.decode()
    assert "The minimum of the year was waived. File this statement again." in form


def test_what_was_written_before_and_by_people_stays_as_written():
    assert [in_words(text) for text in ("", "Lũ lụt", "Hợp đồng kết thúc ngày 01/02/2026.")] == [
        "", "Lũ lụt", "Hợp đồng kết thúc ngày 01/02/2026.",
    ]  # fmt: skip
    assert Obligation(waived_reason="100 % of it").waived_words == "100 % of it"
    with translation.override("vi"):
        assert all(in_words(text) != text for text in OF_SYSTEM)
