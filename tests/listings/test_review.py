"""The owner's approval and the operator's review."""

import datetime

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership, Notification
from audit.models import Event
from listings.models import Technology
from listings.selectors import answer_due, open_review
from listings.services.publication import tell_operators
from search.models import Document as SearchDocument
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, person, seat
from tests.factories.listings import DemandFactory, IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
CHECKLIST = {"legal_class": "encouraged", "ip_checked": "on", "is_complete": "on", "no_secrets": "on"}


def page(listing, name):
    return reverse(f"listings:{listing.kind}_{name}", args=[listing.pk])


@pytest.fixture
def operator(client):
    user = person(role="operator")
    client.force_login(user)
    return user


def at(operator, factory=TechnologyFactory, **values):
    exchange = operator.seats[0].exchange
    university = factory is TechnologyFactory
    return factory(organisation=OrganisationFactory(exchange=exchange, university=university), **values)


def test_technology_goes_from_tto_to_exchange_to_the_public(client, operator):
    technology = at(operator, awaiting_owner=True)
    officer = person(role="tto_officer", organisation=technology.organisation)
    client.force_login(officer)
    assert technology.title in client.get(reverse("listings:owner_queue")).content.decode()
    assert client.get(page(technology, "manage")).status_code == 200
    client.post(page(technology, "approve_by_owner"))
    client.force_login(operator)
    assert technology.title in client.get(reverse("listings:review_queue")).content.decode()
    assert client.post(page(technology, "claim")).url == page(technology, "review")
    assert client.get(page(technology, "review")).status_code == 200
    assert client.post(page(technology, "publish"), CHECKLIST).url == reverse("listings:review_queue")
    technology.refresh_from_db()
    assert (technology.state, technology.legal_class) == ("published", "encouraged")
    assert SearchDocument.objects.filter(kind="technology", object_id=technology.pk, public=True).exists()
    assert [n.user for n in Notification.objects.filter(kind="listing.published")] == [technology.author]
    tags = [event.tag for event in Event.objects.filter(subject_id=technology.pk, subject_type="listings.technology")]
    assert tags == ["technology.approve_by_owner", "technology.claim", "technology.publish"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"legal_class": ""}, "legal_class"),
        ({"legal_class": "banned"}, "legal_class"),
        ({"legal_class": "restricted"}, "legal_class_reason"),
        ({"ip_checked": ""}, "ip_checked"),
        ({"is_complete": ""}, "is_complete"),
        ({"no_secrets": ""}, "no_secrets"),
    ],
)
def test_publish_with_an_open_point_keeps_the_checklist(client, operator, change, field):
    technology = at(operator, in_review=True, reviewer=operator)
    IPRightFactory(technology=technology)
    response = client.post(page(technology, "publish"), {**CHECKLIST, "reason": "Đã gõ", **change})
    assert list(response.context["form"].errors) == [field]
    assert "Đã gõ" in response.content.decode()
    technology.refresh_from_db()
    assert technology.state == "in_review"


@pytest.mark.parametrize("name", ["request_changes", "reject"])
def test_refusal_needs_a_reason_and_the_author_reads_it(client, operator, name):
    technology = at(operator, in_review=True, reviewer=operator)
    response = client.post(page(technology, name), {"reason": "  "})
    assert list(response.context["form"].errors) == ["reason"]
    client.post(page(technology, name), {"reason": "Thiếu số liệu đo"})
    client.force_login(technology.author)
    assert "Thiếu số liệu đo" in client.get(page(technology, "manage")).content.decode()
    assert Notification.objects.get(user=technology.author).text.endswith("Thiếu số liệu đo")


def test_operators_are_told_unless_they_sit_in_the_organisation_now(operator):
    technology = at(operator)
    exchange = technology.exchange
    sits, left = person(role="operator", exchange=exchange), person(role="operator", exchange=exchange)
    for who in (sits, left):
        seat(who, "researcher", organisation=technology.organisation)
    Membership.objects.filter(user=left, organisation=technology.organisation).update(is_active=False)
    tell_operators(technology)
    assert set(Notification.objects.values_list("user_id", flat=True)) == {operator.pk, left.pk}


def test_unverified_organisation_is_not_published(client, operator):
    organisation = OrganisationFactory(exchange=operator.seats[0].exchange, unverified=True)
    technology = TechnologyFactory(organisation=organisation, in_review=True, reviewer=operator)
    assert client.post(page(technology, "publish"), CHECKLIST).status_code == 409
    technology.refresh_from_db()
    assert technology.state == "in_review"


def test_second_claim_says_who_has_it(client, operator):
    technology = at(operator, submitted=True)
    first = person(role="operator", exchange=technology.exchange, full_name="Lê Thị Nhanh")
    client.force_login(first)
    assert client.post(page(technology, "claim")).status_code == 302
    client.force_login(operator)
    response = client.post(page(technology, "claim"))
    assert response.status_code == 409
    assert "Lê Thị Nhanh" in response.content.decode()
    assert open_review(technology).reviewer == first


def test_second_publish_changes_nothing(client, operator):
    technology = at(operator, in_review=True, reviewer=operator)
    assert client.post(page(technology, "publish"), CHECKLIST).status_code == 302
    events = Event.objects.count()
    assert client.post(page(technology, "publish"), CHECKLIST).status_code == 409
    assert Event.objects.count() == events


def test_operator_withdraws_with_a_reason_only(client, operator):
    technology = at(operator, published=True)
    response = client.post(page(technology, "withdraw"), {"reason": ""})
    assert list(response.context["withdraw_form"].errors) == ["reason"]
    client.post(page(technology, "withdraw"), {"reason": "Bị khiếu nại"})
    technology.refresh_from_db()
    assert technology.state == "withdrawn"
    assert not SearchDocument.objects.filter(kind="technology", object_id=technology.pk, public=True).exists()
    note = Notification.objects.get(user=technology.author)
    assert (note.kind, note.url) == ("listing.withdrawn", page(technology, "manage"))
    assert "Bị khiếu nại" in note.text


def test_owner_who_withdraws_is_told_nothing(client):
    technology = TechnologyFactory(published=True)
    client.force_login(technology.author)
    assert client.post(page(technology, "withdraw"), {"reason": ""}).status_code == 302
    assert not Notification.objects.exists()


def test_queue_leaves_out_own_organisation_and_other_exchanges(client, operator):
    mine = at(operator, submitted=True)
    seat(operator, "broker", organisation=mine.organisation)
    other = TechnologyFactory(submitted=True)
    shown = at(operator, DemandFactory, submitted=True)
    client.force_login(type(operator).objects.get(pk=operator.pk))
    body = client.get(reverse("listings:review_queue")).content.decode()
    assert [title in body for title in (mine.title, other.title, shown.title)] == [False, False, True]


def test_answer_is_due_after_working_days():
    friday = datetime.datetime(2026, 9, 4, 9, tzinfo=datetime.UTC)
    assert answer_due(Technology(submitted_at=friday)) == datetime.date(2026, 9, 11)
    assert answer_due(Technology()) is None


def test_answer_is_due_after_public_holidays():
    before_tet = datetime.datetime(2026, 2, 13, 9, tzinfo=datetime.UTC)
    assert answer_due(Technology(submitted_at=before_tet)) == datetime.date(2026, 2, 27)


def test_queue_warns_of_a_year_without_holidays(client, operator, monkeypatch):
    client.force_login(operator)
    warning = "The public holidays of {} are not all entered"
    for day, years in ((datetime.date(2026, 6, 1), set()), (datetime.date(2031, 12, 1), {2031, 2032})):
        monkeypatch.setattr("django.utils.timezone.localdate", lambda *args, day=day: day)
        with translation.override("en"):
            body = client.get(reverse("listings:review_queue")).content.decode()
        assert {year for year in range(2025, 2034) if warning.format(year) in body} == years
        assert (reverse("rules:rule", args=["calendar.complete"]) in body) == bool(years)


@pytest.mark.parametrize("count", [1, 3])
def test_queue_query_count(client, operator, count, django_assert_num_queries):
    for _ in range(count):
        at(operator, submitted=True)
        at(operator, in_review=True)
        at(operator, DemandFactory, in_review=True)
    with django_assert_num_queries(7):
        assert client.get(reverse("listings:review_queue")).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_my_lists_query_count(client, count, django_assert_num_queries):
    organisation = OrganisationFactory(university=True)
    user = person(role="tto_officer", organisation=organisation)
    client.force_login(user)
    for _ in range(count):
        TechnologyFactory(organisation=organisation)
        DemandFactory(organisation=organisation)
        TechnologyFactory(organisation=organisation, awaiting_owner=True)
    with django_assert_num_queries(8):
        client.get(reverse("listings:my_technologies"))
    with django_assert_num_queries(7):
        client.get(reverse("listings:my_demands"))
    with django_assert_num_queries(5):
        client.get(reverse("listings:owner_queue"))


@pytest.mark.parametrize("role", ["researcher", "representative", "operator", None])
def test_lists_of_a_new_person_say_how_to_go_on(client, role):
    client.force_login(person(role=role))
    for name in ("my_technologies", "my_demands"):
        assert client.get(reverse(f"listings:{name}")).status_code == 200
    assert client.get(reverse("listings:my_listings")).status_code == 302
    expected = 200 if role == "operator" else 403
    assert client.get(reverse("listings:review_queue")).status_code == expected


def test_manage_page_is_for_its_own_people_and_the_exchange(client):
    technology = TechnologyFactory(published=True)
    for user, status in [
        (technology.author, 200),
        (person(role="signatory", organisation=technology.organisation), 200),
        (person(role="operator", exchange=technology.exchange), 200),
        (person(role="operator", exchange=ExchangeFactory()), 403),
        (person(), 403),
    ]:
        client.force_login(user)
        assert client.get(page(technology, "manage")).status_code == status
