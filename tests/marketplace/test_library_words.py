"""Texts of the libraries reach people in Vietnamese."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import person

pytestmark = pytest.mark.django_db


def test_a_wrong_password_is_answered_in_vietnamese(client: Client) -> None:
    page = client.post("/account/login/", {"login": "nobody@nhipcau.example", "password": "not-the-password"})
    assert "Địa chỉ e-mail hoặc mật khẩu không đúng." in page.content.decode()


@pytest.mark.parametrize(
    ("prefix", "hints"),
    [
        ("", ["Không giống tên hay địa chỉ e-mail của bạn.", "Ít nhất 10 ký tự."]),
        ("/en", ["Not like your name or e-mail address.", "At least 10 characters."]),
    ],
)
def test_sign_up_says_in_few_words_what_a_password_needs(client: Client, prefix: str, hints: list[str]) -> None:
    body = client.get(f"{prefix}/account/signup/").content.decode()
    assert [hint in body for hint in hints] == [True, True]


def test_letters_about_the_account_do_not_begin_with_a_host_name(client: Client) -> None:
    user = person()
    client.post("/account/password/reset/", {"email": user.email})
    assert [letter.subject for letter in mail.outbox] == ["Đặt lại mật khẩu"]


def test_sign_in_leads_to_what_waits_for_the_person(client: Client) -> None:
    user = person()
    user.set_password("cau-bac-qua-song-7")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    sent = {"login": user.email, "password": "cau-bac-qua-song-7"}
    assert client.post("/account/login/", sent).headers["location"] == reverse("insights:dashboard")


@pytest.mark.parametrize(
    ("language", "text"), [("vi", "Khóa API không đúng hoặc đã bị thu hồi."), ("en", "Invalid token.")]
)
def test_the_api_refuses_a_token_in_the_language_asked_for(client: Client, language: str, text: str) -> None:
    answer = client.get(
        "/api/v1/technologies/", headers={"authorization": "Token 0123456789", "accept-language": language}
    )
    assert answer.status_code == 401
    assert text in answer.content.decode()
