"""What people do with matches is logged for good, moves the next ranking of that demand, and nothing else."""

from functools import partial
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db import DatabaseError, transaction

from accounts.models import Notification
from listings.models import Demand, Technology
from listings.services.publication import index_listing
from matching import learning, pushing, selectors, services
from matching.choices import Act, Answer, DeclineReason, Side
from matching.facts import launch_delays
from matching.learning import Taste, Weights
from matching.models import Feedback, Match
from matching.presenters import reason_rows
from matching.pushing import Candidate, Limits
from matching.services import searching
from search import embeddings, engine, index
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
EMPTY = {"solution": "", "applications": "", "keywords": [], "ipc": []}
OFFERS = [
    ("Cột lọc asen bằng oxit sắt", "Cột lọc vật liệu oxit sắt hấp phụ asen trong nước giếng."),
    ("Lọc asen bằng than hoạt tính", "Than hoạt tính phủ oxit sắt hấp phụ asen trong nước giếng khoan."),
    ("Đo asen bằng cảm biến", "Cảm biến điện hóa đo nồng độ asen trong nước giếng tại chỗ."),
    ("Que thử asen", "Que thử màu đo nhanh nồng độ asen trong nước giếng, không cần phòng thí nghiệm."),
]


def offer(title: str, summary: str, **values: Any) -> Technology:
    listing = TechnologyFactory(published=True, title=title, summary=summary, problem=summary, **EMPTY, **values)
    index_listing(listing)
    return listing


@pytest.fixture
def demand() -> Demand:
    for title, summary in OFFERS:
        offer(title, summary)
    demand = DemandFactory(
        published=True, title="Nước giếng có asen", problem="Asen trong nước giếng của xã.", effect=""
    )
    index_listing(demand)
    while embeddings.embed_documents():
        pass
    index.catch_up()
    services.match_listing(kind="demand", pk=demand.pk)
    return demand


def titles(demand: Demand) -> list[str]:
    return [match.technology.title for match in Match.objects.filter(demand=demand).order_by("position")]


def answer(demand: Demand, title: str, answer: Answer, **values: Any) -> None:
    buyer = person(role="representative", organisation=demand.organisation)
    match = Match.objects.get(demand=demand, technology__title=title)
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=answer, **values)


def test_every_answer_is_logged_with_the_place_where_it_was_shown(demand: Demand) -> None:
    answer(demand, OFFERS[2][0], Answer.SHORTLIST, position_shown=7)
    answer(demand, OFFERS[2][0], Answer.DECLINE, reason=DeclineReason.OTHER_PROBLEM)
    match = Match.objects.get(demand=demand, technology__title=OFFERS[2][0])
    rows = list(Feedback.objects.values_list("act", "side", "reason", "position", "probability"))
    assert rows == [
        (Act.SHORTLIST, Side.DEMAND, "", 7, match.score),
        (Act.DECLINE, Side.DEMAND, "other_problem", match.position, match.score),
    ]


def test_a_pair_that_falls_out_of_the_first_leaves_the_front(demand: Demand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "KEPT", 2)
    monkeypatch.setattr(learning, "weights", lambda: Weights(0.0, 0.0, 20.0))
    first = Match.objects.get(demand=demand, position=1)
    assert first.front
    answer(demand, first.technology.title, Answer.DECLINE, reason=DeclineReason.OTHER_PROBLEM)
    services.match_listing(kind="demand", pk=demand.pk)
    after = Match.objects.get(pk=first.pk)
    assert after.position == 1  # of the search that found it: not among the first of this one
    assert after.score < first.score
    assert after.shift < 0
    assert after.chance == pytest.approx(first.chance, abs=1e-3)
    assert not after.front
    assert Match.objects.filter(demand=demand).order_by(*selectors.FRONT_FIRST).first() != after


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_log_is_never_changed(demand: Demand, act: str) -> None:
    answer(demand, OFFERS[0][0], Answer.SHORTLIST)
    rows = Feedback.objects.all()
    change = partial(rows.update, position=1) if act == "update" else rows.delete
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
    assert Feedback.objects.count() == 1


def test_what_was_shortlisted_draws_its_like_forward_for_that_demand_only(
    demand: Demand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "weights", lambda: Weights(20, 0, 20))
    other = DemandFactory(published=True, title=demand.title, problem=demand.problem, effect="")
    index_listing(other)
    index.catch_up()
    services.match_listing(kind="demand", pk=other.pk)
    before = titles(other)
    answer(demand, OFFERS[2][0], Answer.SHORTLIST)
    answer(demand, OFFERS[0][0], Answer.DECLINE, reason=DeclineReason.OTHER_PROBLEM)
    assert selectors.unlearned() == [demand.pk]
    services.match_listing(kind="demand", pk=demand.pk)
    services.match_listing(kind="demand", pk=other.pk)
    assert selectors.unlearned() == []
    placed = titles(demand)
    assert placed.index(OFFERS[3][0]) < placed.index(OFFERS[1][0])
    assert titles(other) == before
    shifts = dict(Match.objects.filter(demand=demand).values_list("technology__title", "shift"))
    assert shifts[OFFERS[3][0]] > 0 > shifts[OFFERS[1][0]]


def test_what_was_learned_is_told_to_the_side_that_answered_alone(demand: Demand) -> None:
    match = Match.objects.filter(demand=demand).earliest("pk")
    Match.objects.filter(pk=match.pk).update(shift=0.5)
    match.refresh_from_db()
    buyer = person(role="representative", organisation=demand.organisation)
    supplier = person(role="tto_officer", organisation=match.technology.organisation)
    told = {who.pk: [row["label"] for row in reason_rows(match, who, launch_delays())] for who in (buyer, supplier)}
    learned = set(told[buyer.pk]) - set(told[supplier.pk])
    assert len(learned) == 1
    assert not set(told[supplier.pk]) - set(told[buyer.pk])


def test_the_shown_chance_is_that_of_the_texts_and_does_not_tell_what_the_buyer_took_up(client, demand: Demand) -> None:
    before = {match.pk: match.score for match in Match.objects.filter(demand=demand)}
    answer(demand, OFFERS[2][0], Answer.SHORTLIST)
    services.match_listing(kind="demand", pk=demand.pk)
    liked = Match.objects.select_related("technology").get(demand=demand, technology__title=OFFERS[2][0])
    assert liked.shift > 0
    assert liked.score > before[liked.pk]
    for match in Match.objects.filter(demand=demand, pk__in=before):
        assert match.chance == pytest.approx(before[match.pk], abs=1e-9)
    client.force_login(person(role="tto_officer", organisation=liked.technology.organisation))
    page = BeautifulSoup(client.get(liked.get_absolute_url()).content, "html.parser")
    assert page.select_one(".score-points").text.strip() == f"{round(100 * before[liked.pk])}"
    api = client.get(f"/api/v1/matches/{liked.pk}/").json()
    assert api["score"] == pytest.approx(before[liked.pk], abs=1e-9)


def test_a_decline_for_the_price_says_nothing_about_the_text(demand: Demand) -> None:
    answer(demand, OFFERS[0][0], Answer.DECLINE, reason=DeclineReason.TOO_EXPENSIVE)
    assert learning.taste_of(demand.pk) == (Taste(), 1)


def test_the_last_word_on_a_technology_counts(demand: Demand) -> None:
    answer(demand, OFFERS[0][0], Answer.SHORTLIST)
    answer(demand, OFFERS[0][0], Answer.DECLINE, reason=DeclineReason.CONDITIONS)
    taste, acts = learning.taste_of(demand.pk)
    assert acts == 2
    assert (taste.liked, len(taste.disliked)) == ((), 1)


def test_weights_of_nothing_change_nothing(demand: Demand) -> None:
    ranking = engine.rank("asen trong nước giếng", kind="technology")
    taste = Taste(liked=(ranking.object_ids[-1],))
    learned = learning.rerank(ranking.hits, taste, by=Weights(0, 0, 0))
    assert [row.hit.object_id for row in learned] == ranking.object_ids
    assert [row.probability for row in learned] == [hit.probability for hit in ranking.hits]


def test_an_enquiry_about_a_demand_is_logged_as_an_introduction(demand: Demand) -> None:
    from deals.services.enquiries import open_enquiry

    technology = Technology.objects.get(title=OFFERS[1][0])
    organisation = OrganisationFactory()
    Demand.objects.filter(pk=demand.pk).update(organisation=organisation)
    demand.refresh_from_db()
    buyer = person(role="representative", organisation=organisation)
    open_enquiry(technology=technology, organisation=organisation, actor=buyer, message="Xin chào", demand=demand)
    noted = Feedback.objects.get()
    assert (noted.act, noted.technology, noted.demand, noted.user) == (Act.INTRODUCTION, technology, demand, buyer)
    assert noted.position == Match.objects.get(demand=demand, technology=technology).position


# --- congestion control

LIMITS = Limits(places=3, cap=5, days=30, new_places=1, new_days=60, least=0.1)


def candidates(*said: str) -> list[Candidate]:
    """Read candidates in order: a count of pushes, `n` for new, `w` for weak."""
    return [
        Candidate(place, int(text.strip("nw")), is_new="n" in text, probability=0.05 if "w" in text else 0.6)
        for place, text in enumerate(said, 1)
    ]


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        (["0", "0", "0", "0"], [1, 2, 3]), (["5", "0", "4", "0", "0"], [2, 3, 4]), (["0", "0", "0", "0", "0n"], [1, 2, 5]),
        (["0", "0n", "0", "0n"], [1, 2, 3]), (["0", "0w", "0wn"], [1]), (["0", "0", "0", "5n"], [1, 2, 3]), ([], []),
    ],
)  # fmt: skip
def test_choose_keeps_the_cap_and_room_for_new_ones(said: list[str], chosen: list[int]) -> None:
    assert [row.object_id for row in pushing.choose(candidates(*said), LIMITS)] == chosen


def test_a_listing_is_put_forward_no_more_often_than_the_cap(demand: Demand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        pushing, "limits", lambda: Limits(places=1, cap=2, days=30, new_places=0, new_days=0, least=0.0)
    )
    monkeypatch.setattr(engine.fusion, "good", lambda: 0.0)
    Match.objects.all().delete()
    Notification.objects.all().delete()
    demands = [demand]
    for _ in range(2):
        other = DemandFactory(published=True, title=demand.title, problem=demand.problem, effect="")
        index_listing(other)
        demands.append(other)
    index.catch_up()
    for each in demands * 2:
        services.match_listing(kind="demand", pk=each.pk)
    front = [Match.objects.get(demand=each, front=True).technology.title for each in demands]
    assert front[0] == front[1]
    assert front[2] != front[0]
    assert Match.objects.filter(front=True, pushed_at=None).count() == 0
    assert Match.objects.filter(demand=demands[2]).count() == len(OFFERS)
    assert Notification.objects.filter(kind="match.found").count() == 3
    assert mail.outbox == []


def test_the_owners_list_is_in_the_order_of_the_chance_that_it_shows(client, demand: Demand) -> None:
    matches = list(Match.objects.filter(demand=demand).select_related("technology").order_by("pk"))
    owner = matches[0].technology.organisation
    Technology.objects.filter(pk__in=[match.technology_id for match in matches]).update(organisation=owner)
    weak, strong = matches[0], matches[1]
    Match.objects.exclude(pk__in=[weak.pk, strong.pk]).delete()
    Match.objects.filter(pk=weak.pk).update(score=0.6, shift=1.5)
    Match.objects.filter(pk=strong.pk).update(score=0.5, shift=0)
    supplier = person(role="tto_officer", organisation=owner)
    shown = list(selectors.my_matches(supplier, Side.SUPPLY))
    assert [match.pk for match in shown] == [strong.pk, weak.pk]
    assert shown[0].chance > shown[1].chance
    buyer = person(role="representative", organisation=demand.organisation)
    assert [match.pk for match in selectors.my_matches(buyer, Side.DEMAND)] == [weak.pk, strong.pk]
    address = f"/api/v1/matches/?demand={demand.pk}"
    for who, places in ((buyer, [weak, strong]), (supplier, [strong, weak])):
        client.force_login(who)
        assert [row["id"] for row in client.get(address).json()["results"]] == [match.pk for match in places]
