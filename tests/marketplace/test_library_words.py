"""Texts of the libraries reach people in Vietnamese."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_wrong_password_is_answered_in_vietnamese(client: Client) -> None:
    page = client.post("/account/login/", {"login": "nobody@nhipcau.example", "password": "not-the-password"})
    assert "Địa chỉ e-mail hoặc mật khẩu không đúng." in page.content.decode()


@pytest.mark.parametrize(
    ("language", "text"), [("vi", "Khóa API không đúng hoặc đã bị thu hồi."), ("en", "Invalid token.")]
)
def test_the_api_refuses_a_token_in_the_language_asked_for(client: Client, language: str, text: str) -> None:
    answer = client.get(
        "/api/v1/technologies/", headers={"authorization": "Token 0123456789", "accept-language": language}
    )
    assert answer.status_code == 401
    assert text in answer.content.decode()
