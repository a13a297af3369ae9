"""Sample technologies and demands, each taken to its stage by the people who would."""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import typst
from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import Role, User
from listings import services
from listings.models import Demand, Field, Technology
from marketplace.samples import source
from marketplace.samples.clock import clock_at, days_ago
from marketplace.samples.people import People

SOURCE = "samples"
NOTE = {"vi": "Đã đối chiếu với đăng bạ và hồ sơ.", "en": "Checked against the register and the file."}
DEFAULT_REASON = {
    "changes_requested": "Vui lòng bổ sung số liệu đo và bằng chứng cho mức sẵn sàng công nghệ.",
    "rejected": "Nội dung không thuộc phạm vi của sàn giao dịch công nghệ.",
}


def load_listings(people: People, *, tell: Callable[[str], None]) -> dict[str, Technology | Demand]:
    """Bring in what is not there yet; give every sample by its id. `tell` reports progress."""
    known: dict[str, Technology | Demand] = {}
    for model in (Technology, Demand):
        for listing in model.objects.filter(source_name=SOURCE).order_by("pk"):
            known[listing.source_id] = listing
    todo = [(row, _technology) for row in source.technologies()] + [(row, _demand) for row in source.demands()]
    for number, (row, make) in enumerate(todo, 1):
        if row["id"] in known:
            continue
        with transaction.atomic(), clock_at(days_ago(350 + len(todo) - number)):
            known[row["id"]] = make(row, people)
        if number % 20 == 0:
            tell(f"{number} of {len(todo)} sample listings")
    return known


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _technology(row: dict[str, Any], people: People) -> Technology:
    author = people.users[row["author"]]
    organisation = people.organisations[row["organisation"]]
    technology = services.create_technology(
        organisation=organisation,
        actor=author,
        title=row["title"],
        language=row["language"],
        exchange=people.exchanges[row["exchange"]],
        province_id=row["province"],
    )
    low, mode, high = (
        (Decimal(str(v)) * 10**9).quantize(Decimal(1)) for v in row["valuation"]["annual_revenue_bn_vnd"]
    )
    values = {name: row[name] for name in (
        "summary", "problem", "solution", "applications", "keywords", "ipc", "trl", "trl_evidence", "object_types",
        "transfer_methods", "rights_offered",
    )}  # fmt: skip
    values |= {
        "territory": {"VN": "Việt Nam", "world": "Toàn cầu" if row["language"] == "vi" else "World"}[row["territory"]],
        "price_min": _money(row["price_min"]),
        "price_max": _money(row["price_max"]),
        "royalty_wish_pct": _money(row["royalty_wish_pct"]),
        "state_funding_pct": _money(row["state_funding_pct"]),
        "revenue_low": low,
        "revenue_mode": mode,
        "revenue_high": high,
        "royalty_industry": row["valuation"]["royalty_industry"],
    }
    technology = services.save_technology(
        technology=technology,
        actor=author,
        version=technology.version,
        values=values,
        fields=_fields(row),
        advantages=row["advantages"],
        ip_rights=[_right(right, people) for right in row["ip_rights"]],
    )
    for document in row["documents"]:
        upload = ContentFile(_pdf(document["title"], document["body"]), name=f"{document['title'][:60]}.pdf")
        services.add_document(
            technology=technology, actor=author, title=document["title"], tier=document["tier"], upload=upload
        )
    _mark(technology, row)
    return _advance(technology, row, people, author)


def _right(row: dict[str, Any], people: People) -> dict[str, Any]:
    right = {
        name: row[name] for name in ("kind", "office", "title", "filing_date", "grant_date", "expiry_date", "status")
    }
    right["number"] = row["number"] or ""
    right["owners"] = [
        {
            "name": owner["name"],
            "share_pct": Decimal(owner["share"]),
            "organisation": people.organisations.get(owner["organisation"] or ""),
        }
        for owner in row["owners"]
    ]
    return right


def _demand(row: dict[str, Any], people: People) -> Demand:
    author = people.users[row["author"]]  # where the owner speaks himself, the representative posts for him
    if not author.has_org_role(people.organisations[row["organisation"]].pk, Role.REPRESENTATIVE):
        author = people.with_role(Role.REPRESENTATIVE, organisation=row["organisation"])
    demand = services.create_demand(
        organisation=people.organisations[row["organisation"]],
        actor=author,
        title=row["title"],
        language=row["language"],
        exchange=people.exchanges[row["exchange"]],
        province_id=row["place"],
    )
    values = {
        **row["elements"],
        "problem": row["problem"],
        "tried": row["tried"],
        "trl_min": row["trl_min"],
        "budget_min": _money(row["budget_min"]),
        "budget_max": _money(row["budget_max"]),
        "needed_by": datetime.date.fromisoformat(row["needed_by"]),
        "cooperation": row["cooperation"],
        "masked": row["masked"],
    }
    demand = services.save_demand(
        demand=demand, actor=author, version=demand.version, values=values, fields=_fields(row)
    )
    _mark(demand, row)
    return _advance(demand, row, people, author)


def _fields(row: dict[str, Any]) -> list[Field]:
    by_nr = Field.objects.in_bulk(row["fields"])
    return [by_nr[nr] for nr in row["fields"]]


def _mark(listing: Any, row: dict[str, Any]) -> None:
    listing.source_name, listing.source_id, listing.is_sample = SOURCE, row["id"], True
    listing.save(update_fields=["source_name", "source_id", "is_sample"])


def _advance(listing: Any, row: dict[str, Any], people: People, author: User) -> Any:
    """Take the listing as far as its stage says, each act by whoever may do it."""
    stage = row["stage"]
    if stage == "draft":
        return listing
    listing = services.submit_listing(listing=listing, actor=author, novelty_acknowledged=True)
    if stage == "awaiting_owner":
        return listing
    if listing.state == "awaiting_owner":
        officer = people.with_role("tto_officer", organisation=row["organisation"])
        listing = services.approve_by_owner(listing=listing, actor=officer)
    if stage == "submitted":
        return listing
    operator = people.operator_for(row["exchange"], row["organisation"])
    services.claim_review(listing=listing, actor=operator)
    if stage == "in_review":
        return type(listing).objects.get(pk=listing.pk)
    if stage in DEFAULT_REASON:
        decide = services.request_changes if stage == "changes_requested" else services.reject_listing
        return decide(listing=listing, actor=operator, reason=row.get("review_note") or DEFAULT_REASON[stage])
    legal_class = row.get("legal_class", "none")
    listing = services.publish_listing(
        listing=listing,
        actor=operator,
        legal_class=legal_class,
        legal_class_reason="Thuộc danh mục hạn chế chuyển giao." if legal_class == "restricted" else "",
        ip_checked=True,
        is_complete=True,
        no_secrets=True,
        note=NOTE[row["language"]],
    )
    if stage == "withdrawn":
        listing = services.withdraw_listing(listing=listing, actor=author)
    return listing


PAGE = """
#set page(paper: "a4", margin: 2.5cm)
#set text(size: 11pt, lang: "vi")
#let content = json(bytes(sys.inputs.content))
= #content.title
#v(1em)
#for paragraph in content.body.split("\\n\\n") [#paragraph #parbreak()]
"""


def _pdf(title: str, body: str) -> bytes:

    content = json.dumps({"title": title, "body": body}, ensure_ascii=False)
    return bytes(typst.compile(PAGE.encode(), sys_inputs={"content": content}))
