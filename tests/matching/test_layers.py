"""Learning from the answers of the whole exchange: what is read, when nothing is learned, what a layer changes."""

import json
import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from listings.models import Demand, Technology
from marketplace.kit.errors import Conflict, NotAllowed
from matching import answers, layer, selectors, services
from matching.answers import Terms
from matching.choices import Act, Answer, DeclineReason, Side
from matching.facts import launch_delays
from matching.layer import FEATURES
from matching.lifecycle import LayerState
from matching.models import Feedback, Layer, Match
from matching.presenters import present
from matching.services import layers
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.layers import CHEAP, FEW, GOOD, demand_of_two_offers, proposed
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few")]


def entry(technology: int, place: int, odds: float, facts: dict[str, str]) -> dict[str, Any]:
    return {"technology": technology, "place": place, "odds": odds, "shift": 0.0, "facts": facts}


@pytest.fixture
def log() -> Callable[..., None]:
    """Write the log of an exchange: each company takes up the cheap one, though the dear one is the better text; or,
    as noise, what has nothing to do with either."""
    offered = [TechnologyFactory(published=True) for _ in range(2)]
    companies = [OrganisationFactory() for _ in range(4)]

    def write(demands: int = 60, *, is_noise: bool = False, companies: list[Any] = companies) -> None:
        rows = []
        for number in range(demands):
            demand = DemandFactory(published=True, organisation=companies[number % len(companies)])
            wanted, other = (offered, offered[::-1])[number % 2]
            is_second = not is_noise or number % 3 == 0  # looked at half as often, so taken up as often as the first
            is_cheap = not is_noise or number % 4 < 2
            pairs = [
                entry(wanted.pk, 1 + is_second, -0.2 if is_second else 0.2, {"price": "fits" if is_cheap else "not"}),
                entry(other.pk, 2 - is_second, 0.2 if is_second else -0.2, {"price": "not" if is_cheap else "fits"}),
            ]
            shown = {"version": layer.VERSION, "pairs": pairs}
            rows.append(Feedback(technology=wanted, demand=demand, act=Act.SHORTLIST, side=Side.DEMAND, shown=shown))
        Feedback.objects.bulk_create(rows)

    return write


# --- what is logged and read


@pytest.fixture
def demand() -> Demand:
    return demand_of_two_offers()


def test_an_answer_keeps_what_was_seen_before_it_had_any_effect(demand: Demand) -> None:
    buyer = person(role="representative", organisation=demand.organisation)
    match = Match.objects.get(demand=demand, technology__title=CHEAP)
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST, position_shown=2)
    shown = Feedback.objects.get().shown
    assert shown is not None
    own, passed = shown["pairs"]
    assert (own["technology"], own["place"], own["facts"]["price"]) == (match.technology_id, 2, "fits")
    assert (passed["place"], passed["facts"]["price"]) == (1, "not")
    assert 1 / (1 + 2.718281828459045 ** -own["odds"]) == pytest.approx(match.score, abs=1e-5)
    (row_of_cheap, row_of_dear) = sorted(answers.collect().rows, key=lambda row: -row.grade)
    assert (row_of_cheap.grade, row_of_cheap.place, row_of_dear.grade) == (1, 2, 0)


def test_of_a_pair_first_acted_on_before_the_log_told_it_nothing_is_learned(log: Callable[..., None]) -> None:
    log(1)
    (row,) = Feedback.objects.all()
    (told, _other) = answers.collect().rows
    demand = DemandFactory(published=True)
    for shown in (None, row.shown):
        Feedback.objects.create(
            technology=row.technology, demand=demand, act=Act.SHORTLIST, side=Side.DEMAND, shown=shown
        )
    assert {row.demand for row in answers.collect().rows} == {told.demand}


def test_a_pair_found_from_the_supply_is_logged_at_its_place_in_the_demands_list(demand: Demand) -> None:
    buyer = person(role="representative", organisation=demand.organisation)
    match = Match.objects.get(demand=demand, technology__title=CHEAP)
    Match.objects.filter(pk=match.pk).update(found_from=Side.SUPPLY, position=1)
    match.refresh_from_db()
    assert present(match, buyer, launch_delays())["place"] is None
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)
    act = Feedback.objects.get()
    assert act.shown is not None
    assert [act.position, *(pair["place"] for pair in act.shown["pairs"])] == [2, 2, 1]


def test_odds_are_those_of_the_texts_whatever_was_learned(demand: Demand) -> None:
    Match.objects.filter(demand=demand).update(score=0.5, shift=0.3, exchange_shift=-0.7)
    match = Match.objects.get(demand=demand, technology__title=CHEAP)
    (own,) = answers.shown_with(match, place=1, is_from_list=False)["pairs"]
    assert (own["odds"], own["shift"]) == (pytest.approx(0.4), 0.3)


def test_an_introduction_does_not_say_that_the_list_was_looked_at(demand: Demand) -> None:
    technology = Technology.objects.get(title=CHEAP)
    services.note_feedback(
        technology=technology, demand=demand, act=Act.INTRODUCTION, side=Side.DEMAND, actor=demand.author
    )
    shown = Feedback.objects.get().shown
    assert shown is not None
    assert [pair["technology"] for pair in shown["pairs"]] == [technology.pk]
    assert answers.collect().rows == ()


def test_the_supply_sides_answers_are_not_learned_from(demand: Demand) -> None:
    match = Match.objects.filter(demand=demand).earliest("pk")
    owner = person(role="tto_officer", organisation=match.technology.organisation)
    services.answer_match(match=match, actor=owner, side=Side.SUPPLY, answer=Answer.SHORTLIST)
    assert Feedback.objects.get().shown is None
    assert answers.collect().rows == ()


@pytest.mark.parametrize(
    ("acts", "grades"),
    [
        ([(Act.SHORTLIST, "")], [1, 0]), ([(Act.SHORTLIST, ""), (Act.INTRODUCTION, "")], [2, 0]),
        ([(Act.SHORTLIST, ""), (Act.CONTRACT, ""), (Act.INTRODUCTION, "")], [3, 0]),
        ([(Act.SHORTLIST, ""), (Act.DECLINE, DeclineReason.TOO_EXPENSIVE)], []),
        ([(Act.DECLINE, DeclineReason.RIGHTS), (Act.SHORTLIST, "")], [1, 0]),
        ([(Act.SHORTLIST, ""), (Act.DECLINE, DeclineReason.NOT_NOW)], []),
    ],
)  # fmt: skip
def test_what_became_of_a_pair_is_its_last_word(acts: list[tuple[Act, str]], grades: list[int]) -> None:
    demand, one, other = DemandFactory(published=True), TechnologyFactory(published=True), TechnologyFactory()
    shown = {"version": layer.VERSION, "pairs": [entry(one.pk, 1, 0.0, {}), entry(other.pk, 2, 0.0, {})]}
    for act, reason in acts:
        Feedback.objects.create(technology=one, demand=demand, act=act, side=Side.DEMAND, reason=reason, shown=shown)
    assert [row.grade for row in answers.collect().rows] == grades


def test_what_was_shown_with_other_features_is_left_out(log: Callable[..., None], monkeypatch: Any) -> None:
    log(5)
    assert answers.collect().taken == 5
    monkeypatch.setattr(layer, "VERSION", layer.VERSION + 1)
    assert answers.collect().taken == 0


# --- when nothing is learned


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"taken": 61}, "match.learn.taken"), ({"demands": 61}, "match.learn.demands"),
        ({"organisations": 5}, "match.learn.organisations"), ({"most_share": 0.24}, "match.learn.most_share"),
    ],
)  # fmt: skip
def test_below_a_rule_nothing_is_learned(
    log: Callable[..., None], monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], lacks: str
) -> None:
    log(60)
    values = {name: getattr(FEW, name) for name in Terms.__dataclass_fields__}
    monkeypatch.setattr(answers, "terms", lambda: Terms(**{**values, **changes}))
    lesson = services.learn_from_answers()
    assert lesson is not None
    assert (lesson.lacks, lesson.layer) == ([lacks], None)
    assert not Layer.objects.exists()


def test_the_rules_are_dated_rows_and_two_companies_are_never_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    by = answers.terms()
    assert (by.taken, by.demands, by.organisations, by.most_share) == (150, 60, 10, 0.25)
    assert (by.growth, by.place_slope) == (0.1, 1.0)
    monkeypatch.setattr(answers, "numbers", lambda *codes: dict.fromkeys(codes, 1))
    assert answers.terms().organisations == 3
    assert answers.terms().demands == layer.FOLDS


def test_noise_is_stored_as_refused_and_does_not_serve(log: Callable[..., None]) -> None:
    log(60, is_noise=True)
    lesson = services.learn_from_answers()
    assert lesson is not None
    assert lesson.layer is not None
    assert lesson.layer.state == LayerState.REFUSED
    assert lesson.layer.replay["difference_interval"][0] <= 0
    assert selectors.layer_in_use() is None
    with pytest.raises(Conflict):
        layers.promote_layer(layer=proposed(replay={**GOOD, "promote": False}), actor=None)


def test_a_layer_that_helps_is_promoted_and_the_same_answers_are_not_learned_again(
    log: Callable[..., None], manager: User
) -> None:
    log(60)
    lesson = services.learn_from_answers(actor=manager)
    assert lesson is not None
    assert lesson.layer is not None
    assert lesson.layer == selectors.layer_in_use()
    assert (lesson.layer.taken, lesson.layer.demands, lesson.layer.organisations) == (60, 60, 4)
    assert lesson.layer.model["weights"]["price not"] < 0 < lesson.layer.model["weights"]["price fits"]
    about = Event.objects.filter(subject_type="matching.layer", subject_id=lesson.layer.pk).order_by("seq")
    assert list(about.values_list("tag", "actor")) == [("layer.propose", manager.pk), ("layer.promote", manager.pk)]
    again = services.learn_from_answers()
    assert again is not None
    assert (again.lacks, again.layer) == (["match.learn.growth"], None)
    log(6)
    more = services.learn_from_answers()
    assert more is not None
    assert more.layer is not None
    assert more.layer.compared_with == lesson.layer
    assert more.layer.state == LayerState.REFUSED


def test_nothing_of_a_company_or_of_a_reason_is_in_a_layer(log: Callable[..., None]) -> None:
    log(60)
    lesson = services.learn_from_answers()
    assert lesson is not None
    assert lesson.layer is not None
    data = [event.data for event in Event.objects.filter(subject_type="matching.layer")]
    stored = json.dumps([lesson.layer.replay, data])
    assert not any(reason in stored for reason in DeclineReason.values)
    assert set(lesson.layer.model["weights"]) == set(lesson.layer.model["middle"]) == set(FEATURES)
    keys = {"from", "to", "taken", "demands", "organisations", "dcg@10", "difference_interval", "calibration_error"}
    assert {key for row in data for key in row} == keys | {"promote"}


def test_a_decision_that_fails_leaves_no_layer_behind(
    log: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    log(60)

    def torn(**given: Any) -> Layer:
        raise Conflict("torn")

    with monkeypatch.context() as patched:
        patched.setattr(layers, "promote_layer", torn)
        with pytest.raises(Conflict):
            services.learn_from_answers()
    assert not Layer.objects.exists()
    lesson = services.learn_from_answers()
    assert lesson is not None
    assert lesson.layer == selectors.layer_in_use() != None  # noqa: E711 -- a chain of equals


# --- who, and two at once


@pytest.mark.parametrize("role", ["representative", "operator"])
def test_only_a_manager_of_an_exchange_withdraws_or_learns_by_hand(role: str) -> None:
    made = layers.promote_layer(layer=proposed(), actor=None)
    events = Event.objects.count()
    with pytest.raises(NotAllowed):
        services.withdraw_layer(layer=made, actor=person(role=role), reason="Vì sao không")
    with pytest.raises(NotAllowed):
        services.learn_from_answers(actor=person(role=role))
    assert (selectors.layer_in_use(), Event.objects.count()) == (made, events)


def test_a_withdrawal_says_why_and_is_done_once(manager: User) -> None:
    made = layers.promote_layer(layer=proposed(), actor=None)
    with pytest.raises(ValidationError):
        services.withdraw_layer(layer=made, actor=manager, reason="  ")
    services.withdraw_layer(layer=made, actor=manager, reason="Giá không còn đúng")
    with pytest.raises(Conflict):
        services.withdraw_layer(layer=made, actor=manager, reason="Lần nữa")


def test_after_a_withdrawal_the_same_answers_do_not_bring_it_back(log: Callable[..., None], manager: User) -> None:
    log(60)
    lesson = services.learn_from_answers()
    assert lesson is not None
    assert lesson.layer is not None
    services.withdraw_layer(layer=lesson.layer, actor=manager, reason="Sai")
    log(FEW.taken - 1)
    again = services.learn_from_answers()
    assert again is not None
    assert (again.lacks, again.layer) == (["match.learn.taken"], None)
    log(1)
    anew = services.learn_from_answers()
    assert anew is not None
    assert anew.layer == selectors.layer_in_use() != None  # noqa: E711 -- a chain of equals


def test_pairs_acted_on_again_are_no_new_answers(log: Callable[..., None], manager: User) -> None:
    log(60)
    lesson = services.learn_from_answers()
    assert lesson is not None
    assert lesson.layer is not None
    services.withdraw_layer(layer=lesson.layer, actor=manager, reason="Sai")
    known = list(Feedback.objects.all())
    Feedback.objects.bulk_create(
        Feedback(technology=act.technology, demand=act.demand, act=Act.INTRODUCTION, side=Side.DEMAND, shown=act.shown)
        for act in known
    )
    log(FEW.taken - 1)
    again = services.learn_from_answers()
    assert again is not None
    assert (again.lacks, again.layer) == (["match.learn.taken"], None)


def at_once(*calls: Callable[[], Any]) -> list[str]:
    results: list[str] = [""] * len(calls)
    ready = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            ready.wait(30)
            results[place] = type(call()).__name__
        except Exception as error:  # noqa: BLE001 -- what was raised is the result
            results[place] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(results)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same", [True, False])
def test_of_two_promotions_at_once_one_serves(is_same: bool) -> None:
    one = proposed()
    other = one if is_same else proposed()
    outcome = at_once(
        lambda: layers.promote_layer(layer=one, actor=None), lambda: layers.promote_layer(layer=other, actor=None)
    )
    assert outcome == ["Conflict", "Layer"]
    assert Layer.objects.filter(state=LayerState.SERVING).count() == 1
    assert Event.objects.filter(tag="layer.promote").count() == 1


# --- command and migration


def said(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("learn_from_answers", *arguments, stdout=out)
    return dict(json.loads(out.getvalue()))


def test_the_command_counts_replays_learns_and_withdraws(log: Callable[..., None], manager: User) -> None:
    assert said()["below"] == ["match.learn.taken", "match.learn.demands", "match.learn.organisations"]
    log(60)
    looked = said("--dry-run")
    assert (looked["taken_up"], looked["replay"]["promote"]) == (60, True)
    assert not Layer.objects.exists()
    learned = said("--as", manager.email)
    assert (learned["state"], learned["replay"], learned["weights"]) == (
        "serving", looked["replay"], looked["weights"],
    )  # fmt: skip
    assert said("--dry-run")["below"] == said("--as", manager.email)["below"] == ["match.learn.growth"]
    with pytest.raises(CommandError):
        said("--withdraw", "Sai")
    with pytest.raises(CommandError):
        said("--withdraw", "Sai", "--as", person(role="operator").email)
    assert said("--withdraw", "Sai", "--as", manager.email)["state"] == "withdrawn"
    with pytest.raises(CommandError):
        said("--withdraw", "Sai", "--as", manager.email)


@pytest.mark.django_db(transaction=True)
def test_the_migration_keeps_a_log_that_never_changes() -> None:
    before = [("matching", "0002_feedback_and_alerts")]
    executor = MigrationExecutor(connection)
    executor.migrate(before)
    try:
        technology, demand = TechnologyFactory(published=True), DemandFactory(published=True)
        old = executor.loader.project_state(before).apps.get_model("matching", "Feedback")
        old.objects.create(
            technology_id=technology.pk, demand_id=demand.pk, act="shortlist", side="demand", position=3,
            at=timezone.now(),
        )  # fmt: skip
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("matching"))
    kept = Feedback.objects.get()
    assert (kept.position, kept.shown) == (3, None)
    assert answers.collect().rows == ()
