"""The pages of allauth in our look: each renders in both languages, and the ways in and out work."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from bs4 import BeautifulSoup
from django.core import mail

from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    user = UserFactory()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def signed_in(client, person):
    response = client.post("/account/login/", {"login": person.email, "password": PASSWORD})
    assert response.status_code == 302
    return client


def confirm_access(client):
    """Enter the password again, as the pages of two-step sign-in ask."""
    assert client.post("/account/reauthenticate/?next=/", {"password": PASSWORD}).status_code == 302


def page_of(response):
    page = BeautifulSoup(response.content, "html.parser")
    assert response.status_code == 200
    assert len(page.select("h1")) == 1
    assert page.select_one("link[href$='site.css']")
    return page


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    "path",
    ["login/", "signup/", "password/reset/", "password/reset/done/", "confirm-email/", "inactive/",
     "password/reset/key/done/", "password/reset/key/1-bad/", "confirm-email/bad/"],
)  # fmt: skip
def test_public_account_page_renders(client, prefix, path):
    page = page_of(client.get(f"{prefix}/account/{path}"))
    assert page.html["lang"] == ("en" if prefix else "vi")


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    "path",
    ["email/", "password/change/", "logout/", "2fa/", "2fa/totp/activate/", "reauthenticate/", "3rdparty/"],
)
def test_page_of_ones_own_account_renders(signed_in, prefix, path):
    confirm_access(signed_in)
    page_of(signed_in.get(f"{prefix}/account/{path}"))


def test_two_step_pages_ask_for_the_password_first(signed_in):
    response = signed_in.get("/account/2fa/totp/activate/")
    assert response.url.startswith("/account/reauthenticate/")
    assert page_of(signed_in.get(response.url)).select_one("input[type=password]")


def test_wrong_password_gets_an_error_summary_and_keeps_the_address(client, person):
    page = page_of(client.post("/en/account/login/", {"login": person.email, "password": "wrong"}))
    assert page.select_one(".error-summary[role=alert]")
    assert page.select_one("input[name=login]")["value"] == person.email
    assert "value" not in page.select_one("input[name=password]").attrs


def test_sign_up_sends_a_link_that_opens_the_account(client):
    sent = {"full_name": "Lê Thị Hoa", "email": "hoa@example.org", "password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/account/signup/", sent)
    assert response.url == "/account/confirm-email/"
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    page = page_of(client.get(link))
    assert "hoa@example.org" in page.main.text
    client.post(link)
    assert EmailAddress.objects.get(email="hoa@example.org").verified


def test_sign_up_errors_point_at_their_fields(client):
    page = page_of(
        client.post("/en/account/signup/", {"full_name": "", "email": "no", "password1": "123", "password2": "1234"})
    )
    for link in page.select(".error-summary a"):
        assert page.find(id=link["href"].removeprefix("#")) is not None
    assert page.select_one("input[name=email]")["value"] == "no"


def test_forgotten_password_is_set_anew(client, person):
    assert client.post("/account/password/reset/", {"email": person.email}).url == "/account/password/reset/done/"
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True)
    page_of(form)
    address = form.redirect_chain[-1][0]
    response = client.post(address, {"password1": PASSWORD + "-x", "password2": PASSWORD + "-x"})
    assert response.url == "/account/password/reset/key/done/"
    person.refresh_from_db()
    assert person.check_password(PASSWORD + "-x")


def test_sign_out_asks_by_post(signed_in):
    assert signed_in.get("/account/logout/").status_code == 200
    assert "_auth_user_id" in signed_in.session
    signed_in.post("/account/logout/")
    assert "_auth_user_id" not in signed_in.session


def test_two_step_sign_in_from_setting_up_to_turning_off(signed_in, person):
    confirm_access(signed_in)
    page = page_of(signed_in.get("/account/2fa/totp/activate/"))
    secret = page.select_one("code").text
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    assert signed_in.post("/account/2fa/totp/activate/", {"code": code}).status_code == 302
    assert TOTP(person.authenticator_set.get(type="totp"))
    for path in ("", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
        page_of(signed_in.get(f"/account/2fa/{path}"))
    signed_in.post("/account/logout/")
    response = signed_in.post("/account/login/", {"login": person.email, "password": PASSWORD}, follow=True)
    page = page_of(response)
    assert page.select_one("input[name=code]")
    page_of(signed_in.post(response.redirect_chain[-1][0], {"code": "000000"}))
