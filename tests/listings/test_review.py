"""The owner's approval and the operator's review."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership, Notification
from audit.models import Event
from deals.models import Deal
from deals.selectors import listing_changed
from listings.models import Review, Technology
from listings.selectors import answer_due, open_review
from listings.services import add_document, remove_document, save_technology, submit_listing, take_back_listing
from listings.services.publication import tell_operators
from search.models import Document as SearchDocument
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, person, seat
from tests.factories.listings import PDF, DemandFactory, DocumentFactory, IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
CHECKLIST = {
    "legal_class": "encouraged", "ip_checked": "on", "is_complete": "on", "no_secrets": "on", "content_version": 1,
}  # fmt: skip


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
    client.post(page(technology, "approve_by_owner"), {"content_version": 1})
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
    with django_assert_num_queries(8):
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


def test_tto_approves_only_what_was_on_its_screen(client):
    technology = TechnologyFactory(awaiting_owner=True)
    author = technology.author
    officer = person(role="tto_officer", organisation=technology.organisation)
    client.force_login(officer)
    button = '<button class="button button-primary button-normal" type="submit" name="content_version" value="%d">'
    assert button % 1 in client.get(page(technology, "manage")).content.decode()
    take_back_listing(listing=technology, actor=author)
    save_technology(technology=technology, actor=author, version=1, values={"solution": "Khác hẳn"})
    submit_listing(listing=technology, actor=author, novelty_acknowledged=True)
    for sent in ({"content_version": 1}, {}):
        refused = client.post(page(technology, "approve_by_owner"), sent)
        assert (refused.status_code, button % 2 in refused.content.decode()) == (409, True)
        assert "Hãy đọc lại" in refused.content.decode()
    assert Technology.objects.get().state == "awaiting_owner"
    client.post(page(technology, "approve_by_owner"), {"content_version": 2})
    assert Technology.objects.get().state == "submitted"


def left_the_exchange(reviewer, listing):
    reviewer.memberships.update(is_active=False)


def left_altogether(reviewer, listing):
    type(reviewer).objects.filter(pk=reviewer.pk).update(is_active=False)


def joined_the_organisation(reviewer, listing):
    seat(reviewer, "broker", organisation=listing.organisation)


@pytest.mark.parametrize("goes", [left_the_exchange, left_altogether, joined_the_organisation])
def test_review_whose_holder_is_gone_goes_back_to_the_queue(client, operator, goes):
    holder = person(role="operator", exchange=operator.seats[0].exchange, full_name="Lê Thị Vắng")
    demand = at(operator, DemandFactory, in_review=True, reviewer=holder)
    assert client.post(page(demand, "release"), {"reason": "Đi vắng"}).status_code == 403
    assert "Không còn duyệt ở đây" not in client.get(reverse("listings:review_queue")).content.decode()
    goes(holder, demand)
    assert "Không còn duyệt ở đây" in client.get(reverse("listings:review_queue")).content.decode()
    assert 'id="release"' in client.get(page(demand, "review")).content.decode()
    empty = client.post(page(demand, "release"), {"reason": " "})
    assert list(empty.context["release_form"].errors) == ["reason"]
    assert client.post(page(demand, "release"), {"reason": "Đã nghỉ việc"}).status_code == 302
    event = Event.objects.filter(tag="demand.release").get()
    assert (event.actor, event.data["reason"], event.data["holder"]) == (operator, "Đã nghỉ việc", holder.pk)
    assert not Notification.objects.filter(user=holder).exists()
    assert client.post(page(demand, "claim")).status_code == 302


def test_manager_gives_a_review_back_and_its_holder_reads_why(client, operator):
    technology = at(operator, in_review=True, reviewer=operator)
    manager = person(role="manager", exchange=technology.exchange)
    client.force_login(manager)
    assert "quản lý sàn" in client.get(page(technology, "review")).content.decode()
    assert client.post(page(technology, "publish"), CHECKLIST).status_code == 403
    assert client.post(page(technology, "release"), {"reason": "Chờ đã lâu"}).status_code == 302
    note = Notification.objects.get(user=operator, kind="listing.review_released")
    assert (note.url, "Chờ đã lâu" in note.text) == (page(technology, "review"), True)
    assert "Chờ đã lâu" in client.get(page(technology, "review")).content.decode()
    client.force_login(technology.author)  # the reason is the exchange's own matter
    assert "Chờ đã lâu" not in client.get(page(technology, "manage")).content.decode()
    client.force_login(operator)
    late = client.post(page(technology, "publish"), CHECKLIST)
    assert late.status_code == 409
    assert Technology.objects.get().state == "submitted"


def test_giving_the_own_review_back_takes_no_words_to_the_author_along(client, operator):
    technology = at(operator, in_review=True, reviewer=operator)
    checklist = client.get(page(technology, "review")).content.decode()
    assert 'form="give-back"' in checklist  # a form of its own, without what was typed into the checklist
    assert client.post(page(technology, "release"), {"reason": "Nghi ngờ sao chép"}).status_code == 302
    assert (Review.objects.get().reason, Event.objects.get(tag="technology.release").data["reason"]) == ("", "")


def test_review_is_of_what_was_decided_about(client, operator):
    """The owner may add a file under NDA at any time, also between claim and approval."""
    technology = at(operator, in_review=True, reviewer=operator)
    add_document(
        technology=technology, actor=technology.author, title="x", tier="nda", upload=SimpleUploadedFile("a.pdf", PDF)
    )
    assert client.post(page(technology, "publish"), {**CHECKLIST, "content_version": 2}).status_code == 302
    technology.refresh_from_db()
    assert (Review.objects.get().content_version, technology.content_version) == (2, 2)
    assert not listing_changed(Deal(technology=technology))


def test_manager_with_a_stake_gives_nothing_back(client, operator):
    technology = at(operator, in_review=True)
    manager = person(role="manager", exchange=technology.exchange)
    seat(manager, "broker", organisation=technology.organisation)
    client.force_login(manager)
    assert client.post(page(technology, "release"), {"reason": "x"}).status_code == 403
    assert Technology.objects.get().state == "in_review"


def test_reviewer_publishes_only_with_the_documents_that_were_on_the_screen(client, operator):
    technology = at(operator, in_review=True, reviewer=operator)
    document = DocumentFactory(technology=technology, tier="public")
    shown = client.get(page(technology, "review")).content.decode()
    assert '<input type="hidden" name="content_version" value="1">' in shown
    remove_document(document=document, actor=technology.author)
    refused = client.post(page(technology, "publish"), {**CHECKLIST, "reason": "Đã gõ"})
    body = refused.content.decode()
    assert (refused.status_code, "Đã gõ" in body, 'name="content_version" value="2"' in body) == (409, True, True)
    assert client.post(page(technology, "publish"), {**CHECKLIST, "content_version": 2}).status_code == 302


@pytest.mark.parametrize("state", ["awaiting_owner", "changes_requested"])
def test_exchange_does_not_see_what_the_tto_has_or_gave_back(client, operator, state):
    technology = at(operator, **{state: True})
    addresses = [page(technology, name) for name in ("manage", "review")] + [technology.get_absolute_url()]
    assert [client.get(address).status_code for address in addresses] == [404] * 3
    Technology.objects.update(state="in_review")
    Review.objects.create(technology=technology, stage="operator", reviewer=operator, content_version=1)
    client.post(page(technology, "request_changes"), {"reason": "Thiếu số liệu"})
    assert client.get(page(technology, "manage")).status_code == 200


@pytest.mark.parametrize("officer", [True, False])
def test_who_can_give_the_role_hears_of_a_technology_that_no_tto_waits_for(officer):
    technology = TechnologyFactory()
    admin = person(role="admin", organisation=technology.organisation)
    if officer:
        person(role="tto_officer", organisation=technology.organisation)
    submit_listing(listing=technology, actor=technology.author, novelty_acknowledged=True)
    told = Notification.objects.get()
    assert (told.kind, told.user == admin) == (
        ("listing.awaits_owner", False) if officer else ("listing.no_owner", True)
    )
    assert told.url.endswith("/manage/" if officer else f"/my/organisations/{technology.organisation_id}/#people")
