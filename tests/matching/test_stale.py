"""What former content of a listing found goes when the present content no longer finds it; what was answered stays."""

from typing import Any

import pytest

from listings.models import Demand, Technology
from listings.services.publication import index_listing
from marketplace.kit.errors import Conflict
from matching import selectors, services
from matching.choices import Act, Answer, Side
from matching.facts import launch_delays
from matching.models import Match, Run
from matching.presenters import reason_rows
from matching.services import searching
from search import embeddings, index
from search.embedder import EmbeddingError, current_embedder, use_embedder
from tests.factories.accounts import person
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
EMPTY = {"solution": "", "applications": "", "keywords": [], "ipc": []}
WATER = "Lọc asen khỏi nước giếng khoan bằng oxit sắt"
VACCINE = "Vắc xin phòng bệnh tai xanh ở lợn, hai mũi tiêm"
FRUIT = "Sấy lạnh trái thanh long bằng bơm nhiệt"
AMONG = (  # what a rare word is rare among
    "Phần mềm lập lịch xưởng", "Cắt thép bằng tia la de", "Máy gặt lúa mi ni", "Biến tần cho pin mặt trời",
    "Cảm biến độ mặn", "Thức ăn cho tôm", "Keo dán gỗ từ tinh bột", "Sơn chống cháy",
)  # fmt: skip


class Away:
    """Makes no vectors, as a server that does not answer."""

    space = current_embedder().space

    def embed(self, texts: Any, *, query: bool) -> Any:
        raise EmbeddingError("away")


def embed() -> None:
    while embeddings.embed_documents():
        pass
    index.catch_up()


@pytest.fixture
def offers() -> list[Technology]:
    made = []
    for title in (WATER, FRUIT, *AMONG):
        listing = TechnologyFactory(published=True, title=title, summary=title, problem=title, **EMPTY)
        index_listing(listing)
        made.append(listing)
    return made


@pytest.fixture
def demand(offers: list[Technology]) -> Demand:
    silent = dict.fromkeys(("summary", "tried", *Demand.ELEMENTS), "")
    demand = DemandFactory(published=True, title=f"Cần {WATER}", problem=WATER, **silent)
    index_listing(demand)
    embed()
    services.match_listing(kind="demand", pk=demand.pk)
    return demand


def edit(listing: Any, said: str) -> None:
    """Publish other content."""
    listing.title, listing.problem = f"Cần {said}", said
    if listing.kind == "technology":
        listing.title = listing.summary = said
    listing.content_version += 1
    listing.save()
    index_listing(listing)
    embed()


def pairs() -> set[tuple[str, str]]:
    return set(Match.objects.order_by("pk").values_list("technology__title", "demand__title"))


def test_edited_demand_loses_what_it_no_longer_finds(demand: Demand) -> None:
    assert (WATER, demand.title) in pairs()
    edit(demand, FRUIT)
    services.match_listing(kind="demand", pk=demand.pk)
    assert (FRUIT, demand.title) in pairs()
    assert (WATER, demand.title) not in pairs()
    assert not selectors.has_stale(demand)


def test_answered_match_stays(demand: Demand) -> None:
    match = Match.objects.get(technology__title=WATER)
    buyer = person(role="representative", organisation=demand.organisation)
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)
    edit(demand, FRUIT)
    services.match_listing(kind="demand", pk=demand.pk)
    assert {(FRUIT, demand.title), (WATER, demand.title)} <= pairs()


def test_introduced_match_stays(demand: Demand) -> None:
    technology = Technology.objects.get(title=WATER)
    services.note_feedback(
        technology=technology, demand=demand, act=Act.INTRODUCTION, side=Side.DEMAND, actor=demand.author
    )
    edit(demand, FRUIT)
    services.match_listing(kind="demand", pk=demand.pk)
    assert Match.objects.filter(technology=technology).exists()


def test_edited_technology_leaves_the_demands_list(demand: Demand, offers: list[Technology]) -> None:
    assert Match.objects.get(technology=offers[0]).found_from == Side.DEMAND
    rival = DemandFactory(published=True, title=f"Cần {VACCINE}", problem=VACCINE, effect="")
    index_listing(rival)
    edit(offers[0], VACCINE)
    services.match_listing(kind="technology", pk=offers[0].pk)
    assert {title for offered, title in pairs() if offered == VACCINE} == {rival.title}


def test_match_that_still_holds_is_refreshed_and_not_told_again(demand: Demand) -> None:
    before = Match.objects.get(technology__title=WATER)
    edit(demand, WATER + " cho trại heo")
    services.match_listing(kind="demand", pk=demand.pk)
    after = Match.objects.get(technology__title=WATER)
    assert (after.pk, after.demand_version, after.pushed_at) == (before.pk, 2, before.pushed_at)


def test_words_alone_drop_nothing(demand: Demand) -> None:
    edit(demand, FRUIT)
    use_embedder(Away())
    services.match_listing(kind="demand", pk=demand.pk)
    assert not Run.objects.get(demand=demand).dense
    assert Match.objects.filter(technology__title=WATER).exists()
    use_embedder(None)
    services.match_listing(kind="demand", pk=demand.pk)
    assert not Match.objects.filter(technology__title=WATER).exists()


def test_answer_to_a_match_that_is_gone_is_a_conflict(demand: Demand) -> None:
    match = Match.objects.get(technology__title=WATER)
    buyer = person(role="representative", organisation=demand.organisation)
    Match.objects.filter(pk=match.pk).delete()
    with pytest.raises(Conflict):
        services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)


def test_without_what_was_learned_the_order_is_that_of_the_texts(
    demand: Demand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a pair that only the answers brought among the first."""
    monkeypatch.setattr(searching, "KEPT", 2)
    last = Technology.objects.get(title=AMONG[-1])
    Match.objects.filter(technology=last).delete()
    brought = Match.objects.create(
        technology=last, demand=demand, score=0.9, exchange_shift=3.0, front=True, is_new=True, lexical=0.0,
        found_from=Side.DEMAND, position=1, technology_version=1, demand_version=1,
    )  # fmt: skip
    services.match_listing(kind="demand", pk=demand.pk)
    after = Match.objects.get(pk=brought.pk)
    assert (after.exchange_shift, after.front, after.is_new) == (0.0, False, False)
    assert after.score < 0.35  # .9 less three of the log-odds, or what the search gives it now


def test_two_texts_whose_vectors_come_after_both_were_searched_meet_all_the_same() -> None:
    """They share no word, and the stock holds others that had their vectors."""
    for title in AMONG:
        index_listing(TechnologyFactory(published=True, title=title, summary=title, problem=title, **EMPTY))
    embed()
    services.sweep()
    said = "Arsenic removal from groundwater of tube wells by iron oxide"
    technology = TechnologyFactory(
        published=True, language="en", title=said, summary=said, problem=said, **EMPTY | {"solution": said}
    )
    silent = dict.fromkeys(("summary", "tried", *Demand.ELEMENTS), "")
    demand = DemandFactory(published=True, title=f"Cần {WATER}", problem=WATER, **silent)
    for listing in (technology, demand):
        index_listing(listing)
    index.catch_up()
    use_embedder(Away())  # whose vectors are made later, and who is found only by them
    services.sweep()
    use_embedder(None)
    Match.objects.filter(technology=technology, demand=demand).delete()  # what a lexicon may have found
    assert selectors.searched_by_words_only(Technology) == []
    embed()
    assert selectors.searched_by_words_only(Technology) == [technology.pk]
    services.sweep()
    assert Match.objects.filter(technology=technology, demand=demand).exists()
    assert selectors.searched_by_words_only(Technology) == selectors.searched_by_words_only(Demand) == []


def test_an_edited_technology_keeps_its_place_until_the_demand_is_matched_again(
    demand: Demand, offers: list[Technology], django_capture_on_commit_callbacks: Any
) -> None:
    Match.objects.filter(technology=offers[0]).update(shift=0.7)
    before = Match.objects.get(technology=offers[0])
    edit(offers[0], WATER + " cho trại heo")
    with django_capture_on_commit_callbacks(execute=True):
        services.match_listing(kind="technology", pk=offers[0].pk)
    after = Match.objects.get(pk=before.pk)
    assert (after.found_from, after.shift, after.front, after.score) == (Side.DEMAND, 0.7, before.front, before.score)
    assert (after.technology_version, after.explained) == (2, False)
    assert selectors.unmatched(Demand) == [demand.pk]


def test_what_was_taken_out_of_a_text_is_not_shown_any_more(demand: Demand, offers: list[Technology]) -> None:
    match = Match.objects.get(technology=offers[0])
    buyer = person(role="representative", organisation=demand.organisation)
    services.explain(pk=match.pk)
    delays = launch_delays()

    def shown() -> set[str]:
        return {row["kind"] for row in reason_rows(Match.objects.get(pk=match.pk), buyer, delays)}

    assert {"meaning", "word"} <= shown()
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)
    edit(offers[0], VACCINE)
    assert {"meaning", "word"}.isdisjoint(shown())
    Match.objects.filter(pk=match.pk).update(explained=False)
    assert not services.explain(pk=match.pk)
    assert match.pk not in selectors.unexplained_ids()


def test_sentences_of_a_draft_are_nobody_s_to_read(demand: Demand, offers: list[Technology]) -> None:
    match = Match.objects.get(technology=offers[0])
    Technology.objects.filter(pk=offers[0].pk).update(state="draft")
    assert not services.explain(pk=match.pk)


def test_sentences_are_told_from_the_demand_whoever_searched(demand: Demand, offers: list[Technology]) -> None:
    edit(demand, "trại heo phải giữ asen của nước giếng khoan ở lại trong cột")
    Match.objects.all().delete()
    services.match_listing(kind="technology", pk=offers[0].pk)
    match = Match.objects.get(technology=offers[0])
    assert match.found_from == Side.SUPPLY
    assert "trại heo" in match.reasons["sayings"]["query"]
    assert "trại heo" not in match.reasons["sayings"]["document"]
