"""Whether a contract must be registered, and when it takes effect."""

import datetime
from itertools import product

import pytest

from deals.effect import Effect, effect_of, flow_between, must_register

SIGNED = datetime.date(2026, 11, 2)
LATER = datetime.date(2026, 12, 1)


def facts(**changes):
    values = {
        "must_register": False,
        "restricted": False,
        "file_by": datetime.date(2027, 2, 1),
        "signed_on": SIGNED,
    }
    return {**values, **changes}


@pytest.mark.parametrize(
    ("flow", "state_money", "certificate"),
    list(product(["domestic", "inbound", "outbound"], [True, False], [True, False])),
)
def test_registration_is_mandatory_across_the_border_or_with_state_money_unless_certified(
    flow, state_money, certificate
):
    expected = flow in {"inbound", "outbound"} or (state_money and not certificate)
    assert must_register(flow=flow, state_money=state_money, result_certificate=certificate) is expected


@pytest.mark.parametrize(
    ("licensor", "licensee", "flow"),
    [("VN", "VN", "domestic"), ("JP", "VN", "inbound"), ("VN", "JP", "outbound"), ("JP", "US", "inbound")],
)
def test_flow_follows_the_parties_countries(licensor, licensee, flow):
    assert flow_between(licensor, licensee) == flow


def test_effect_waits_for_the_signature():
    assert effect_of(**facts(signed_on=None)) == Effect(
        must_register=False, waits_for="signature", effective_on=None, file_by=None
    )


def test_effect_without_registration_is_the_day_of_signing():
    assert effect_of(**facts()) == Effect(must_register=False, waits_for="", effective_on=SIGNED, file_by=None)


def test_effect_is_the_agreed_day_when_it_comes_later():
    assert effect_of(**facts(agreed_on=LATER)).effective_on == LATER


def test_effect_is_never_before_signing():
    assert effect_of(**facts(agreed_on=datetime.date(2026, 1, 1))).effective_on == SIGNED


def test_voluntary_registration_changes_nothing():
    assert effect_of(**facts(certificate_on=LATER)).effective_on == SIGNED


def test_mandatory_registration_has_a_clock_and_gives_effect_by_its_certificate():
    waiting = effect_of(**facts(must_register=True))
    assert waiting == Effect(
        must_register=True, waits_for="certificate", effective_on=None, file_by=datetime.date(2027, 2, 1)
    )
    assert effect_of(**facts(must_register=True, certificate_on=LATER)) == Effect(
        must_register=True, waits_for="", effective_on=LATER, file_by=None
    )


def test_mandatory_registration_and_a_later_agreed_day_give_the_later():
    agreed = datetime.date(2027, 2, 1)
    assert effect_of(**facts(must_register=True, certificate_on=LATER, agreed_on=agreed)).effective_on == agreed


def test_restricted_technology_takes_effect_with_its_permit():
    assert effect_of(**facts(restricted=True, must_register=True)).waits_for == "permit"
    assert effect_of(**facts(restricted=True, must_register=True, permit_on=LATER)) == Effect(
        must_register=False, waits_for="", effective_on=LATER, file_by=None
    )
