"""The kit: lifecycle, read-only requests, languages, text."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.lifecycle import ORGANISATION, VerificationState
from accounts.models import Exchange, Organisation, Province, User
from audit.models import Event
from marketplace.kit.errors import Conflict
from marketplace.kit.lifecycle import Lifecycle, move
from marketplace.kit.readonly import ReadOnlyMiddleware, WriteOnGet, writes_on_get
from marketplace.kit.validators import clean_text, plain_text


@pytest.fixture
def organisation(db: None) -> Organisation:
    exchange = Exchange.objects.create(
        code="HN", name_vi="Sàn", name_en="Exchange", province=Province.objects.get(code="01")
    )
    return Organisation.objects.create(kind="company", name_vi="Công ty", exchange=exchange, province_id="01")


def test_move_saves_the_state_and_writes_the_audit_row(organisation: Organisation) -> None:
    with transaction.atomic():
        move(organisation, "request_verification", actor=None, data={"why": "test"})
    organisation.refresh_from_db()
    assert organisation.state == VerificationState.PENDING
    event = Event.objects.get()
    assert (event.tag, event.data) == (
        "organisation.request_verification",
        {"from": "unverified", "to": "pending", "why": "test"},
    )


def test_move_refuses_what_is_not_legal_now(organisation: Organisation) -> None:
    with pytest.raises(Conflict), transaction.atomic():
        move(organisation, "verify", actor=None)
    assert Event.objects.count() == 0


def test_move_refuses_a_stale_object(organisation: Organisation) -> None:
    stale = Organisation.objects.get(pk=organisation.pk)
    with transaction.atomic():
        move(organisation, "request_verification", actor=None)
    with pytest.raises(Conflict), transaction.atomic():
        move(stale, "request_verification", actor=None)
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_rivals_exactly_one_moves(organisation: Organisation) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def rival() -> None:
        mine = Organisation.objects.get(pk=organisation.pk)
        start.wait(10)
        try:
            with transaction.atomic():
                move(mine, "request_verification", actor=None)
            outcomes.append("moved")
        except Conflict:
            outcomes.append("conflict")
        connection.close()

    rivals = [threading.Thread(target=rival) for _ in range(2)]
    for thread in rivals:
        thread.start()
    for thread in rivals:
        thread.join(10)
    assert sorted(outcomes) == ["conflict", "moved"]
    assert Event.objects.count() == 1


def test_lifecycle_refuses_unknown_states_and_double_names() -> None:
    with pytest.raises(ValueError, match="unknown"):
        Lifecycle.of("x", VerificationState, [("go", ["nowhere"], "verified")])
    with pytest.raises(ValueError, match="twice"):
        Lifecycle.of("x", VerificationState, [("go", ["pending"], "verified"), ("go", ["pending"], "refused")])


def test_lifecycle_lists_what_is_available() -> None:
    assert ORGANISATION.available("pending") == ["verify", "refuse"]
    assert ORGANISATION.can("verified", "revoke")


def guarded(view: Any, method: str = "get") -> Any:
    request = getattr(RequestFactory(), method)("/")
    request.user = AnonymousUser()

    def handler(request: HttpRequest) -> HttpResponse:
        """Do as Django's handler does: the middleware's process_view, then the view."""
        middleware.process_view(request, view, (), {})
        return view(request)

    middleware = ReadOnlyMiddleware(handler)
    return middleware(request)


def writing_view(request: HttpRequest) -> HttpResponse:
    User.objects.create_user("x@example.org", "long-password", full_name="X")
    return HttpResponse()


def test_get_cannot_write(db: None) -> None:
    with pytest.raises(WriteOnGet), transaction.atomic():
        guarded(writing_view)
    assert User.objects.count() == 0


def test_get_cannot_lock(db: None) -> None:
    def locking_view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            list(User.objects.select_for_update().order_by("pk"))
        return HttpResponse()

    with pytest.raises(WriteOnGet):
        guarded(locking_view)


def test_get_can_read_and_post_can_write(db: None) -> None:
    def reading_view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(User.objects.count()))

    assert guarded(reading_view).content == b"0"
    assert guarded(writing_view, "post").status_code == 200
    assert User.objects.count() == 1


def test_a_marked_view_can_write_on_get(db: None) -> None:
    assert guarded(writes_on_get("a test")(lambda request: writing_view(request))).status_code == 200


def test_plain_text_refuses_control_characters() -> None:
    plain_text("Dòng một\nDòng hai\tvà tab")
    for bad in ("a\x00b", "a\x07b", "a\u202eb"):
        with pytest.raises(ValidationError):
            plain_text(bad)


def test_clean_text_composes_and_strips() -> None:
    assert clean_text("  Lo\u0323c nu\u031bo\u031b\u0301c\x00\r\n ") == "Lọc nước"


def test_nul_in_the_address_is_answered_with_400(client: Client, db: None) -> None:
    assert client.get("/health/?q=%00").status_code == 400


def test_health_answers(client: Client, db: None) -> None:
    assert client.get("/health/").json() == {"status": "ok"}


def test_unknown_api_address_answers_json(client: Client, db: None) -> None:
    response = client.get("/api/v1/nothing/", headers={"accept-language": "en"})
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
