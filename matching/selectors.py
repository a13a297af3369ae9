"""Reads of matches, narrowed to the viewer."""

import datetime
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Greatest, Least, Ln

from accounts.models import Exchange, User
from listings.finding import LONG
from listings.lifecycle import ListingState
from listings.models import Demand, Technology
from matching.choices import Answer, Often, Side
from matching.layer import VERSION
from matching.lifecycle import LayerState
from matching.models import TIE, Digest, DigestItem, Feedback, Layer, Match, Response, Run, SavedSearch
from search import vectors
from search.embeddings import present_vectors

PUBLISHED = Q(technology__state=ListingState.PUBLISHED, demand__state=ListingState.PUBLISHED)

FRONT_FIRST = ("-front", "-score", "pk")
#: By the chance that is shown (`Match.chance`): an owner's list does not tell what the company answered elsewhere.
_KEPT = Least(Greatest(F("score"), TIE), 1 - TIE)
BEST_FIRST = ((Ln(_KEPT / (1 - _KEPT)) - F("shift") - F("exchange_shift")).desc(), "pk")
PAGE = 10  # matches of one page of a list
MOST_SEEN = 50  # of a list, so many at most are taken as seen
FOUND_WITHIN = datetime.timedelta(hours=2)  # after its publication a listing is found by words and by meaning
TRIED_AT_ONCE = 3  # times that a mail which does not leave is tried with every sweep
FLOODED_FOR = datetime.timedelta(days=1)  # after a mail that named not all, before the next at once
TRIED_AGAIN = datetime.timedelta(hours=6)  # between later tries
GIVEN_UP = datetime.timedelta(days=7)


def _joined(queryset: QuerySet[Match]) -> QuerySet[Match]:
    return queryset.select_related(
        "technology__organisation", "technology__province", "technology__exchange", "technology__main_field",
        "demand__organisation", "demand__province", "demand__exchange", "demand__main_field",
    ).prefetch_related(
        "technology__fields", "demand__fields", Prefetch("responses", Response.objects.order_by("pk"))
    )  # fmt: skip


def visible_matches(viewer: User) -> QuerySet[Match]:
    """Give matches of published listings on either side of which the viewer sits, or which his exchange serves."""
    organisations, exchanges = viewer.organisation_ids(), viewer.exchange_ids()
    mine = (
        Q(technology__organisation_id__in=organisations)
        | Q(demand__organisation_id__in=organisations)
        | Q(technology__exchange_id__in=exchanges)
        | Q(demand__exchange_id__in=exchanges)
    )
    return _joined(Match.objects.filter(PUBLISHED, mine)).order_by(*BEST_FIRST)


def is_own_demand(viewer: User, pk: int) -> bool:
    """Tell whether a demand is of an organisation in which the viewer sits."""
    return Demand.objects.filter(pk=pk, organisation_id__in=viewer.organisation_ids()).exists()


def my_matches(viewer: User, side: str, *, answer: str = "") -> QuerySet[Match]:
    """Give the matches of the viewer's own listings on `side`: unanswered ones, or those with `answer`, best first."""
    organisations = viewer.organisation_ids()
    own = Q(demand__organisation_id__in=organisations) if side == Side.DEMAND else Q(
        technology__organisation_id__in=organisations
    )  # fmt: skip
    said = Response.objects.filter(match=OuterRef("pk"), side=side)
    matches = Match.objects.filter(PUBLISHED, own)
    matches = matches.filter(Exists(said.filter(answer=answer))) if answer else matches.filter(~Exists(said))
    return _joined(matches).order_by(*(FRONT_FIRST if side == Side.DEMAND else BEST_FIRST))


def matches_of(listing: Technology | Demand, viewer: User) -> QuerySet[Match]:
    """Give the visible matches of one listing, best first; of a demand first those that are put forward."""
    found = visible_matches(viewer).filter(**{listing.kind: listing})
    return found.order_by(*(FRONT_FIRST if listing.kind == "demand" else BEST_FIRST))


def unanswered_count(viewer: User) -> int:
    """Count the matches that wait for a word from the viewer's side, either way."""
    return sum(my_matches(viewer, side).count() for side in Side.values)


def answered(match: Match, side: str) -> Response | None:
    """Give what a side said, from the prefetched responses."""
    return next((response for response in match.responses.all() if response.side == side), None)


def is_mutual(match: Match) -> bool:
    """Tell whether both sides shortlisted the match."""
    said = {response.side for response in match.responses.all() if response.answer == Answer.SHORTLIST}
    return said == set(Side.values)


def unmatched(model: type[Technology] | type[Demand], *, limit: int = 200) -> list[int]:
    """Give the ids of published listings whose present content was not searched for yet, oldest first."""
    name = model.kind
    done = Run.objects.filter(
        **{name: OuterRef("pk")}, content_version=OuterRef("content_version"), published_at=OuterRef("published_at")
    )
    found: QuerySet[Any] = model.objects.published().filter(~Exists(done)).order_by("published_at", "pk")
    return list(found.values_list("pk", flat=True)[:limit])


def searched_by_words_only(model: type[Technology] | type[Demand], *, limit: int = 50) -> list[int]:
    """Give the ids of published listings to be searched for again by meaning, oldest search first.

    Those whose search had no vector of its own text to ask with, or ran before that vector was there to be found, and
    that have it now. So of two texts whose vectors come after both were searched, the later one still meets the other.
    """
    has_vector = Exists(present_vectors(model.kind).filter(document__object_id=OuterRef(f"{model.kind}_id")))
    runs = Run.objects.filter(has_vector, **{f"{model.kind}__state": ListingState.PUBLISHED}, dense=False)
    return list(runs.order_by("at", "pk").values_list(f"{model.kind}_id", flat=True)[:limit])


def has_vector(listing: Technology | Demand) -> bool:
    """Tell whether others find the listing's present text by meaning."""
    return present_vectors(listing.kind).filter(document__object_id=listing.pk).exists()


def stale_matches(listing: Technology | Demand) -> QuerySet[Match]:
    """Give the matches made with former content of a listing on which neither side did anything."""
    acts = Feedback.objects.filter(technology=OuterRef("technology"), demand=OuterRef("demand"))
    return Match.objects.filter(
        ~Exists(Response.objects.filter(match=OuterRef("pk"))),
        ~Exists(acts),
        **{listing.kind: listing, f"{listing.kind}_version__lt": listing.content_version},
    ).order_by("pk")


def has_stale(listing: Technology | Demand) -> bool:
    """Tell whether a listing has such matches."""
    return stale_matches(listing).exists()


def unlearned(*, limit: int = 50) -> list[int]:
    """Give the ids of published demands on whose matches something was done since they were searched for."""
    noted = Feedback.objects.filter(demand=OuterRef("demand")).order_by().values("demand").annotate(acts=Count("pk"))
    runs = Run.objects.filter(demand__state=ListingState.PUBLISHED, feedback__lt=Subquery(noted.values("acts")))
    return list(runs.order_by("at", "pk").values_list("demand_id", flat=True)[:limit])


def of_pair(technology: Technology, demand: Demand) -> Match | None:
    """Give the match of a pair, with what its facts need."""
    return _joined(Match.objects.filter(technology=technology, demand=demand)).first()


def technologies_with_facts(ids: Collection[int]) -> QuerySet[Technology]:
    """Give published technologies with what their facts need."""
    found = Technology.objects.published().filter(pk__in=list(ids)).defer(*LONG["technology"])
    return found.select_related("province").prefetch_related("fields").order_by("pk")


def place_of(match: Match) -> int:
    """Give the place of a match in its demand's list, from 1."""
    listed = Match.objects.filter(PUBLISHED, demand_id=match.demand_id).order_by(*FRONT_FIRST)
    ids = list(listed.values_list("pk", flat=True))
    return ids.index(match.pk) + 1 if match.pk in ids else len(ids) + 1


def seen_of(demand_id: int, *, pages_up_to: int) -> list[tuple[int, Match]]:
    """Give the matches on the pages of a demand's list up to that of a place, each with its place, best first.

    What the demand's side answered, or took up without this list, is left out.
    """
    acts = Feedback.objects.filter(demand_id=demand_id, side=Side.DEMAND).order_by()
    answered = set(acts.values_list("technology_id", flat=True).distinct())
    end = -(-max(pages_up_to, 1) // PAGE) * PAGE
    listed = _joined(Match.objects.filter(PUBLISHED, demand_id=demand_id)).order_by(*FRONT_FIRST)[: min(end, MOST_SEEN)]
    return [(place, match) for place, match in enumerate(listed, 1) if match.technology_id not in answered]


def serving_layer() -> Layer | None:
    """Give the layer that is promoted, whether or not it fits the present features and vectors."""
    return Layer.objects.filter(state=LayerState.SERVING).first()


def layer_in_use() -> Layer | None:
    """Give the layer by which demands are matched: the promoted one, if it was made for these features and vectors."""
    serving = serving_layer()
    fits = serving is not None and serving.version == VERSION and serving.space == vectors.serving()[0]
    return serving if fits else None


def layers() -> QuerySet[Layer]:
    """Give every layer that was ever learned, the last one first."""
    return Layer.objects.order_by("-pk")


def last_layer() -> Layer | None:
    """Give the layer that was learned last, whatever became of it."""
    return Layer.objects.order_by("-pk").first()


def last_withdrawal() -> datetime.datetime | None:
    """Tell when a layer was withdrawn last."""
    return Layer.objects.filter(state=LayerState.WITHDRAWN).aggregate(at=Max("ended_at"))["at"]


def searched_with_another_layer(layer: Layer | None, *, limit: int = 50) -> list[int]:
    """Give the ids of published demands whose matches were found with another layer than this one."""
    other = Q(layer__isnull=False) if layer is None else ~Q(layer=layer)
    runs = Run.objects.filter(other, demand__state=ListingState.PUBLISHED)
    return list(runs.order_by("at", "pk").values_list("demand_id", flat=True)[:limit])


def acts_of_demands() -> Iterator[tuple[Feedback, int]]:
    """Give all acts of demands' companies with what they had been shown, oldest first, and the company's id."""
    acts = Feedback.objects.filter(side=Side.DEMAND).select_related("demand").order_by("pk")
    for act in acts.iterator(chunk_size=500):
        yield act, act.demand.organisation_id


def unexplained() -> QuerySet[Match]:
    """Give the matches of published listings, made of their present texts, whose nearest sentences are not known yet."""
    return Match.objects.filter(
        PUBLISHED,
        explained=False,
        technology_version=F("technology__content_version"),
        demand_version=F("demand__content_version"),
    )


def unexplained_ids(*, limit: int = 100) -> list[int]:
    """Give the ids of matches whose nearest sentences were not looked for yet, best first."""
    return list(unexplained().order_by(F("score").desc(), "pk").values_list("pk", flat=True)[:limit])


def in_ids(ids: Iterable[int]) -> QuerySet[Match]:
    """Give matches by id, joined."""
    return _joined(Match.objects.filter(pk__in=list(ids))).order_by("pk")


def shortlisted_count(*, exchange: Exchange | None = None) -> int:
    """Count the matches that at least one side shortlisted: all, or those of the technologies of an exchange."""
    found = Response.objects.filter(answer=Answer.SHORTLIST)
    if exchange is not None:
        found = found.filter(match__technology__exchange=exchange)
    return found.values("match_id").distinct().count()


# --- saved searches


def searches_of(viewer: User) -> QuerySet[SavedSearch]:
    """Give the searches that the person keeps, newest first, each with how many finds were told."""
    return SavedSearch.objects.filter(user=viewer).annotate(told=Count("items")).order_by("-pk")


def due_searches(*, week: datetime.datetime, now: datetime.datetime) -> QuerySet[SavedSearch]:
    """Give the searches whose finds are due: at once while something was published since, or so lately that its vector
    may come yet, but a day after a mail that could not name all; weekly those not looked at since the week began.

    Who has had this week's mail waits for the next one, also for a search that became weekly since.
    """
    had_mail = Exists(Digest.objects.filter(user=OuterRef("user"), period=Digest.period_of(week)))
    weekly = Q(often=Often.WEEKLY, created_at__lt=week) & (Q(checked_at=None) | Q(checked_at__lt=week)) & ~had_mail
    has_news = Q(checked_at=None)
    for model in (Technology, Demand):
        last = model.objects.published().aggregate(last=Max("published_at"))["last"]
        if last is not None:
            has_news |= Q(kind=model.kind, checked_at__lt=last + FOUND_WITHIN)
    is_flooded = Q(flooded_at__isnull=False, flooded_at__gt=now - FLOODED_FOR)
    at_once = Q(often=Often.AT_ONCE) & has_news & ~is_flooded
    return SavedSearch.objects.filter(weekly | at_once, user__is_active=True).select_related("user")


def people_with_due_searches(*, week: datetime.datetime, now: datetime.datetime) -> list[int]:
    """Give the ids of the people who keep a due search; first those who were looked after longest ago."""
    people = due_searches(week=week, now=now).order_by().values("user_id").annotate(last=Min("checked_at"))
    return list(people.order_by(F("last").asc(nulls_first=True), "user_id").values_list("user_id", flat=True))


def unmailed_digest_ids(*, now: datetime.datetime, limit: int = 200) -> list[int]:
    """Give digests that no mail has told, first those that were tried longest ago.

    What was refused a few times is tried again after a pause, and given up in the end: an address may be gone.
    """
    waits = Q(tried_at__gte=now) | Q(tried__gte=TRIED_AT_ONCE, tried_at__gt=now - TRIED_AGAIN)
    given_up = Q(tried__gte=TRIED_AT_ONCE, created_at__lt=now - GIVEN_UP)
    found = Digest.objects.filter(mailed_at=None).exclude(waits | given_up)
    return list(found.order_by(F("tried_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:limit])


def items_of(digest: Digest) -> QuerySet[DigestItem]:
    """Give what a digest tells, search by search, with what a mail shows of each listing."""
    joined = ("organisation", "province", "main_field")
    sides = [f"{side}__{name}" for side in ("technology", "demand") for name in joined]
    return digest.items.select_related("search", *sides).order_by("-search_id", "pk")
