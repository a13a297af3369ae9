"""The main job by API alone: list, review, demand, search, match, price, deal, track; five people, five tokens."""

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.services import create_token
from audit.services import faults
from ledger.models import Entry
from marketplace.samples.clock import clock_at
from search import index
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, person
from tests.factories.deals import terms
from tests.factories.listings import PDF

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


class Person:
    """Someone with a token and nothing else."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.client = Client(headers={"authorization": f"Token {create_token(user=user)}", "accept-language": "en"})

    def get(self, path: str, **query: Any) -> Any:
        response = self.client.get(f"/api/v1/{path}", query)
        assert response.status_code == 200, response.content
        return response.json()

    def send(self, path: str, data: Any = None, *, status: int = 200, method: str = "post", **files: Any) -> Any:
        values = {**(data or {}), **files}
        kind: dict[str, Any] = {} if files else {"content_type": "application/json"}
        response = getattr(self.client, method)(f"/api/v1/{path}", values, **kind)
        assert response.status_code in {status, 201}, response.content
        return response.json()


@pytest.fixture
def people() -> dict[str, Person]:
    exchange = ExchangeFactory()
    university = OrganisationFactory(kind="university", exchange=exchange)
    company = OrganisationFactory(exchange=exchange)
    return {
        "researcher": Person(person("researcher", university)),
        "tto": Person(person("tto_officer", university)),
        "operator": Person(person("operator", exchange=exchange)),
        "buyer": Person(person("representative", company)),
        "signatory": Person(person("signatory", company)),
    }


TECHNOLOGY = {
    "language": "en",
    "title": "Iron oxide column that removes arsenic from tube-well water",
    "summary": "A small column holds back arsenic from tube-well water without electricity.",
    "problem": "Tube wells in the delta carry arsenic far above the limit, and farms have no treatment that is cheap.",
    "solution": "Porous iron oxide granules adsorb arsenic; the column is regenerated with mild caustic once a month.",
    "applications": "Farms, schools, ice makers and small waterworks.",
    "fields_of_technology": [24, 23],
    "ipc": ["C02F 1/28"],
    "trl": 7,
    "trl_evidence": "Twelve columns run since 2024 in three communes.",
    "object_types": ["KNOWHOW", "PLAN_PROCESS"],
    "transfer_methods": ["DOCUMENTS", "TRAINING"],
    "rights_offered": ["exclusive_licence", "nonexclusive_licence"],
    "price_min": "300000000",
    "price_max": "900000000",
    "revenue_low": "2000000000",
    "revenue_mode": "5000000000",
    "revenue_high": "9000000000",
    "royalty_industry": "Environmental",
    "advantages": [{"claim": "Cheaper", "metric": "cost", "ours": "900", "alternative_name": "Reverse osmosis",
                    "alternative": "5200", "unit": "VND/m³"}],
    "ip_rights": [{"kind": "patent", "number": "1-0099999", "office": "VN", "title": "Column", "status": "granted",
                   "filing_date": "2020-03-02", "grant_date": "2023-05-04", "expiry_date": "2040-03-02",
                   "owners": [{"name": "University", "share_pct": "70"}, {"name": "Institute", "share_pct": "30"}]}],
}  # fmt: skip
DEMAND = {
    "language": "vi",
    "title": "Cần xử lý asen trong nước giếng khoan cho xưởng nước đá",
    "problem": "Nước giếng khoan của xưởng nhiễm asen vượt ngưỡng, khách hàng trả lại đá.",
    "effect": "Asen dưới 0,01 mg/l, chi phí dưới 2.000 đồng một mét khối.",
    "fields_of_technology": [24],
    "trl_min": 6,
    "budget_max": "800000000",
    "cooperation": ["licence"],
}
CHECKED = {"legal_class": "none", "ip_checked": True, "is_complete": True, "no_secrets": True}


def publish(people: dict[str, Person], plural: str, pk: int) -> None:
    operator = people["operator"]
    assert pk in [row["id"] for row in operator.get("review-queue/")]
    operator.send(f"{plural}/{pk}/claim/")
    operator.send(f"{plural}/{pk}/publish/", CHECKED)


def test_the_eight_steps_by_api(people: dict[str, Person], real_worker: Any) -> None:
    researcher, tto, buyer, signatory = (people[name] for name in ("researcher", "tto", "buyer", "signatory"))

    # 1. List: a draft, saved in steps; the university's own approval comes first.
    university = researcher.get("me/")["seats"][0]["organisation"]
    made = researcher.send("technologies/", {"organisation": university, "language": "en", "title": "Iron oxide"})
    technology = made["id"]
    saved = researcher.send(f"technologies/{technology}/", {"version": made["version"], **TECHNOLOGY}, method="patch")
    stale = researcher.client.patch(
        f"/api/v1/technologies/{technology}/", {"version": made["version"], "title": "x"}, "application/json"
    )
    assert stale.status_code == 409
    researcher.send(f"technologies/{technology}/submit/", {"version": saved["version"]})
    seen = tto.get(f"technologies/{technology}/")["content_version"]
    tto.send(f"technologies/{technology}/approve-by-owner/", {"content_version": seen})

    # 2. Review: found only once it is published.
    assert Client().get(f"/api/v1/technologies/{technology}/").status_code == 404
    publish(people, "technologies", technology)
    assert Client().get(f"/api/v1/technologies/{technology}/").status_code == 200

    # 3. Demand.
    company = buyer.get("me/")["seats"][0]["organisation"]
    demand = buyer.send("demands/", {"organisation": company, **DEMAND})
    buyer.send(f"demands/{demand['id']}/submit/", {"version": demand["version"]})
    publish(people, "demands", demand["id"])

    # 4. Search, without diacritics, for an English text in Vietnamese and in English.
    index.catch_up()
    found = buyer.get("technologies/", q="arsenic tube well", trl_min=6)
    assert [row["id"] for row in found["results"]] == [technology]
    assert buyer.get("demands/", q="xu ly asen nuoc gieng khoan")["results"][0]["id"] == demand["id"]
    assert buyer.get("technologies/", q="arsenic", trl_min=9)["results"] == []

    # 5. Match, by a real worker; both sides see it, the buyer shortlists it.
    real_worker.wait_for(lambda: buyer.get("matches/", demand=demand["id"])["count"] == 1)
    match = buyer.get("matches/", demand=demand["id"])["results"][0]
    assert match["technology"] == technology
    assert match["reasons"]
    assert tto.get("matches/", technology=technology)["results"][0]["id"] == match["id"]
    buyer.send(f"matches/{match['id']}/shortlist/", {"side": "demand"})

    # 6. Price: a range with its grade, by the same worker.
    address = f"technologies/{technology}/price/"
    real_worker.wait_for(lambda: buyer.get(address)["state"] == "ready")
    price = buyer.get(address)["suggestion"]
    assert price["no_price"] == []
    assert int(price["low"]) < int(price["mid"]) < int(price["high"])
    assert price["grade"] in {"A", "B", "C", "D"}

    # 7. Deal: enquiry, confidentiality, offers, contract, signature.
    opened = buyer.send(
        "deals/",
        {"technology": technology, "organisation": company, "demand": demand["id"], "match": match["id"],
         "message": "We make ice."},
    )  # fmt: skip
    deal = f"deals/{opened['id']}/"
    tto.send(f"{deal}accept/")
    nda = buyer.get(f"{deal}nda/")
    for who in (signatory, tto):
        who.send(f"{deal}nda/accept/", {"text_hash": nda["text_hash"]})
    offered = {**terms(), "milestones": []}
    offered = {name: str(value) if name in {"lump_sum", "royalty_pct", "minimum_annual"} else value
               for name, value in offered.items()}  # fmt: skip
    buyer.send(f"{deal}offers/", {"terms": offered, "message": "First offer.", "last_round": 0})
    tto.send(f"{deal}offers/1/counter/", {"terms": {**offered, "lump_sum": "600000000"}, "message": "A little more."})
    buyer.send(f"{deal}offers/2/accept/")
    sides = ((tto, "Trường", "Trần Mẫu", "9987654321", "No. 5/2026"), (buyer, "Công ty", "Lê Mẫu", "9912345678", ""))
    for who, name, representative, tax_code, consent in sides:
        party = {"legal_name": name, "country": "VN", "address": "1 Phố Mẫu, Hà Nội", "representative": representative,
                 "position": "Giám đốc", "tax_code": tax_code, "co_owner_consent": consent}  # fmt: skip
        who.send(f"{deal}parties/", party, method="put")
    contract = tto.send(f"{deal}contract/generate/")
    for who in (signatory, tto):
        who.send(f"{deal}contract/accept/", {"sha256": contract["sha256"], "typed_name": who.user.full_name})
    copy = SimpleUploadedFile("signed.pdf", PDF, content_type="application/pdf")
    tto.send(f"{deal}signed-copy/", {"signed_on": str(timezone.localdate())}, file=copy)
    signatory.send(f"{deal}signed-copy/confirm/")
    assert buyer.get(deal)["state"] == "effective"

    # 8. Track: the first period is over, its royalty is filed, invoiced, paid and divided.
    tracking = buyer.get(f"{deal}tracking/")
    first = next(row for row in tracking["obligations"] if row["kind"] == "statement")
    after = datetime.date.fromisoformat(first["period_end"]) + datetime.timedelta(days=5)
    with clock_at(timezone.make_aware(datetime.datetime.combine(after, datetime.time(9)))):
        statement = buyer.send(
            f"{deal}statements/",
            {"period_start": first["period_start"], "period_end": first["period_end"], "units": "1000",
             "gross_sales": "2000000000", "deductions": [{"kind": "trade_discounts", "amount": "100000000"}]},
        )  # fmt: skip
        assert statement["amount"] == "66500000"  # 3.5 % of 1,900,000,000 VND
        tto.send(f"statements/{statement['id']}/accept/")
        invoice = next(row for row in tto.get(f"{deal}tracking/")["invoices"] if row["amount"] == "66500000")
        paid = {"amount": "66500000", "paid_on": str(after), "bank_reference": "FT0001"}
        tto.send(f"invoices/{invoice['id']}/payments/", paid)
        payouts = researcher.get("payouts/")["results"]
    assert [row["amount"] for row in payouts] == ["9975000"]  # 15 % of the payment, all to the only inventor
    assert sum(entry.amount for entry in Entry.objects.order_by("pk")) == 0
    board = people["operator"].get("deals/")
    assert [row["id"] for row in board["results"]] == [opened["id"]]
    assert list(faults()) == []
