"""Firms over time: one that is no longer verified, odd dates of a certificate, and who is told that it ends."""

import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, Organisation, Role
from accounts.services import revoke_verification
from listings.selectors import has_grant
from marketplace.kit.errors import Conflict, NotAllowed
from rules.models import Rule
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.appraisals import Commission, certificate_values, commission, firm_of, pdf_upload
from tests.factories.listings import DocumentFactory, TechnologyFactory
from tests.refusals import refuse
from valuation import appraisal_selectors as selectors
from valuation.lifecycle import AppraisalState
from valuation.models import Certificate
from valuation.services import appraisals as services
from valuation.services import suggest_for

pytestmark = pytest.mark.django_db
A = AppraisalState
DAY = datetime.timedelta(days=1)


def certify(made: Commission, **changes: Any) -> Certificate:
    return services.certify_appraisal(
        appraisal=made.appraisal, actor=made.people["appraiser"], upload=pdf_upload(), **certificate_values(**changes)
    )


def revoke(made: Commission) -> None:
    operator = person(Role.OPERATOR, exchange=made.firm.exchange)
    revoke_verification(organisation=made.firm, actor=operator, reason="Thẻ thẩm định viên hết hạn.")


def test_a_firm_that_is_no_longer_verified_accepts_nothing() -> None:
    made = commission(A.REQUESTED)
    revoke(made)
    with pytest.raises(NotAllowed):
        services.accept_appraisal(appraisal=made.appraisal, actor=made.people["appraiser"], is_independent=True)
    assert not has_grant(made.people["appraiser"], made.technology)
    services.decline_appraisal(appraisal=made.appraisal, actor=made.people["appraiser"], reason="Không làm được nữa.")
    assert made.stored().state == A.DECLINED


def test_a_firm_that_is_no_longer_verified_reads_no_papers_and_certifies_nothing(client: Client) -> None:
    made = commission(A.ACCEPTED)
    suggest_for(pk=made.technology.pk)
    document = DocumentFactory(technology=made.technology, tier="nda")
    client.force_login(made.people["appraiser"])
    doors = [f"/documents/{document.pk}/", f"/technologies/{made.technology.pk}/price/reports/"]
    assert [client.get(door).status_code for door in doors] == [200, 200]
    revoke(made)
    assert [client.get(door).status_code for door in doors] == [404, 404]
    page = client.get(f"/en/appraisals/{made.appraisal.pk}/")
    assert (page.context["reads_file"], page.context["may_certify"]) == (False, False)
    assert document.title not in page.content.decode()
    with pytest.raises(NotAllowed):
        certify(made)
    assert not Certificate.objects.exists()


def test_the_owner_consents_to_no_firm_that_is_no_longer_verified() -> None:
    technology, buyer = TechnologyFactory(published=True), OrganisationFactory()
    firm = firm_of(technology)
    made = services.commission_appraisal(
        technology=technology, firm=firm, client=buyer, actor=person(Role.REPRESENTATIVE, buyer), brief="x", deal_id=7,
        counterparty=technology.organisation,
    )  # fmt: skip
    Organisation.objects.filter(pk=firm.pk).update(state="unverified")
    with pytest.raises(Conflict):
        services.consent_to_appraisal(appraisal=made, actor=person(Role.TTO_OFFICER, technology.organisation))


def told(kind: str) -> list[int]:
    return list(Notification.objects.filter(kind=kind).order_by("user").values_list("user", flat=True))


def test_the_sides_hear_once_that_their_firm_is_no_longer_verified_and_that_it_is_again() -> None:
    buyer = OrganisationFactory()
    made = commission(A.ACCEPTED, counterparty=buyer, deal_id=7)
    people = sorted([made.people["officer"].pk, person(Role.REPRESENTATIVE, buyer).pk])
    assert services.tell_of_firms() == 0
    revoke(made)
    assert [services.tell_of_firms(), services.tell_of_firms()] == [1, 0]
    lapsed = [pk for pk in told("appraisal.firm_lapsed") if pk in people]
    assert lapsed == people
    assert made.people["appraiser"].pk not in told("appraisal.firm_lapsed")
    Organisation.objects.filter(pk=made.firm.pk).update(state="verified")
    assert [services.tell_of_firms(), services.tell_of_firms()] == [1, 0]
    assert made.people["officer"].pk in told("appraisal.firm_verified")
    assert settings.CELERY_BEAT_SCHEDULE["valuation-firms"]["task"] == "valuation.tasks.tell_of_firms"


@pytest.mark.parametrize("state", [A.REQUESTED, A.ACCEPTED])
def test_a_commission_whose_firm_lapsed_says_what_is_left_to_do(client: Client, state: A) -> None:
    made = commission(state)
    revoke(made)
    here = f"/en/appraisals/{made.appraisal.pk}/"
    client.force_login(made.people["officer"])
    page = client.get(here)
    assert page.context["turn"]["text"].startswith("The firm is no longer verified: take the commission back")
    assert (page.context["turn"]["yours"], page.context["turn"]["href"]) == (True, "#cancel")
    assert 'id="cancel"' in page.content.decode()
    assert client.get(f"/api/v1{here[3:]}").json()["firm_is_verified"] is False
    client.force_login(made.people["appraiser"])
    page = client.get(here)
    assert page.context["turn"]["href"] == "#decline"
    assert (page.context["may_accept"], page.context["may_certify"]) == (False, False)
    board = client.get("/en/my/").content.decode()
    assert "The firm is no longer verified: decline" in board
    assert "record the certificate" not in board
    services.cancel_appraisal(appraisal=made.appraisal, actor=made.people["officer"], reason="Chọn hãng khác.")
    assert services.tell_of_firms() == 0


def test_a_row_that_fails_keeps_back_no_other_reminder(caplog: Any) -> None:
    soon = [certify(commission(A.ACCEPTED), valid_until=timezone.localdate() + 5 * DAY) for _ in range(2)]
    refuse("valuation_certificate", f"NEW.id = {soon[0].pk}")
    assert services.remind_of_expiry() == 1
    assert f"Certificate {soon[0].pk} failed in the sweep" in caplog.text
    assert [Certificate.objects.get(pk=one.pk).reminded_on is None for one in soon] == [True, False]


def test_an_end_is_told_without_reminders_and_after_a_long_standstill() -> None:
    Rule.objects.filter(code="appraisal.reminder").update(value=0)
    last = timezone.localdate() + 20 * DAY
    made = certify(commission(A.ACCEPTED), valid_until=last)
    noon = timezone.make_aware(datetime.datetime.combine(last + 100 * DAY, datetime.time(12)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: noon)
        assert [services.remind_of_expiry(), services.remind_of_expiry()] == [1, 0]
    made.refresh_from_db()
    assert made.end_told_on == last + 100 * DAY


ODD = {
    "valued_on": datetime.date(9999, 12, 31), "issued_on": datetime.date(1990, 1, 1),
    "valid_until": datetime.date(9999, 12, 31),
}  # fmt: skip


@pytest.mark.parametrize("field", ODD)
@pytest.mark.parametrize("channel", ["page", "api"])
def test_odd_dates_are_refused_by_field(client: Client, field: str, channel: str) -> None:
    made = commission(A.ACCEPTED)
    client.force_login(made.people["appraiser"])
    changes = {field: ODD[field]} | ({"valued_on": ODD[field]} if field == "issued_on" else {})
    values = {**certificate_values(**changes), "purpose": "negotiation"}
    door = f"/en/appraisals/{made.appraisal.pk}/certify/"
    if channel == "api":
        door = f"/api/v1/appraisals/{made.appraisal.pk}/certificate/"
    refused = client.post(door, {**values, "file": pdf_upload()})
    assert refused.status_code == 400, refused.content
    assert made.stored().state == A.ACCEPTED
    with pytest.raises(ValidationError) as found:
        certify(made, **changes)
    assert list(found.value.message_dict) == [field]


def test_everyone_it_concerns_is_told_once_before_a_certificate_ends_and_once_after() -> None:
    buyer = OrganisationFactory()
    made = commission(A.ACCEPTED, counterparty=buyer, deal_id=7)
    last = timezone.localdate() + 20 * DAY
    certify(made, valid_until=last)
    bystanders = [made.people[who] for who in ("stranger", "rival", "colleague", "operator")]
    told = [made.people["officer"], made.people["appraiser"], person(Role.REPRESENTATIVE, buyer)]

    def news(kind: str) -> list[int]:
        rows = Notification.objects.filter(kind=kind).order_by("user").values_list("user", flat=True)
        return [pk for pk in rows if pk in {user.pk for user in (*told, *bystanders)}]

    def sweep(day: datetime.date) -> int:
        noon = timezone.make_aware(datetime.datetime.combine(day, datetime.time(12)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(timezone, "now", lambda: noon)
            return services.remind_of_expiry()

    everyone = sorted(user.pk for user in told)
    assert [sweep(timezone.localdate()), sweep(last)] == [1, 0]
    assert (news("appraisal.ends"), news("appraisal.ended")) == (everyone, [])
    assert [sweep(last + DAY), sweep(last + 2 * DAY)] == [1, 0]
    assert (news("appraisal.ends"), news("appraisal.ended")) == (everyone, everyone)


@pytest.mark.parametrize("count", [1, 4])
def test_the_firms_to_choose_from_ask_a_constant_number_of_queries(count: int, django_assert_num_queries: Any) -> None:
    technology = TechnologyFactory(published=True)
    firms = [firm_of(technology) for _ in range(count)]
    with django_assert_num_queries(4):
        rows = selectors.firms_to_commission(technology, technology.organisation)
    assert {row["firm"].pk for row in rows} == {firm.pk for firm in firms}
    assert all(row["conflicts"] == [] for row in rows)
