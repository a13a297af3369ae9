"""What a report holds, as plain data: the same for every language, the thing that is hashed.

What only the owner reads (what he would settle for) stays out, so that he can hand the report on.
"""

import hashlib
import json
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from listings.models import Technology
from valuation.inputs import rebuild
from valuation.methods.suggest import suggest_range
from valuation.models import Certificate, Suggestion
from valuation.reporting.working import working

SCHEMA: Final = 1
#: Parts of a result that say what the owner would settle for.
OWNERS_OWN: Final = ("reserve_at_least", "opening_ask_at_most", "zone", "probability_below_floor")


def canonical(content: dict[str, Any]) -> str:
    """Give canonical JSON: sorted keys, no spaces, UTF-8 letters as they are, dates and decimals as text."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)


def hash_of(content: dict[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def content_of(
    suggestion: Suggestion, technology: Technology, *, stale: list[dict[str, Any]], certificates: list[Certificate]
) -> dict[str, Any]:
    """Gather all that the report of a suggestion says. `technology` comes with organisation, exchange and rights.

    `stale`: defaults that are out of date on this day ({"code", "source", "since"}). `certificates`: those that
    everyone may see.
    """
    parameters = suggestion.inputs["parameters"]
    content = {
        "schema": SCHEMA,
        "technology": _technology(technology),
        "suggestion": {
            "id": suggestion.pk,
            "created_at": suggestion.created_at,
            "content_version": suggestion.content_version,
            "low": suggestion.low, "mid": suggestion.mid, "high": suggestion.high,
            "no_price": suggestion.no_price,
            "grade": suggestion.grade,
            "seed": suggestion.seed,
            "paths": suggestion.paths,
            "versions": suggestion.versions,
            "input_hash": suggestion.input_hash,
        },
        "inputs": {
            **{name: value for name, value in suggestion.inputs.items() if name != "answers"},
            "answered": sorted(suggestion.inputs.get("answers", {})),
        },
        "result": public_result(suggestion.result),
        "working": None if parameters is None else working(rebuild(parameters)),
        "stale": stale,
        "certificates": [_certificate(one) for one in certificates],
    }  # fmt: skip
    return dict(json.loads(canonical(content)))


def public_result(result: dict[str, Any] | None) -> dict[str, Any] | None:
    """Give a result without what the owner would settle for."""
    return None if result is None else {name: value for name, value in result.items() if name not in OWNERS_OWN}


def _technology(technology: Technology) -> dict[str, Any]:
    organisation, exchange = technology.organisation, technology.exchange
    return {
        "id": technology.pk,
        "title": technology.title,
        "summary": technology.summary,
        "language": technology.language,
        "field": None if technology.main_field is None else [technology.main_field.name_vi, technology.main_field.name_en],
        "organisation": [organisation.name_vi, organisation.name_en or organisation.name_vi],
        "exchange": [exchange.name_vi, exchange.name_en],
        "trl": technology.trl,
        "trl_evidence": technology.trl_evidence,
        "rights_offered": technology.rights_offered,
        "territory": technology.territory,
        "state_funding_pct": technology.state_funding_pct,
        "price_min": technology.price_min,
        "price_max": technology.price_max,
        "rights": [
            {
                "kind": right.kind, "number": right.number, "office": right.office, "status": right.status,
                "filed": right.filing_date, "expires": right.expiry_date,
                "owners": [{"name": owner.name, "share": owner.share_pct} for owner in right.owners.all()],
            }
            for right in technology.ip_rights.all()
        ],
    }  # fmt: skip


def _certificate(certificate: Certificate) -> dict[str, Any]:
    firm = certificate.appraisal.firm
    return {
        "number": certificate.number,
        "firm": [firm.name_vi, firm.name_en or firm.name_vi],
        "value": certificate.value,
        "currency": certificate.currency,
        "basis": certificate.basis,
        "valued_on": certificate.valued_on,
        "issued_on": certificate.issued_on,
        "valid_until": certificate.valid_until,
        "sha256": certificate.sha256,
    }


def recompute(content: dict[str, Any]) -> dict[str, bool]:
    """Compute the figures of a report again from the inputs that it holds; say of each part whether it comes out equal.

    Parts: `result` (the whole simulation, every figure), `working` (the arithmetic at the middle), `range` (the three
    figures named). Nothing but the content is read. An empty answer: there was nothing to compute.
    """
    parameters = content["inputs"]["parameters"]
    if parameters is None:
        return {}
    inputs, stored = rebuild(parameters), content["suggestion"]
    again = suggest_range(inputs, seed=stored["seed"], paths=stored["paths"])
    plain = public_result(json.loads(canonical(again.as_dict()))) or {}
    price = again.price
    named = [None] * 3 if price is None else [f"{end:.0f}" for end in (price.low, price.mid, price.high)]
    return {
        "result": plain == content["result"],
        "working": json.loads(canonical(working(inputs))) == content["working"],
        "range": named == [stored["low"], stored["mid"], stored["high"]],
    }
