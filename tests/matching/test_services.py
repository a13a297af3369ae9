"""Finding matches: idempotent, level-triggered, explained; and what people say to them."""

from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db.models import F

from accounts.models import Membership, Notification, User
from listings.models import Demand, Technology
from listings.services.publication import index_listing
from marketplace.kit.errors import NotAllowed
from matching import selectors, services
from matching.choices import Answer, DeclineReason, Side
from matching.models import Feedback, Match, Response, Run
from search import embeddings, engine, index, reasons
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import DemandFactory, TechnologyFactory

WATER = {
    "title": "Lọc asen khỏi nước giếng khoan bằng vật liệu oxit sắt",
    "summary": "Cột lọc nhỏ gọn giữ lại asen trong nước giếng khoan.",
    "problem": "Nước giếng khoan nhiễm asen gây bệnh cho người dân.",
    "solution": "Vật liệu oxit sắt xốp hấp phụ asen trong nước.",
}
NEED = {
    "title": "Cần xử lý asen trong nước giếng khoan của trại heo",
    "problem": "Nước giếng khoan của trại bị nhiễm asen, vượt ngưỡng cho phép.",
    "effect": "Giảm asen trong nước xuống dưới 0,01 mg/l.",
}
OTHER = {
    "title": "Sấy lạnh trái thanh long bằng bơm nhiệt",
    "summary": "Máy sấy giữ màu và vitamin của trái cây.",
    "problem": "Trái cây sấy nóng mất màu.",
    "solution": "Bơm nhiệt sấy ở 35 độ.",
}
#: What a rare word is rare among.
AMONG = (
    "Vắc xin phòng bệnh tai xanh ở lợn", "Phần mềm lập lịch xưởng", "Cắt thép bằng tia la de", "Máy gặt lúa mi ni",
    "Biến tần cho pin mặt trời", "Cảm biến độ mặn", "Thức ăn cho tôm", "Keo dán gỗ từ tinh bột", "Sơn chống cháy",
)  # fmt: skip
SILENT = {"solution": "", "applications": "", "keywords": [], "ipc": []}


def published(factory: Any, **values: Any) -> Any:
    listing = factory(published=True, **values)
    index_listing(listing)
    return listing


@pytest.fixture
def pair(db: None) -> tuple[Technology, Demand]:
    published(TechnologyFactory, **OTHER)
    technology = published(TechnologyFactory, **WATER)
    demand = published(DemandFactory, **NEED)
    index.catch_up()
    return technology, demand


def test_match_listing_finds_the_technology_for_a_demand(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    assert services.match_listing(kind="demand", pk=demand.pk) >= 1
    best = Match.objects.filter(demand=demand).order_by("-score").first()
    assert best is not None
    assert best.technology == technology
    assert best.position == 1
    assert "asen" in " ".join(word for word, _share in best.reasons["words"])


def test_match_listing_twice_changes_nothing(pair: tuple[Technology, Demand]) -> None:
    _technology, demand = pair
    services.match_listing(kind="demand", pk=demand.pk)
    before = list(Match.objects.order_by("pk").values_list("pk", "score"))
    told = Notification.objects.count()
    services.match_listing(kind="demand", pk=demand.pk)
    assert list(Match.objects.order_by("pk").values_list("pk", "score")) == before
    assert Notification.objects.count() == told


def test_a_pair_found_from_both_sides_is_one_row_with_the_demands_score(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    services.match_listing(kind="demand", pk=demand.pk)
    score = Match.objects.get(technology=technology, demand=demand).score
    services.match_listing(kind="technology", pk=technology.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    assert (match.score, match.found_from) == (score, Side.DEMAND)


def test_a_new_technology_finds_waiting_demands(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    services.match_listing(kind="technology", pk=technology.pk)
    assert Match.objects.get().demand == demand


def test_match_listing_leaves_out_the_own_organisation(db: None) -> None:
    organisation = OrganisationFactory()
    published(TechnologyFactory, organisation=organisation, **WATER)
    demand = published(DemandFactory, organisation=organisation, **NEED)
    index.catch_up()
    assert services.match_listing(kind="demand", pk=demand.pk) == 0


def test_match_listing_tolerates_a_missing_or_withdrawn_listing(pair: tuple[Technology, Demand]) -> None:
    _technology, demand = pair
    Demand.objects.filter(pk=demand.pk).update(state="withdrawn")
    assert services.match_listing(kind="demand", pk=demand.pk) == 0
    assert services.match_listing(kind="demand", pk=10**9) == 0


def test_sweep_matches_what_a_lost_message_left_and_then_rests(pair: tuple[Technology, Demand]) -> None:
    while embeddings.embed_documents():
        pass
    index.catch_up()
    assert services.sweep() == 3
    assert Run.objects.count() == 3
    assert selectors.unmatched(Demand) == selectors.unmatched(Technology) == []
    assert services.sweep() == 0


def test_sweep_matches_again_after_an_edit(pair: tuple[Technology, Demand]) -> None:
    _technology, demand = pair
    while embeddings.embed_documents():
        pass
    services.sweep()
    Demand.objects.filter(pk=demand.pk).update(content_version=2)
    assert selectors.unmatched(Demand) == [demand.pk]
    assert services.sweep() == 1


def test_explain_adds_the_nearest_sentences(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    services.match_listing(kind="demand", pk=demand.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    assert services.explain(pk=match.pk)
    assert not services.explain(pk=match.pk)
    match.refresh_from_db()
    assert "asen" in match.reasons["sentences"]["document"]


@pytest.mark.parametrize("meanwhile", ["dropped", "matched anew"])
def test_explain_leaves_a_match_that_changed_meanwhile(
    pair: tuple[Technology, Demand], monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    services.match_listing(kind="demand", pk=pair[1].pk)
    rows = Match.objects.filter(explained=False)
    pk, real = rows.get().pk, reasons.explain

    def explain(*args: Any, **more: Any) -> Any:
        if meanwhile == "dropped":
            rows.delete()
        else:
            rows.update(technology_version=F("technology_version") + 1)
        return real(*args, **more)

    monkeypatch.setattr(reasons, "explain", explain)
    assert not services.explain(pk=pk)
    assert not Match.objects.filter(explained=True).exists()


def test_answer_notes_what_a_side_says_and_tells_the_other(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    services.match_listing(kind="demand", pk=demand.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    buyer = person(role="representative", organisation=demand.organisation)
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)
    note = Notification.objects.filter(kind="match.shortlisted").get()
    assert note.user == technology.author
    services.answer_match(
        match=match, actor=buyer, side=Side.DEMAND, answer=Answer.DECLINE, reason=DeclineReason.TOO_EXPENSIVE
    )
    response = Response.objects.get()
    assert (response.answer, response.reason) == (Answer.DECLINE, DeclineReason.TOO_EXPENSIVE)


def test_the_same_answer_once_more_is_told_and_logged_once(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    services.match_listing(kind="demand", pk=demand.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    buyer = person(role="representative", organisation=demand.organisation)
    for _ in range(3):
        services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)
    assert Notification.objects.filter(kind="match.shortlisted").count() == 1
    assert Feedback.objects.count() == 1


def test_who_left_the_organisation_is_told_nothing_more(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    officer = person(role="tto_officer", organisation=technology.organisation)
    Membership.objects.filter(user=technology.author).delete()
    services.match_listing(kind="technology", pk=technology.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    buyer = person(role="representative", organisation=demand.organisation)
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)
    assert {note.user for note in Notification.objects.filter(kind="match.shortlisted")} == {officer}
    assert technology.author not in {note.user for note in Notification.objects.filter(kind="match.found")}


def test_answer_needs_a_reason_to_decline(pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    services.match_listing(kind="demand", pk=demand.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    buyer = person(role="representative", organisation=demand.organisation)
    with pytest.raises(ValidationError):
        services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.DECLINE)
    with pytest.raises(NotAllowed):
        services.answer_match(match=match, actor=buyer, side=Side.SUPPLY, answer=Answer.SHORTLIST)
    assert Response.objects.count() == 0
    assert mail.outbox == []


def test_a_masked_demand_keeps_its_name_from_the_supplier(client: Any, pair: tuple[Technology, Demand]) -> None:
    technology, demand = pair
    Demand.objects.filter(pk=demand.pk).update(masked=True)
    services.match_listing(kind="demand", pk=demand.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    supplier: User = person(role="tto_officer", organisation=technology.organisation)
    client.force_login(supplier)
    for path in (f"/matches/{match.pk}/", f"/technologies/{technology.pk}/matches/", "/my/matches/?side=supply"):
        page = client.get(path).content.decode()
        assert demand.title in page
        assert demand.organisation.name_vi not in page
    body = client.get(f"/api/v1/matches/{match.pk}/").json()
    assert demand.organisation.name_vi not in str(body)


def test_a_match_by_meaning_alone_is_stored_without_words(db: None) -> None:
    technology = published(
        TechnologyFactory,
        language="en",
        title="Arsenic removal from tube wells",
        summary="Iron oxide granules take arsenic out of groundwater.",
        problem="Groundwater of farms holds arsenic.",
        solution="A column of granules.",
        applications="Farms.",
        keywords=[],
        ipc=[],
    )
    for title in AMONG:
        published(TechnologyFactory, title=title, summary=title, problem=title, **SILENT)
    demand = published(DemandFactory, **NEED)
    while embeddings.embed_documents():
        pass
    index.catch_up()
    services.match_listing(kind="demand", pk=demand.pk)
    match = Match.objects.get(technology=technology, demand=demand)
    assert match.cosine is not None


def test_one_failing_listing_does_not_stop_the_sweep(
    pair: tuple[Technology, Demand], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    technology, demand = pair
    rank = engine.rank

    def fails_for_the_demand(*args: Any, **kwargs: Any) -> Any:
        if kwargs["kind"] == "technology":
            raise RuntimeError("broken text")
        return rank(*args, **kwargs)

    monkeypatch.setattr(engine, "rank", fails_for_the_demand)
    services.sweep()
    assert f"demand {demand.pk} was not matched" in caplog.text
    assert Run.objects.filter(technology=technology).exists()
    assert not Run.objects.filter(demand=demand).exists()
