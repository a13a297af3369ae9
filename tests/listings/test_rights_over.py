"""Rights that protect no longer: every page that offers or judges them says so, and none of them is licensed."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from deals.selectors import holds_registered_right
from listings.models import IPRight
from tests.factories.accounts import person
from tests.factories.listings import IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 6, 1)
YESTERDAY, TOMORROW = TODAY - datetime.timedelta(1), TODAY + datetime.timedelta(1)
WARNING = "Nobody needs a licence of these rights any more"


def page(technology, name=""):
    with translation.override("en"):
        return reverse(f"listings:technology{name and '_' + name}", args=[technology.pk])


@pytest.mark.parametrize(
    ("status", "expiry", "over"),
    [
        ("granted", TOMORROW, False),
        ("granted", TODAY, True),
        ("granted", YESTERDAY, True),
        ("granted", None, False),
        ("pending", None, False),
        ("lapsed", TOMORROW, True),
        ("lapsed", None, True),
    ],
)
def test_right_is_over_once_lapsed_or_expired(monkeypatch, status, expiry, over):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *args: TODAY)
    assert IPRight(status=status, expiry_date=expiry).is_over is over


@pytest.mark.parametrize(("status", "filed", "was"), [("pending", None, False), ("pending", TODAY, True)])
def test_pending_right_was_filed_once_it_has_a_date(status, filed, was):
    assert IPRight(status=status, filing_date=filed).was_filed is was


@pytest.mark.parametrize("status", ["granted", "lapsed"])
def test_granted_right_without_a_filing_date_is_not_called_unfiled(client, status):
    technology = TechnologyFactory(submitted=True)
    IPRightFactory(technology=technology, filing_date=None, grant_date=None, expiry_date=None, status=status)
    client.force_login(person(role="operator", exchange=technology.exchange))
    body = client.get(page(technology, "review")).content.decode()
    assert "Filing date not stated" in body
    assert "Not filed yet" not in body


@pytest.mark.parametrize("over", [True, False])
def test_public_review_and_check_pages_warn_of_ended_protection(client, over):
    day = timezone.localdate() + datetime.timedelta(-1 if over else 30)
    public, submitted, draft = (TechnologyFactory(**state) for state in ({"published": True}, {"submitted": True}, {}))
    for technology in (public, submitted, draft):
        IPRightFactory(technology=technology, expiry_date=day, status="granted")
    assert (WARNING in client.get(page(public)).content.decode()) is over
    client.force_login(person(role="operator", exchange=submitted.exchange))
    assert (WARNING in client.get(page(submitted, "review")).content.decode()) is over
    client.force_login(draft.author)
    assert (WARNING in client.get(page(draft, "check")).content.decode()) is over


def test_public_page_says_beside_the_offer_whether_all_or_some_protection_has_ended(client):
    technology = TechnologyFactory(published=True)
    IPRightFactory(technology=technology, status="lapsed")
    assert '<a href="#rights">Protection has ended</a>' in client.get(page(technology)).content.decode()
    IPRightFactory(technology=technology, status="granted")
    assert '<a href="#rights">Some protection has ended</a>' in client.get(page(technology)).content.decode()


@pytest.mark.parametrize(("days", "holds"), [(30, True), (-1, False)])
def test_expired_patent_needs_no_record_of_its_assignment(days, holds):
    technology = TechnologyFactory()
    expiry = timezone.localdate() + datetime.timedelta(days)
    IPRightFactory(technology=technology, status="granted", expiry_date=expiry)
    assert holds_registered_right(technology) is holds
