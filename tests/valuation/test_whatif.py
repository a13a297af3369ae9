"""What if: a figure moved in the panel gives what the interview would give with that answer."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from listings.models import Technology
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import TechnologyFactory
from valuation import selectors, services, whatif
from valuation.answers import Answers
from valuation.defaults import Defaults
from valuation.disclosure import Reader
from valuation.inputs import prepare
from valuation.methods.statement import SuggestionInputs
from valuation.methods.suggest import Glance, glance
from valuation.throttle import WhatIfThrottle
from valuation.whatif import LEVERS

pytestmark = pytest.mark.django_db

BASE = {"growth": ["10"], "launch_delay": ["2"], "economic_life": ["5"], "ramp": ["30", "70"]}


def asked(technology: Technology, **changes: list[str]) -> SuggestionInputs:
    given = {code: {"value": value, "origin": "owner"} for code, value in {**BASE, **changes}.items()}
    prepared = prepare(
        technology, defaults=Defaults.on(timezone.localdate()), rates=selectors.royalty_rates(), answers=Answers(given)
    )
    assert prepared.parameters is not None
    return prepared.parameters


def seen(inputs: SuggestionInputs) -> Glance:
    return glance(inputs, seed=7, paths=1000)


@pytest.mark.parametrize("growth", ["-10", "0", "10", "50"])
@pytest.mark.parametrize(
    ("lever", "value", "answer"),
    [
        ("economic_life", 15.0, ["15"]), ("economic_life", 3.5, ["3.5"]), ("economic_life", 30.0, ["30"]),
        ("launch_delay", 0.0, ["0"]), ("launch_delay", 4.0, ["4"]), ("launch_delay", 3.2, ["3.2"]),
        ("revenue", 18e9, ["8000000000", "18000000000", "44000000000"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("with_right", [True, False])
def test_a_lever_gives_what_the_answer_would(
    lever: str, value: float, answer: list[str], growth: str, with_right: bool
) -> None:
    technology = TechnologyFactory(with_right=with_right)
    moved = whatif.vary(asked(technology, growth=[growth]), {lever: value}, growth=float(growth) / 100)
    answered = asked(technology, growth=[growth], **{lever: answer})
    assert seen(moved).price == seen(answered).price
    for method, found in seen(moved).methods.items():
        assert found.values == pytest.approx(seen(answered).methods[method].values, rel=1e-12)


def test_two_levers_give_what_the_two_answers_would() -> None:
    technology = TechnologyFactory(with_right=True)
    moved = whatif.vary(asked(technology), {"economic_life": 14.0, "launch_delay": 1.0}, growth=0.1)
    assert seen(moved).price == seen(asked(technology, economic_life=["14"], launch_delay=["1"])).price


def test_the_page_computes_so_often_a_minute_and_keeps_what_was_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    technology = TechnologyFactory(published=True)
    services.suggest_for(pk=technology.pk)
    address = f"/en/technologies/{technology.pk}/price/what-if/"
    monkeypatch.setattr(WhatIfThrottle, "rate", "2/min", raising=False)
    asked = [client.get(address, {"success": str(percent)}).status_code for percent in (41, 42, 43)]
    assert asked == [200, 200, 429]
    refused = client.get(address, {"success": "44"})
    text = refused.content.decode()
    assert "Too many computations in one minute" in text
    assert 'value="44' in text
    assert client.get(address).status_code == 200, "what nobody moved costs nothing"
    by_htmx = client.get(address, {"success": "45"}, headers={"HX-Request": "true"})
    assert (by_htmx.status_code, "Too many computations" in by_htmx.content.decode()) == (200, True)
    client.force_login(person())
    assert client.get(address, {"success": "44"}).status_code == 200, "others are not counted with him"


def test_every_door_to_the_same_computation_counts_together(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (TechnologyFactory(published=True, trl=trl) for trl in (4, 7))  # else one computation serves both
    for technology in (first, second):
        services.suggest_for(pk=technology.pk)
    client.force_login(person(Role.REPRESENTATIVE, OrganisationFactory()))
    monkeypatch.setattr(WhatIfThrottle, "rate", "2/min", raising=False)
    api = f"/api/v1/technologies/{first.pk}/price"
    assert client.get(f"{api}/what-if/").status_code == 200
    assert client.get(f"{api}/what-if/").status_code == 200, "kept"
    page, figures = f"/en/technologies/{first.pk}/price/my-maximum/", {"profit_mode": "3000000000"}
    assert client.post(page, figures).status_code == 200
    refused = client.post(page, figures)
    assert (refused.status_code, "Too many computations" in refused.content.decode()) == (429, True)
    assert "3000000000" in refused.content.decode().replace(".", "").replace(",", "")
    assert client.post(f"{api}/my-maximum/", figures, content_type="application/json").status_code == 429
    assert client.get(f"{api}/what-if/?success=0.4").status_code == 429
    assert client.get(f"/api/v1/technologies/{second.pk}/price/what-if/").status_code == 429, (
        "nobody moved it, not kept"
    )


@pytest.mark.parametrize(("language", "words"), [("vi", "không khớp"), ("en", "do not go together")])
def test_the_api_says_in_the_readers_language_what_cannot_be(
    client: Client, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    technology = TechnologyFactory(published=True)
    services.suggest_for(pk=technology.pk)
    impossible = LEVERS | {"revenue": ("VND", -1e17, 1e17)}
    monkeypatch.setattr(whatif, "LEVERS", impossible)
    refused = client.get(
        f"/api/v1/technologies/{technology.pk}/price/what-if/?revenue=-5", headers={"Accept-Language": language}
    )
    assert refused.status_code == 400
    assert words in str(refused.json()), refused.json()


@pytest.mark.parametrize("reader", [Reader.OWNER, Reader.BASIS, Reader.RANGE])
def test_a_start_knows_the_growth_that_its_reader_may_know(reader: Reader) -> None:
    technology = TechnologyFactory(published=True)
    interview = services.save_answers(
        technology=technology, actor=technology.author, version=0,
        answers={code: {"value": value, "origin": "owner"} for code, value in BASE.items()},
    )  # fmt: skip
    found: Any = whatif.start_for(technology, services.suggest_for(pk=technology.pk), interview, reader)
    assert found.growth == (0.0 if reader is Reader.RANGE else 0.1)
