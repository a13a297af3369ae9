"""What the API answers when there is nothing, when nothing can be read, and when somebody else is at work."""

import json
import threading
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from psycopg import errors as postgres

from accounts.models import User
from marketplace.kit.errors import ErrorMiddleware, api_exception_handler, is_busy
from tests.factories.accounts import UserFactory


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("vi", "Không tìm thấy."), ("en", "Not found.")])
def test_what_is_not_there_is_said_in_the_reader_s_language_without_a_model_s_name(
    client: Client, language: str, said: str
) -> None:
    for path in ("technologies/999999/", "demands/999999/", "organisations/999999/"):
        answer = client.get(f"/api/v1/{path}", headers={"accept-language": language})
        assert (answer.status_code, answer.json()) == (404, {"detail": said}), path


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    ["[" * 5000, '{"a":' * 5000, "[", "9" * 5000, '{"kind": "NaN", "n": NaN}', '{"name_vi": "\\ud800"}', b"\xff"],
)
@pytest.mark.parametrize(("language", "said"), [("vi", "Dữ liệu gửi lên"), ("en", "JSON")])
def test_what_cannot_be_read_is_answered_with_400(client: Client, body: str | bytes, language: str, said: str) -> None:
    client.force_login(UserFactory())
    answer = client.post(
        "/api/v1/organisations/", body, content_type="application/json", headers={"accept-language": language}
    )
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    if body[:2] in ("[[", '{"') and "NaN" not in str(body):
        assert said in answer.json()["detail"]


@pytest.mark.django_db
def test_a_body_longer_than_a_form_may_be_is_refused(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client.force_login(UserFactory())
    body = json.dumps({"about_vi": "x" * 1000})
    answer = client.post(
        "/api/v1/organisations/", body, content_type="application/json", headers={"accept-language": "en"}
    )
    assert (answer.status_code, answer.json()) == (400, {"detail": "What was sent is too large."})


def deadlock() -> Exception:
    """Lock two rows crosswise in two transactions and give what the database says to the one that it ends."""
    first, second = UserFactory(), UserFactory()
    holds = threading.Barrier(2)
    caught: list[Exception] = []

    def lock(*people: User) -> None:
        try:
            with transaction.atomic():
                for turn, one in enumerate(people):
                    if turn:
                        holds.wait(20)
                    User.objects.select_for_update(of=("self",)).get(pk=one.pk)
        except OperationalError as error:
            caught.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=lock, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(caught) == 1
    return caught[0]


@pytest.mark.django_db(transaction=True)
def test_who_loses_a_deadlock_is_asked_to_try_again() -> None:
    error = deadlock()
    request = RequestFactory().post("/my/organisations/")
    request.user = AnonymousUser()
    request.session = SessionStore()
    page = ErrorMiddleware(lambda request: HttpResponse()).process_exception(request, error)
    assert page is not None
    assert page.status_code == 409
    answer = api_exception_handler(error, {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (409, "busy")


def test_a_server_that_cannot_be_reached_is_not_somebody_else_at_work() -> None:
    error = OperationalError("connection timeout expired")
    error.__cause__ = postgres.ConnectionTimeout("connection timeout expired")
    assert not is_busy(error)
