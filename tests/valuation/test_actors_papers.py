"""Each act of reports, runs and appraisals by page and by API: outsiders, the right place without the role, the right one.

A refusal changes nothing and sends nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, Role
from audit.models import Event
from listings.models import DisclosureGrant
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.appraisals import Commission, certificate_values, commission, firm_of, pdf_upload
from tests.factories.deals import deal_room
from tests.factories.listings import TechnologyFactory
from valuation.lifecycle import AppraisalState as A
from valuation.services import appraisals as services
from valuation.services import runs

pytestmark = pytest.mark.django_db
Body = Callable[[Commission], dict[str, Any]]


def nothing(_made: Commission) -> dict[str, Any]:
    return {}


def reason(prefix: str) -> Body:
    return lambda _made: {f"{prefix}reason": "Không còn nhu cầu."}


def asked(_made: Commission) -> dict[str, Any]:
    return {"brief": "Quyền sử dụng 5 năm.", "purpose": "state"}


def another_firm(made: Commission) -> dict[str, Any]:
    return {**asked(made), "firm": firm_of(made.technology).pk}


def proposed(_state: str) -> Commission:
    """A commission of a buyer that waits for the owner."""
    made = commission(A.REQUESTED)
    services.cancel_appraisal(appraisal=made.appraisal, actor=made.people["officer"], reason="x")
    buyer = OrganisationFactory()
    made.people["buyer"] = person(Role.REPRESENTATIVE, buyer)
    made.appraisal = services.commission_appraisal(
        technology=made.technology, firm=made.firm, client=buyer, actor=made.people["buyer"], brief="x", deal_id=1
    )
    return made


def with_run(state: str) -> Commission:
    """A report under way that the officer asked for."""
    made = commission(state)
    made.appraisal.run = runs.request_report(technology=made.technology, actor=made.people["officer"])
    return made


@dataclass(frozen=True)
class Act:
    """An act: stage, who may, who is refused with which answer, page and API with what they are sent."""

    name: str
    state: str
    right: str
    refused: dict[str, int]
    page: str
    api: str
    body: Body = nothing
    page_body: Body | None = None
    make: Callable[[str], Commission] = commission
    about: str = "appraisal"


OUTSIDE = {"stranger": 404, "rival": 404}
ACTS = [
    Act("commission", A.ACCEPTED, "officer", {"stranger": 403, "rival": 403, "colleague": 403, "operator": 403},
        "commission", "appraisal_commission", another_firm, about="technology"),
    Act("accept", A.REQUESTED, "appraiser", {**OUTSIDE, "clerk": 404, "officer": 403, "operator": 403, "colleague": 404},
        "appraisal_accept", "appraisal_accept", lambda m: {"is_independent": True}, lambda m: {"accept-is_independent": "on"}),
    Act("decline", A.REQUESTED, "appraiser", {**OUTSIDE, "clerk": 404, "officer": 403, "operator": 403},
        "appraisal_decline", "appraisal_decline", reason(""), reason("decline-")),
    Act("cancel", A.ACCEPTED, "officer", {**OUTSIDE, "colleague": 404, "appraiser": 403, "operator": 403},
        "appraisal_cancel", "appraisal_cancel", reason(""), reason("cancel-")),
    Act("consent", A.PROPOSED, "officer", {**OUTSIDE, "buyer": 403, "appraiser": 403, "operator": 403},
        "appraisal_consent", "appraisal_consent", make=proposed),
    Act("certify", A.ACCEPTED, "appraiser", {**OUTSIDE, "clerk": 404, "officer": 403, "operator": 403},
        "appraisal_certify", "appraisal_certificate", lambda m: {
            **certificate_values(), "purpose": m.appraisal.purpose, "file": pdf_upload()
        }),
    Act("show", A.CERTIFIED, "officer", {**OUTSIDE, "colleague": 404, "appraiser": 403, "operator": 403},
        "appraisal_show", "appraisal_show", lambda m: {"shown": True}, lambda m: {"shown": "1"}),
    Act("draw_up", A.REQUESTED, "colleague", {"stranger": 403, "rival": 403, "operator": 403, "appraiser": 403},
        "draw_up", "technology_reports", about="technology"),
    Act("cancel_run", A.REQUESTED, "officer", {"stranger": 404, "rival": 404, "colleague": 403, "operator": 403},
        "cancel_run", "valuation_run_cancel", make=with_run, about="run"),
]  # fmt: skip


def everything() -> dict[str, Any]:
    """Give what an act could change: all rows of the room, disclosure, audit and notifications."""
    state: dict[str, Any] = {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in apps.get_app_config("valuation").get_models()
        if model.__name__ not in {"RoyaltyRate"}
    }
    for model in (Event, Notification, DisclosureGrant):
        state[model.__name__] = model._base_manager.count()
    return state


def send(made: Commission, act: Act, user: Any, channel: str, body: dict[str, Any]) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    target = {"appraisal": made.appraisal.pk, "technology": made.technology.pk}.get(act.about)
    if act.about == "run":
        target = made.appraisal.run.pk
    if channel == "page":
        return client.post(reverse(f"valuation:{act.page}", args=[target]), body).status_code
    address = reverse(f"api:{act.api}", args=[target])
    if "file" in body:
        return client.post(address, body).status_code
    return client.post(address, json.dumps(body, cls=DjangoJSONEncoder), content_type="application/json").status_code


@pytest.mark.parametrize("channel", ["page", "api"])
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_act_is_done_by_the_right_person_only(
    act: Act, channel: str, django_capture_on_commit_callbacks: Any
) -> None:  # fmt: skip
    made = act.make(act.state)

    def body() -> dict[str, Any]:
        return (act.page_body or act.body)(made) if channel == "page" else act.body(made)

    sent = body()
    before = everything()
    for who, code in {"": 302 if channel == "page" else 401, **act.refused}.items():
        if "file" in sent:
            sent["file"].seek(0)
        with django_capture_on_commit_callbacks() as scheduled:
            assert (who, send(made, act, made.people.get(who), channel, sent)) == (who, code)
        assert everything() == before
        assert scheduled == []
    if "file" in sent:
        sent["file"].seek(0)
    assert send(made, act, made.people[act.right], channel, sent) in ({302} if channel == "page" else {200, 201, 202})
    after = everything()
    assert after != before
    assert after["Event"] > before["Event"]


@pytest.mark.parametrize("channel", ["page", "api"])
def test_a_side_of_a_deal_commissions(channel: str) -> None:
    room = deal_room("negotiating", technology=TechnologyFactory(published=True))
    firm = firm_of(room.technology)
    body = {"firm": firm.pk, "brief": "Giá trị quyền sử dụng.", "purpose": "state"}

    def sent_by(who: str) -> int:
        client = Client()
        client.force_login(room.people[who])
        if channel == "page":
            return client.post(reverse("deals:appraisal", args=[room.running.pk]), body).status_code
        address = reverse("api:deal_appraisals", args=[room.running.pk])
        return client.post(address, json.dumps(body), content_type="application/json").status_code

    before = everything()
    for who, code in (("stranger", 404), ("rival", 404), ("buyer_researcher", 403), ("both", 403), ("operator", 403)):
        assert (who, sent_by(who)) == (who, code)
        assert everything() == before
    assert sent_by("buyer") == (302 if channel == "page" else 201)
    made = everything()["Appraisal"][0]
    assert (made["state"], made["client_id"], made["deal_id"]) == (A.PROPOSED, room.licensee.pk, room.running.pk)


def test_operators_have_all_ranges_computed_again(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    address = reverse("valuation:recompute", args=[technology.exchange.code])
    before = everything()
    for user, code in ((technology.author, 403), (person(Role.OPERATOR), 403)):
        client.force_login(user)
        assert client.post(address).status_code == code
        assert everything() == before
    client.logout()
    assert address not in client.get("/price-rule/").content.decode()
    client.force_login(person(Role.OPERATOR, exchange=technology.exchange))
    assert address in client.get("/price-rule/").content.decode()
    assert client.post(address).status_code == 302
    assert everything()["Run"][0]["kind"] == "exchange"
