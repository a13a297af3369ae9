"""The sample records keep the promises of data/samples/README.md. No database is used."""

import csv
import json
import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "data" / "samples"
DAY = date(2026, 11, 21)
NEAR_EXPIRY = date(2028, 5, 21)
TERM_YEARS = {"patent": 20, "utility_solution": 10}

OBJECTS = {"KNOWHOW", "PLAN_PROCESS", "SOFTWARE", "DATA", "MODEL", "ALGORITHM", "RATIONALIZATION", "MACHINERY_WITH"}
METHODS = {"DOCUMENTS", "TRAINING", "EXPERT_ADVICE", "MACHINERY_WITH", "OTHER_AGREED"}
RIGHTS = {"assignment", "exclusive_licence", "nonexclusive_licence", "trial"}
STAGES = {
    "draft",
    "awaiting_owner",
    "submitted",
    "in_review",
    "changes_requested",
    "rejected",
    "published",
    "withdrawn",
}
DEAL_STAGES = {
    "enquiry",
    "nda_accepted",
    "offer_made",
    "countered",
    "agreed_terms",
    "contract_accepted",
    "signed",
    "effective",
    "royalty_reported",
}


def load(name: str):
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


PLACES = load("organisations.json")
ORGANISATIONS = {row["code"]: row for row in PLACES["organisations"]}
EXCHANGES = {row["code"]: row for row in PLACES["exchanges"]}
PEOPLE = {row["email"]: row for row in load("people.json")}
TECHNOLOGIES = load("technologies-vi.json") + load("technologies-en.json")
DEMANDS = load("demands-vi.json") + load("demands-en.json")
JUDGEMENTS = load("judgements.json")
DEALS = load("deals.json")
BY_ID = {row["id"]: row for row in [*TECHNOLOGIES, *DEMANDS, *DEALS]}

with (ROOT / "data" / "provinces.csv").open(encoding="utf-8") as file:
    PROVINCES = {row["code"] for row in csv.DictReader(file)}

#: WIPO fields by IPC prefix without spaces, a subclass ("C02F") or a main group ("G01N33").
FIELDS_OF: dict[str, set[int]] = defaultdict(set)
with (ROOT / "data" / "field_ipc.csv").open(encoding="utf-8") as file:
    for row in csv.DictReader(file):
        FIELDS_OF["".join(row["ipc_prefix"].rstrip("%").split())].add(int(row["nr"]))

each_technology = pytest.mark.parametrize("record", TECHNOLOGIES, ids=lambda row: row["id"])
each_demand = pytest.mark.parametrize("record", DEMANDS, ids=lambda row: row["id"])
each_deal = pytest.mark.parametrize("record", DEALS, ids=lambda row: row["id"])


def roles_of(email: str, organisation: str) -> set[str]:
    return {seat["role"] for seat in PEOPLE[email]["memberships"] if seat.get("organisation") == organisation}


def best_grades() -> dict[str, int]:
    best: dict[str, int] = defaultdict(lambda: -1)
    for row in JUDGEMENTS:
        best[row["demand"]] = max(best[row["demand"]], row["grade"])
    return best


def test_every_record_is_marked_as_a_sample():
    rows = [*ORGANISATIONS.values(), *EXCHANGES.values(), *PEOPLE.values(), *BY_ID.values()]
    assert [row for row in rows if row["sample"] is not True] == []


def test_organisations_cover_each_kind():
    kinds = Counter(row["kind"] for row in ORGANISATIONS.values())
    assert kinds == {"university": 5, "institute": 3, "company": 16, "intermediary": 1, "valuation_firm": 1}
    assert len(EXCHANGES) == 2
    assert {row["province"] for row in [*ORGANISATIONS.values(), *EXCHANGES.values()]} <= PROVINCES


def test_tax_codes_are_invented_and_well_formed():
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    codes = [row["tax_code"] for row in ORGANISATIONS.values()]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert re.fullmatch(r"99\d{8}", code)
        assert int(code[9]) == 10 - sum(int(digit) * weight for digit, weight in zip(code, weights, strict=False)) % 11


def test_people_hold_each_role():
    seats = [seat for person in PEOPLE.values() for seat in person["memberships"]]
    roles = Counter(seat["role"] for seat in seats)
    operators = Counter(seat.get("exchange") for seat in seats if seat["role"] == "operator")
    assert all(email.endswith("@nhipcau.example") for email in PEOPLE)
    assert len(PEOPLE) == len(load("people.json"))
    assert {seat["organisation"] for seat in seats if "organisation" in seat} <= set(ORGANISATIONS)
    assert operators == {"HN": 2, "CT": 2}
    assert roles["researcher"] >= 6
    assert roles["tto_officer"] >= 4
    assert roles["representative"] >= 8
    assert roles["signatory"] >= 8
    assert roles["appraiser"] == roles["broker"] == 1
    assert any(not person["memberships"] for person in PEOPLE.values())


def test_ids_are_unique():
    assert len(BY_ID) == len(TECHNOLOGIES) + len(DEMANDS) + len(DEALS)


def test_half_of_the_records_are_vietnamese():
    for rows, least in ((TECHNOLOGIES, 32), (DEMANDS, 16)):
        languages = Counter(row["language"] for row in rows)
        assert set(languages) == {"vi", "en"}
        assert min(languages.values()) >= least
        assert 0.45 <= languages["vi"] / len(rows) <= 0.55


def test_all_wipo_fields_are_covered():
    assert {field for row in TECHNOLOGIES for field in row["fields"]} == set(range(1, 36))


def test_every_stage_is_met():
    stages = Counter(row["stage"] for row in TECHNOLOGIES)
    assert set(stages) == STAGES
    assert min(stages.values()) >= 2
    assert stages["published"] >= 60
    assert {row["stage"] for row in DEMANDS} <= STAGES
    assert {row["stage"] for row in DEALS} == DEAL_STAGES


def test_rights_near_expiry_lapsed_pending_and_joint_exist():
    rights = [right for row in TECHNOLOGIES for right in row["ip_rights"]]
    near = [
        right
        for right in rights
        if right["status"] == "granted" and right["expiry_date"] and DAY <= day(right["expiry_date"]) <= NEAR_EXPIRY
    ]
    statuses = Counter(right["status"] for right in rights)
    numbers = [right["number"] for right in rights]
    assert len(near) >= 5
    assert statuses["lapsed"] >= 3
    assert statuses["pending"] >= 10
    assert sum(len(right["owners"]) > 1 for right in rights) >= 10
    assert len(set(numbers)) == len(numbers)


def test_only_verified_organisations_have_listings():
    listed = {row["organisation"] for row in [*TECHNOLOGIES, *DEMANDS]}
    assert {ORGANISATIONS[code]["verification"] for code in listed} == {"verified"}
    assert {row["verification"] for row in ORGANISATIONS.values()} == {"verified", "pending", "unverified"}
    assert {row["exchange"] for row in ORGANISATIONS.values()} == set(EXCHANGES)


@each_technology
def test_technology_names_known_things(record):
    assert record["organisation"] in ORGANISATIONS
    assert record["exchange"] in EXCHANGES
    assert record["province"] in PROVINCES
    assert roles_of(record["author"], record["organisation"]) & {"researcher", "representative"}
    assert set(record["object_types"]) <= OBJECTS
    assert set(record["transfer_methods"]) <= METHODS
    assert set(record["rights_offered"]) <= RIGHTS
    assert record["territory"] in {"VN", "world"}
    assert record["legal_class"] in {"none", "encouraged", "restricted", "banned"}
    assert record["legal_class"] != "banned" or record["stage"] == "rejected"


@each_technology
def test_technology_texts_are_complete(record):
    texts = [record[key] for key in ("title", "summary", "problem", "solution", "applications", "trl_evidence")]
    texts += [text for row in record["advantages"] for text in row.values()]
    assert all(text.strip() for text in texts)
    assert 150 <= len(" ".join(texts).split()) <= 400
    assert len(record["summary"]) <= 300
    assert 2 <= len(record["advantages"]) <= 4
    assert all(
        Decimal(row["ours"]).is_finite() and Decimal(row["alternative"]).is_finite() for row in record["advantages"]
    )
    assert 1 <= record["trl"] <= 9
    assert record["review_note"] or record["stage"] not in {"changes_requested", "rejected", "withdrawn"}
    assert {row["tier"] for row in record["documents"]} <= {"public", "registered", "nda"}
    assert len(record["documents"]) <= 2


@each_technology
def test_technology_symbols_belong_to_its_fields(record):
    for symbol in record["ipc"]:
        assert re.fullmatch(r"[A-H]\d\d[A-Z] \d{1,4}/\d{2,6}", symbol)
        subclass, group = symbol.split("/")[0].split()
        fields = FIELDS_OF[subclass] | FIELDS_OF[subclass + group]
        assert fields & set(record["fields"]), symbol


@each_technology
def test_technology_money_is_coherent(record):
    low, high = record["price_min"], record["price_max"]
    assert (low is None) == (high is None)
    assert low is None or 0 < low <= high
    assert 0 <= record["state_funding_pct"] <= 100
    assert record["royalty_wish_pct"] is None or 0 < record["royalty_wish_pct"] <= 15
    low, mode, high = record["valuation"]["annual_revenue_bn_vnd"]
    assert 0 < low < mode < high


@each_technology
def test_technology_rights_are_coherent(record):
    for right in record["ip_rights"]:
        filed, granted, expires = (day(right[key]) for key in ("filing_date", "grant_date", "expiry_date"))
        assert sum(Decimal(owner["share"]) for owner in right["owners"]) == 100
        assert {owner["organisation"] for owner in right["owners"]} - {None} <= set(ORGANISATIONS)
        if right["kind"] == "trade_secret":
            assert (filed, granted, expires) == (None, None, None)
            continue
        assert filed <= DAY
        if right["status"] == "pending":
            assert (granted, expires) == (None, None)
            continue
        assert filed < granted <= DAY
        if right["kind"] in TERM_YEARS:
            assert expires == filed.replace(year=filed.year + TERM_YEARS[right["kind"]])
        assert right["status"] != "granted" or expires is None or expires > DAY


@each_demand
def test_demand_is_complete(record):
    assert record["exchange"] in EXCHANGES
    assert record["place"] in PROVINCES
    assert roles_of(record["author"], record["organisation"])
    assert all(record[key].strip() for key in ("title", "problem", "tried"))
    assert set(record["elements"]) == {"material", "method", "effect", "product", "application"}
    assert all(record["elements"].values())
    assert set(record["fields"]) <= set(range(1, 36))
    assert 0 < record["budget_min"] <= record["budget_max"]
    assert day(record["needed_by"]).year == 2027
    assert 1 <= record["trl_min"] <= 9
    assert set(record["cooperation"]) <= {"buy", "licence", "joint_development", "service", "trial"}
    assert record["review_note"] or record["stage"] not in {"changes_requested", "rejected", "withdrawn"}


@each_demand
def test_demand_is_judged_in_both_languages(record):
    judged = [row for row in JUDGEMENTS if row["demand"] == record["id"]]
    technologies = [row["technology"] for row in judged]
    assert len(judged) >= 5
    assert len(set(technologies)) == len(technologies)
    assert {BY_ID[key]["language"] for key in technologies} == {"vi", "en"}
    assert {BY_ID[key]["stage"] for key in technologies} == {"published"}
    assert {row["grade"] for row in judged} <= {0, 1, 2, 3}
    assert all(row["why"].strip() for row in judged)


def test_judgements_name_known_demands():
    assert {row["demand"] for row in JUDGEMENTS} == {row["id"] for row in DEMANDS}


def test_most_demands_have_an_exact_answer_and_a_few_have_none():
    best = Counter(best_grades().values())
    assert best == {3: 33, 2: 5, 1: 4}


def test_most_exact_answers_cross_the_languages():
    exact = [row for row in JUDGEMENTS if row["grade"] == 3]
    crossing = [row for row in exact if BY_ID[row["demand"]]["language"] != BY_ID[row["technology"]]["language"]]
    assert len(crossing) / len(exact) > 0.9


@each_deal
def test_deal_is_coherent(record):
    technology = BY_ID[record["technology"]]
    owners = {owner["organisation"] for right in technology["ip_rights"] for owner in right["owners"]}
    assert technology["stage"] == "published"
    assert ORGANISATIONS[record["licensee"]]["kind"] == "company"
    assert record["licensee"] not in owners | {technology["organisation"]}
    assert record["demand"] is None or BY_ID[record["demand"]]["organisation"] == record["licensee"]
    assert record["message"].strip()
    assert (record["terms"] is None) == (record["stage"] in {"enquiry", "nda_accepted"})
    assert (record["statement"] is not None) == (record["stage"] == "royalty_reported")
    if record["terms"]:
        assert record["terms"] == record["rounds"][-1]["terms"]


@each_deal
def test_deal_terms_are_within_bounds(record):
    for terms in [row["terms"] for row in record["rounds"]]:
        assert terms["royalty_base"] in {"net_selling_price", "net_revenue", "pretax_profit"}
        assert terms["exclusivity"] in {"exclusive", "sole", "non_exclusive"}
        assert 0 < terms["royalty_pct"] < 10
        assert 1 <= terms["term_years"] <= 20
        assert sum(row["amount"] for row in terms["milestones"]) <= terms["lump_sum"]
    if record["statement"]:
        lines = record["statement"]["deduction_lines"]
        assert sum(row["amount"] for row in lines) == record["statement"]["deductions"]


def test_closed_deals_name_known_records_and_can_be_grouped() -> None:
    rows = json.loads((SAMPLES / "closed_deals.json").read_text())
    listed = {
        row["id"]: row
        for name in ("vi", "en")
        for row in json.loads((SAMPLES / f"technologies-{name}.json").read_text())
    }
    organisations = {row["code"] for row in json.loads((SAMPLES / "organisations.json").read_text())["organisations"]}
    assert {row["technology"] for row in rows} <= {key for key, row in listed.items() if row["stage"] == "published"}
    assert {row["licensor"] for row in rows} | {row["licensee"] for row in rows} <= organisations
    assert all(row["licensor"] != row["licensee"] and row["times_middle"] > 0 for row in rows)
    assert all(0 < row["days_ago"] <= 310 for row in rows)  # the dated defaults begin on 1 January 2026
    cells = Counter((listed[row["technology"]]["fields"][0], row["exclusivity"]) for row in rows)
    assert [count for _cell, count in cells.most_common(3)] == [9, 8, 7]
