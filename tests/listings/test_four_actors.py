"""Every address that changes a listing, by page and by API, asked by four actors (and anonymously).

Refused, it changes no row, writes no event, and sends nothing.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Notification
from audit.models import Event
from listings.acts import acts_of
from listings.models import Demand, Document, IPRight, Review, Technology
from listings.selectors import open_review
from tests.factories.accounts import person
from tests.factories.listings import PDF, DemandFactory, DocumentFactory, IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
FACTORY = {"technology": TechnologyFactory, "demand": DemandFactory}
PLURAL = {"technology": "technologies", "demand": "demands"}
CHECKLIST = {"legal_class": "none", "ip_checked": True, "is_complete": True, "no_secrets": True, "content_version": 1}


@dataclass(frozen=True)
class Case:
    """An act: in which state, by whose role, with what; `page` and `api` give address and method."""

    kind: str
    name: str
    state: str
    side: str  # author, tto, operator, reviewer
    data: dict[str, Any] = field(default_factory=dict)
    page: Callable[[Any], str] | None = None
    api: Callable[[Any], tuple[str, str]] | None = None

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"


def act(kind: str, name: str, state: str, side: str, **data: Any) -> Case:
    return Case(
        kind, name, state, side, data,
        page=lambda listing: reverse(f"listings:{kind}_{name}", args=[listing.pk]),
        api=lambda listing: ("post", reverse(f"api:{kind}_{name}", args=[listing.pk])),
    )  # fmt: skip


def acts(kind: str) -> list[Case]:
    return [
        act(kind, "submit", "draft", "author", version=1),
        act(kind, "take_back", "submitted", "author"),
        act(kind, "withdraw", "published", "author"),
        act(kind, "claim", "submitted", "operator"),
        act(kind, "release", "in_review", "reviewer"),
        act(kind, "publish", "in_review", "reviewer", **CHECKLIST),
        act(kind, "request_changes", "in_review", "reviewer", reason="Thiếu số liệu"),
        act(kind, "reject", "in_review", "reviewer", reason="Không phải công nghệ"),
        Case(
            kind, "save", "draft", "author", {"version": 1, "problem": "Đã sửa", "solution": "Đã sửa", "title": "Đã sửa", "language": "vi"},
            page=lambda listing: reverse(f"listings:{kind}_edit", args=[listing.pk, "problem"]),
            api=lambda listing: ("patch", reverse(f"api:{kind}", args=[listing.pk])),
        ),
        Case(
            kind, "create", "draft", "author", {"title": "Tin mới", "language": "vi"},
            page=lambda listing: reverse(f"listings:{kind}_new"),
            api=lambda listing: ("post", reverse(f"api:{PLURAL[kind]}")),
        ),
    ]  # fmt: skip


CASES = [
    *acts("technology"),
    *acts("demand"),
    act("technology", "approve_by_owner", "awaiting_owner", "tto", content_version=1),
    act("technology", "return_by_owner", "awaiting_owner", "tto", reason="Chưa rõ chủ sở hữu"),
    Case(
        "technology", "save_right", "draft", "author",
        {"version": 1, "kind": "patent", "status": "granted", "office": "VN", "owners-TOTAL_FORMS": 0, "owners-INITIAL_FORMS": 0},
        page=lambda listing: reverse("listings:technology_right", args=[listing.pk, 1]),
    ),
    Case(
        "technology", "remove_right", "draft", "author", {"version": 1},
        page=lambda listing: reverse("listings:technology_right_remove", args=[listing.pk, 1]),
    ),
    Case(
        "technology", "add_document", "draft", "author", {"title": "Báo cáo", "tier": "nda", "file": PDF},
        page=lambda listing: reverse("listings:technology_edit", args=[listing.pk, "documents"]),
        api=lambda listing: ("post", reverse("api:technology_documents", args=[listing.pk])),
    ),
    Case(
        "technology", "remove_document", "draft", "author",
        page=lambda listing: reverse("listings:document_remove", args=[listing.documents.get().pk]),
        api=lambda listing: ("delete", reverse("api:document", args=[listing.documents.get().pk])),
    ),
    Case(
        "technology", "destroy_document", "draft", "author", {"reason": "Tải nhầm"},
        page=lambda listing: reverse("listings:document_destroy", args=[listing.documents.get().pk]),
        api=lambda listing: ("post", reverse("api:document_destroy", args=[listing.documents.get().pk])),
    ),
]  # fmt: skip


def make(case: Case) -> Any:
    state = {} if case.state == "draft" else {case.state: True}
    listing = FACTORY[case.kind](**state)
    if case.kind == "technology":
        IPRightFactory(technology=listing)
        removed_at = timezone.now() if case.name == "destroy_document" else None
        DocumentFactory(technology=listing, removed_at=removed_at)
    return listing


def right(case: Case, listing: Any) -> Any:
    match case.side:
        case "author":
            return listing.author
        case "tto":
            return person(role="tto_officer", organisation=listing.organisation)
        case "operator":
            return person(role="operator", exchange=listing.exchange)
    return open_review(listing).reviewer


def wrong_organisation(case: Case, listing: Any) -> Any:
    roles = {"author": "researcher" if case.kind == "technology" else "representative", "tto": "tto_officer"}
    return person(role=roles.get(case.side, "operator"))


def without_role(case: Case, listing: Any) -> Any:
    """For an act of the organisation a mere member; for an act of the exchange the organisation's own officer."""
    if case.side in {"operator", "reviewer"}:
        return person(
            role="tto_officer" if case.kind == "technology" else "representative", organisation=listing.organisation
        )
    return person(role="signatory", organisation=listing.organisation)


def operator_with_a_stake(case: Case, listing: Any) -> Any:
    from tests.factories.accounts import seat

    user = person(role="operator", exchange=listing.exchange)
    seat(user, "broker", organisation=listing.organisation)
    return user


def snapshot() -> Any:
    tables = (Technology, Demand, Review, Document, IPRight, Event, Notification)
    return [list(table.objects.order_by("pk").values()) for table in tables], len(mail.outbox)


def payload(case: Case, listing: Any) -> dict[str, Any]:
    data = dict(case.data)
    if "file" in data:
        data["file"] = SimpleUploadedFile("bao-cao.pdf", data["file"] + b"%" + uuid.uuid4().hex.encode())
    if case.name == "create":
        data["organisation"] = listing.organisation_id
    return data


def ask_page(client, case: Case, listing: Any, user: Any) -> Any:
    if user is not None:
        client.force_login(user)
    data = payload(case, listing)
    if case.name == "create":
        data["draft_key"] = uuid.uuid4()
    return client.post(case.page(listing), {name: value for name, value in data.items() if value is not False})


def ask_api(case: Case, listing: Any, user: Any) -> Any:
    client = APIClient()
    if user is not None:
        client.force_authenticate(type(user).objects.get(pk=user.pk))
    method, address = case.api(listing)
    data = payload(case, listing)
    if case.name == "save" and case.kind == "demand":
        data.pop("solution")
    return getattr(client, method)(address, data, format="multipart" if "file" in data else "json")


PAGES = [pytest.param(case, id=str(case)) for case in CASES]
APIS = [pytest.param(case, id=str(case)) for case in CASES if case.api]
REFUSED = [None, person, wrong_organisation, without_role]


def refused(case: Case, listing: Any, who: Any) -> Any:
    return None if who is None else who() if who is person else who(case, listing)


def name_of(who: Any) -> str:
    return who.__name__ if who else "anonymous"


@pytest.mark.parametrize("who", REFUSED, ids=name_of)
@pytest.mark.parametrize("case", PAGES)
def test_page_refuses_and_nothing_changes(case, who, client, django_capture_on_commit_callbacks):
    listing = make(case)
    user = refused(case, listing, who)
    before = snapshot()
    with django_capture_on_commit_callbacks(execute=True) as sent:
        response = ask_page(client, case, listing, user)
    if user is None:
        assert response.status_code == 302
        assert "/account/login/" in response.url
    elif case.name == "create" and who is wrong_organisation:
        assert "organisation" in response.context["form"].errors
    else:
        assert response.status_code in {403, 404}
    assert snapshot() == before
    assert sent == []


@pytest.mark.parametrize("who", REFUSED, ids=name_of)
@pytest.mark.parametrize("case", APIS)
def test_api_refuses_and_nothing_changes(case, who, django_capture_on_commit_callbacks):
    listing = make(case)
    user = refused(case, listing, who)
    before = snapshot()
    with django_capture_on_commit_callbacks(execute=True) as sent:
        response = ask_api(case, listing, user)
    assert response.status_code == 401 if user is None else response.status_code in {403, 404}
    assert snapshot() == before
    assert sent == []


@pytest.mark.parametrize("case", PAGES)
def test_page_lets_the_right_one(case, client):
    listing = make(case)
    user = right(case, listing)
    before = snapshot()
    response = ask_page(client, case, listing, user)
    assert response.status_code == 302, response.content.decode()[:3000]
    assert snapshot() != before


@pytest.mark.parametrize("case", APIS)
def test_api_lets_the_right_one(case):
    listing = make(case)
    user = right(case, listing)
    before = snapshot()
    response = ask_api(case, listing, user)
    assert response.status_code in {200, 201, 204}, response.data
    assert snapshot() != before


@pytest.mark.parametrize("case", [param for param in APIS if param.values[0].side in {"operator", "reviewer"}])
def test_operator_with_a_stake_is_refused(case, client):
    listing = make(case)
    user = operator_with_a_stake(case, listing)
    before = snapshot()
    assert ask_api(case, listing, user).status_code == 403
    assert ask_page(client, case, listing, user).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("case", [param for param in APIS if param.values[0].side == "reviewer"])
def test_operator_who_did_not_claim_is_refused(case, client):
    listing = make(case)
    user = person(role="operator", exchange=listing.exchange)
    before = snapshot()
    assert ask_api(case, listing, user).status_code == 403
    assert ask_page(client, case, listing, user).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("kind", ["technology", "demand"])
def test_every_act_is_in_the_table(kind):
    assert set(acts_of(kind)) <= {case.name for case in CASES if case.kind == kind}
