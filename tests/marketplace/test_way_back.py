"""Coming back after a refusal: a session that ended, a form that expired, an act that came too late."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from deals import services
from deals.models import Message
from tests.factories.deals import deal_room

pytestmark = pytest.mark.django_db
HERE = "http://testserver"


def test_form_sent_after_the_session_ended_leads_back_to_its_page(client):
    room = deal_room()
    path = reverse("deals:deal", args=[room.deal.pk])
    answer = client.post(
        reverse("deals:post_message", args=[room.deal.pk]),
        {"message": "Xin chào"},
        headers={"referer": f"{HERE}{path}"},
    )
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"?next={path}")
    with translation.override("vi"):
        said = translation.gettext("You were signed out meanwhile, and nothing was saved. Sign in, then send it again.")
    assert said in client.get(answer["Location"]).content.decode()
    assert not Message.objects.filter(body="Xin chào").exists()


@pytest.mark.parametrize("referer", ["", "https://evil.example/deals/1/", "//evil.example/"])
def test_sign_in_never_leads_away_from_the_site(client, referer):
    answer = client.post(reverse("deals:post_message", args=[1]), {}, headers={"referer": referer})
    assert answer["Location"].endswith("?next=/")


def test_page_asked_for_without_a_session_is_opened_after_the_sign_in(client):
    answer = client.get(reverse("deals:deal_list"))
    assert answer["Location"].endswith(f"?next={reverse('deals:deal_list')}")


def test_act_that_came_too_late_offers_the_page_again(client):
    room = deal_room()
    services.accept_enquiry(deal=room.running, actor=room.tto)
    path = reverse("deals:deal", args=[room.deal.pk])
    client.force_login(room.tto)
    answer = client.post(reverse("deals:accept_enquiry", args=[room.deal.pk]), headers={"referer": f"{HERE}{path}?a=1"})
    assert answer.status_code == 409
    assert f'href="{path}?a=1"' in answer.content.decode()


def test_expired_form_says_so_and_not_that_the_role_forbids():
    room = deal_room()
    client = Client(enforce_csrf_checks=True)
    client.force_login(room.buyer)
    answer = client.post(f"/en{reverse('deals:post_message', args=[room.deal.pk])}", {"message": "Hello"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "The form has expired" in page
    assert "Your role does not allow" not in page
