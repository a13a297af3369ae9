"""Who serves an exchange needs two-step sign-in; without it the seat does not count, on pages and in the API."""

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings as configured
from django.utils import translation
from rest_framework.test import APIClient

from accounts.models import Role, User
from listings.models import Review
from tests.factories.accounts import person
from tests.factories.listings import TechnologyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting():
    return TechnologyFactory(submitted=True)


@pytest.fixture
def operator(waiting):
    return person(Role.OPERATOR, exchange=waiting.exchange)


def claim_by_page(client, user, listing):
    client.force_login(user)
    return client.post(f"/technologies/{listing.pk}/claim/").status_code


def claim_by_api(client, user, listing):
    api = APIClient()
    api.force_authenticate(user)
    return api.post(f"/api/v1/technologies/{listing.pk}/claim/").status_code


def put_authenticator(user, kind=Authenticator.Type.TOTP):
    Authenticator.objects.create(user=user, type=kind, data={})


@pytest.mark.parametrize("claim", [claim_by_page, claim_by_api])
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.MANAGER])
def test_exchange_seat_counts_with_two_steps_only(client, settings, waiting, claim, role):
    settings.OPERATORS_NEED_MFA = True
    user = person(role, exchange=waiting.exchange)
    put_authenticator(user, Authenticator.Type.RECOVERY_CODES)
    assert claim(client, User.objects.get(pk=user.pk), waiting) == 404
    waiting.refresh_from_db()
    assert waiting.state == "submitted"
    assert not Review.objects.exists()
    put_authenticator(user)
    assert claim(client, User.objects.get(pk=user.pk), waiting) in {200, 302}
    assert Review.objects.get().reviewer == user


def test_operator_without_two_steps_is_told_on_every_page(client, settings, operator):
    settings.OPERATORS_NEED_MFA = True
    client.force_login(operator)
    with translation.override("en"):
        page = client.get("/en/").content.decode()
        assert "/en/account/2fa/totp/activate/" in page
        assert "Review queue" not in page
        assert client.get("/en/review/").status_code == 403
        put_authenticator(operator)
        page = client.get("/en/").content.decode()
    assert "Two-step sign-in is missing" not in page
    assert "Review queue" in page


def test_seats_in_organisations_count_as_ever(settings, waiting, operator):
    settings.OPERATORS_NEED_MFA = True
    author = User.objects.get(pk=waiting.author_id)
    assert [seat.organisation_id for seat in author.seats] == [waiting.organisation_id]
    assert not author.must_set_up_mfa


def test_demo_and_tests_ask_for_none_and_production_does(settings, operator):
    assert not configured.OPERATORS_NEED_MFA
    assert operator.is_operator
    source = (configured.BASE_DIR / "marketplace/settings/demo.py").read_text()
    assert "OPERATORS_NEED_MFA = False" in source
    source = (configured.BASE_DIR / "marketplace/settings/production.py").read_text()
    assert 'env.bool("OPERATORS_NEED_MFA", default=True)' in source


def test_there_is_no_way_in_beside_the_one_with_two_steps(client):
    assert client.get("/admin/login/").status_code == 404
    assert not apps.is_installed("django.contrib.admin")
