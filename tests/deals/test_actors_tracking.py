"""Every state-changing address of tracking, by page and by API, and five who knock: only the right one gets in."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.utils import timezone

from deals.services.tracking_payouts import record_payout
from deals.tracking_urls import api_urlpatterns, urlpatterns
from tests.factories.tracking import Tracked, figures, months_ago, tracked

pytestmark = pytest.mark.django_db


def today() -> str:
    return timezone.localdate().isoformat()


def statement_page(room: Tracked, thing: Any) -> dict[str, Any]:
    return {"period": room.period(1).pk, "gross_sales": "1000000000", "units": "5", "act": "file"}


def statement_api(room: Tracked, thing: Any) -> dict[str, Any]:
    period = room.period(1)
    return {
        "period_start": str(period.period_start), "period_end": str(period.period_end), "gross_sales": "1000000000",
        "deductions": [{"kind": "returns", "amount": "5"}],
    }  # fmt: skip


def plan_page(room: Tracked, thing: Any) -> dict[str, Any]:
    return {
        "version": "1", "parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "1", "parts-0-name": "An", "parts-0-email": "",
        "parts-0-share_pct": "100",
    }  # fmt: skip


def plan_api(room: Tracked, thing: Any) -> dict[str, Any]:
    return {"version": 1, "shares": [{"name": "An", "share_pct": "100"}]}


def send(**values: Any) -> Callable[[Tracked, Any], dict[str, Any]]:
    return lambda room, thing: values


def correction(room: Tracked, thing: Any) -> dict[str, Any]:
    return {"gross_sales": "2000000000", "units": "7"}


def payment(room: Tracked, thing: Any) -> dict[str, Any]:
    return {"amount": "1000000", "paid_on": today(), "bank_reference": "FT1"}


def paid(room: Tracked, thing: Any) -> dict[str, Any]:
    return {"paid_on": today(), "bank_reference": "FT2"}


def deal(room: Tracked) -> Any:
    return room.deal


def statement(room: Tracked) -> Any:
    return room.file(1)


def accepted_invoice(room: Tracked) -> Any:
    return room.invoice(1)


def payout(room: Tracked) -> Any:
    return room.pay(room.invoice(1), 1_000_000).payouts.get()


def payment_made(room: Tracked) -> Any:
    return room.pay(room.invoice(1), 1_000_000)


def partly_paid(room: Tracked) -> Any:
    return payment_made(room).invoice


def paid_out(room: Tracked) -> Any:
    part = payout(room)
    return record_payout(payout=part, paid_on=timezone.localdate(), bank_reference="FT3", actor=room.tto)


def lump_sum(room: Tracked) -> Any:
    return room.obligations("lump_sum")[0]


def report(room: Tracked) -> Any:
    return room.obligations("report")[0]


@dataclass
class Act:
    """One address: what it is about, what is sent, who may. Those of the same side without the office may not."""

    name: str
    path: str
    about: Callable[[Tracked], Any]
    data: Callable[[Tracked, Any], dict[str, Any]]
    right: str
    method: str = "post"

    @property
    def without_role(self) -> str:
        return "buyer_researcher" if self.right == "buyer" else "licensor_broker"

    @property
    def other_side(self) -> str:
        return "tto" if self.right == "buyer" else "buyer"


NOTHING = send()
PAGES = [
    Act("statement_file", "/deals/{}/tracking/file/", deal, statement_page, "buyer"),
    Act("statement_correct", "/statements/{}/correct/", statement, correction, "buyer"),
    Act("statement_accept", "/statements/{}/accept/", statement, NOTHING, "tto"),
    Act("statement_question", "/statements/{}/question/", statement, send(reason="Why?"), "tto"),
    Act("share_plan", "/deals/{}/tracking/shares/", deal, plan_page, "tto"),
    Act("obligation_invoice", "/obligations/{}/invoice/", lump_sum, NOTHING, "tto"),
    Act("obligation_waive", "/obligations/{}/waive/", lump_sum, send(reason="Gift"), "tto"),
    Act("obligation_report", "/obligations/{}/report/", report, send(body="All went well."), "buyer"),
    Act("invoice_payment", "/invoices/{}/payment/", accepted_invoice, payment, "tto"),
    Act("invoice_cancel", "/invoices/{}/cancel/", accepted_invoice, send(reason="Wrong"), "tto"),
    Act("invoice_forgive", "/invoices/{}/forgive/", partly_paid, send(reason="Gift"), "tto"),
    Act("payment_reverse", "/payments/{}/reverse/", payment_made, send(reason="Wrong"), "tto"),
    Act("payout_paid", "/payouts/{}/paid/", payout, paid, "tto"),
    Act("payout_take_back", "/payouts/{}/take-back/", paid_out, send(reason="Wrong"), "tto"),
]
API = [
    Act("deal_statements", "/api/v1/deals/{}/statements/", deal, statement_api, "buyer"),
    Act("statement_correct", "/api/v1/statements/{}/correct/", statement, correction, "buyer"),
    Act("statement_accept", "/api/v1/statements/{}/accept/", statement, NOTHING, "tto"),
    Act("statement_question", "/api/v1/statements/{}/question/", statement, send(question="Why?"), "tto"),
    Act("share_plan", "/api/v1/deals/{}/shares/", deal, plan_api, "tto", method="put"),
    Act("obligation_invoice", "/api/v1/obligations/{}/invoice/", lump_sum, NOTHING, "tto"),
    Act("obligation_waive", "/api/v1/obligations/{}/waive/", lump_sum, send(reason="Gift"), "tto"),
    Act("obligation_report", "/api/v1/obligations/{}/report/", report, send(body="All went well."), "buyer"),
    Act("invoice_payment", "/api/v1/invoices/{}/payments/", accepted_invoice, payment, "tto"),
    Act("invoice_cancel", "/api/v1/invoices/{}/cancel/", accepted_invoice, send(reason="Wrong"), "tto"),
    Act("invoice_forgive", "/api/v1/invoices/{}/forgive/", partly_paid, send(reason="Gift"), "tto"),
    Act("payment_reverse", "/api/v1/payments/{}/reverse/", payment_made, send(reason="Wrong"), "tto"),
    Act("payout_paid", "/api/v1/payouts/{}/paid/", payout, paid, "tto"),
    Act("payout_take_back", "/api/v1/payouts/{}/take-back/", paid_out, send(reason="Wrong"), "tto"),
]
READING = {
    "tracking", "statement", "obligation_list", "my_payouts", "statement_preview",
}  # fmt: skip
CASES = [pytest.param(act, id=f"page-{act.name}") for act in PAGES]
CASES += [pytest.param(act, id=f"api-{act.name}") for act in API]


def world() -> dict[str, Any]:
    """Give everything that is stored in the rooms that an act could touch, and what was sent."""
    models = [m for label in ("deals", "ledger", "audit", "accounts") for m in apps.get_app_config(label).get_models()]
    rows = {m._meta.label: list(m._base_manager.order_by("pk").values()) for m in models}
    return {**rows, "mail": len(mail.outbox)}


def knock(client: Any, act: Act, room: Tracked, thing: Any) -> int:
    path, data = act.path.format(thing.pk), act.data(room, thing)
    if path.startswith("/api/"):
        return getattr(client, act.method)(path, data, content_type="application/json").status_code
    return client.post(path, data).status_code


def make(act: Act) -> tuple[Tracked, Any]:
    room = tracked(effective_on=months_ago(13), lump_sum=Decimal(500_000_000))
    return room, act.about(room)


def test_every_address_that_changes_something_is_listed_here():
    assert {act.name for act in PAGES} | READING >= {entry.name for entry in urlpatterns}
    assert {act.name for act in API} | READING >= {entry.name for entry in api_urlpatterns}


@pytest.mark.parametrize("act", CASES)
@pytest.mark.parametrize(
    ("who", "page", "api"),
    [
        ("nobody", 302, 401), ("stranger", 404, 404), ("rival", 404, 404), ("other_operator", 404, 404),
        ("without_role", 403, 403), ("other_side", 403, 403), ("operator", 403, 403),
    ],
)  # fmt: skip
def test_a_refused_act_changes_and_sends_nothing(client, act, who, page, api, django_capture_on_commit_callbacks):
    room, thing = make(act)
    name = {"without_role": act.without_role, "other_side": act.other_side}.get(who, who)
    if name != "nobody":
        actor = room.person(name)
        client.force_login(actor)
        assert actor.refresh_from_db() is None
    act.data(room, thing)
    before = world()

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        status = knock(client, act, room, thing)

    if name == "buyer" and act.name in {"payout_paid", "payout_take_back"}:
        page = api = 404  # how the supplier divides its money does not exist for the buyer
    if name == "licensor_broker" and act.name in {"payout_paid", "payout_take_back"}:
        page = api = 403
    assert status == (api if act.path.startswith("/api/") else page)
    assert world() == before
    assert callbacks == []


@pytest.mark.parametrize("act", CASES)
def test_the_right_person_gets_in(client, act):
    room, thing = make(act)
    client.force_login(room.person(act.right))
    before = world()

    status = knock(client, act, room, thing)

    assert status in ({200, 201} if act.path.startswith("/api/") else {302})
    after = world()
    assert len(after["audit.Event"]) > len(before["audit.Event"])


@pytest.mark.parametrize("act", [case for case in CASES if case.id.startswith("page-")])
def test_a_get_writes_nothing(client, act):
    room, thing = make(act)
    client.force_login(room.person(act.right))
    before = world()

    status = client.get(act.path.format(thing.pk)).status_code

    assert status == (405 if act.name in {"statement_accept", "obligation_invoice"} else 200)
    assert world() == before


def test_someone_on_both_sides_acts_for_neither(client):
    from tests.factories.accounts import seat

    room = tracked()
    both = room.tto
    seat(both, "representative", organisation=room.deal.licensee)
    filed = room.file(1)
    client.force_login(both)

    assert client.post(f"/statements/{filed.pk}/accept/").status_code == 403
    assert client.post(f"/statements/{filed.pk}/correct/", correction(room, filed)).status_code == 403
    assert figures().gross_sales == 1_000_000_000
