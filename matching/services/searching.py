"""Find matches and explain them."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role
from accounts.selectors import people_in
from accounts.services import notify
from listings.models import Demand, Technology
from listings.search_text import body_of, query_of
from listings.selectors import people_behind
from marketplace.kit.single import single
from matching import learning, pushing, selectors
from matching.choices import Side
from matching.facts import launch_delays, verdicts
from matching.layer import Weights
from matching.learning import Learned
from matching.models import Layer, Match, Run
from matching.tasks import explain_match
from search import engine, index, reasons
from search.embedder import EmbeddingError

logger = logging.getLogger(__name__)

KEPT = 20  # matches of one search
LEARNED_FROM = 100  # of the best, what a demand's company did before reorders
EXPLAINED = (
    5  # of these, with their nearest sentences at once (none for an imported listing); the sweep does the others
)
SWEEP_SECONDS = 30.0

MODELS: dict[str, type[Technology] | type[Demand]] = {"technology": Technology, "demand": Demand}


def match_listing(*, kind: str, pk: int) -> int:
    """Search the other side for a published listing and store the matches; give how many. Safe to repeat.

    A listing that is gone or no longer published gives 0. Both sides of a pair may be searched at once: the pair is
    one row. What is committed when the search begins is found, so of two listings published together at least the
    later search meets the other.
    """
    started = time.monotonic()
    listing = MODELS[kind].objects.published().filter(pk=pk).first()
    if listing is None:
        return 0
    has_vector = selectors.has_vector(listing)  # asked first: one that comes meanwhile is for the next search
    if not connection.in_atomic_block:
        index.catch_up()
    other = "demand" if kind == "technology" else "technology"
    own = list(
        MODELS[other].objects.published().filter(organisation_id=listing.organisation_id).values_list("pk", flat=True)
    )
    taste, seen = learning.taste_of(listing.pk) if kind == "demand" else (learning.Taste(), 0)
    layer = selectors.layer_in_use() if kind == "demand" else None
    is_reordered = bool(layer or taste.liked or taste.disliked)
    limit = LEARNED_FROM if is_reordered or selectors.has_stale(listing) else KEPT
    ranking = engine.rank(
        body_of(listing), title=listing.title, kind=other, language=listing.language, exclude=own, limit=limit
    )
    learned = learning.rerank(ranking.hits, taste)
    if layer is not None and isinstance(listing, Demand):
        facts = facts_of(listing, [row.hit.object_id for row in learned])
        learned = learning.by_layer(learned, Weights.read(layer.model), facts)
    return _store(listing, ranking, learned, started, has_vector=has_vector, seen=seen, layer=layer)


def facts_of(demand: Demand, technology_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Give how the facts of published technologies fit a demand, by their ids."""
    delays = launch_delays()
    return {row.pk: verdicts(row, demand, delays) for row in selectors.technologies_with_facts(technology_ids)}


@transaction.atomic
def _store(
    listing: Technology | Demand,
    ranking: engine.Ranking,
    learned: Sequence[Learned],
    started: float,
    *,
    has_vector: bool,
    seen: int,
    layer: Layer | None,
) -> int:
    kind = listing.kind
    other_model: type[Technology] | type[Demand] = Demand if kind == "technology" else Technology
    which: dict[str, Any] = {kind: listing}
    run, _created = Run.objects.get_or_create(**which)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    others = other_model.objects.published().in_bulk([row.hit.object_id for row in learned])
    query = query_of(listing)
    side = Side.SUPPLY if kind == "technology" else Side.DEMAND
    first = [row for row in learned[:KEPT] if row.hit.object_id in others]
    matches = Match.objects.select_for_update(of=("self",)).filter(**which).order_by("pk")
    list(matches.values_list("pk", flat=True))  # all are locked first, in the order in which every search locks them
    if ranking.dense:  # words alone cannot tell what meaning still finds
        found_ids = [row.hit.object_id for row in first]
        _drop_stale(listing, found_ids, side, within=ranking.object_ids)
    known = {match.pair: match for match in matches}
    other = other_model.kind
    former = {getattr(match, f"{other}_id") for match in known.values() if _is_of_former_content(match, listing)}
    rows = []
    front = _put_forward(listing, first, others, side)
    now = timezone.now()
    for position, row in enumerate(learned, 1):
        hit = row.hit
        found = others.get(hit.object_id)
        if found is None or (position > KEPT and hit.object_id not in former):
            continue
        technology: Any
        demand: Any
        technology, demand = (listing, found) if kind == "technology" else (found, listing)
        terms = ranking.matched_terms(hit.object_id)
        why = reasons.explain(query, query_of(found), terms=terms, language=found.language, dense=False)
        sayings = asdict(why.sayings) if why.sayings else None
        if sayings and side == Side.SUPPLY:  # a match is told from the demand, whoever searched
            sayings |= {"query": sayings["document"], "document": sayings["query"]}
        rows.append(
            Match(
                technology=technology,
                demand=demand,
                score=row.probability,
                shift=row.shift,
                exchange_shift=row.exchange_shift,
                front=hit.object_id in front,
                is_new=front.get(hit.object_id, False),
                pushed_at=now if hit.object_id in front else None,
                lexical=hit.lexical,
                cosine=hit.cosine,
                found_from=side,
                position=position,
                reasons={
                    "words": [list(word) for word in why.words],
                    "sayings": sayings,
                    "sentences": None,
                },
                technology_version=technology.content_version,
                demand_version=demand.content_version,
            )
        )
    _keep(rows, listing, known)
    kept = {row.pair for row in rows}
    left = [match for pair, match in known.items() if match.found_from == side and pair not in kept]
    _put_back(left, {row.hit.object_id: row for row in learned}, other)
    run.content_version, run.published_at = listing.content_version, listing.published_at
    run.feedback, run.layer = seen, layer
    run.dense = has_vector and ranking.by_meaning
    run.found, run.seconds = len(first), time.monotonic() - started
    run.save()
    return len(first)


def _put_forward(
    listing: Technology | Demand, found: Sequence[Learned], others: dict[int, Any], side: Side
) -> dict[int, bool]:
    """Give the found listings that are put forward, each with whether it is new."""
    by = pushing.limits()
    times = pushing.pushes(side, [row.hit.object_id for row in found], but=listing.pk, since=by.since)
    candidates = [
        pushing.Candidate(
            row.hit.object_id,
            times.get(row.hit.object_id, 0),
            is_new=others[row.hit.object_id].published_at >= by.new_since,
            probability=row.probability,
        )
        for row in found
    ]
    return {row.object_id: row.is_new for row in pushing.choose(candidates, by)}


def _is_of_former_content(match: Match, listing: Technology | Demand) -> bool:
    return bool(getattr(match, f"{listing.kind}_version") < listing.content_version)


def _keep(rows: Sequence[Match], listing: Technology | Demand, known: Mapping[tuple[int, int], Match]) -> None:
    """Store pairs: new ones are added and told, known ones refreshed.

    A pair found from the demand keeps that score and place. Where the technology's text changed since, the demand is
    matched again.
    """
    kind = listing.kind
    fresh, again = [], []
    for row in rows:
        stored = known.get(row.pair)
        if stored is None:
            fresh.append(row)
            continue
        is_older = (stored.technology_version, stored.demand_version) != (row.technology_version, row.demand_version)
        if row.found_from in {stored.found_from, Side.DEMAND}:
            row.pushed_at = stored.pushed_at if stored.front or not row.front else row.pushed_at
            for name in (
                "score",
                "shift",
                "exchange_shift",
                "front",
                "is_new",
                "pushed_at",
                "lexical",
                "cosine",
                "found_from",
                "position",
                "technology_version",
                "demand_version",
            ):
                setattr(stored, name, getattr(row, name))
        elif is_older:
            stored.technology_version, stored.demand_version = row.technology_version, row.demand_version
            again.append(stored.demand_id)
        else:
            continue
        if is_older:
            stored.reasons, stored.explained = row.reasons, False
        stored.save()
    Match.objects.bulk_create(
        fresh, ignore_conflicts=True
    )  # the other side's search may have stored the pair meanwhile
    if again:  # in a transaction of its own: their searches lock in the other order
        transaction.on_commit(partial(_match_again, again), robust=True)
    stored_now = list(
        Match.objects.filter(**{kind: listing}, explained=False).order_by("position", "pk").values_list("pk", flat=True)
    )
    is_imported = bool(listing.source_id) and not listing.is_sample
    for pk in [] if is_imported else stored_now[:EXPLAINED]:
        transaction.on_commit(partial(explain_match.delay, pk), robust=True)
    best = [row for row in fresh if row.front and row.chance >= engine.fusion.good()]
    if best and not listing.source_id:
        _tell_about(listing, len(best))


def _match_again(demands: Sequence[int]) -> None:
    """Let the sweep search for these demands again."""
    Run.objects.filter(demand_id__in=demands).update(content_version=0)


def _put_back(matches: Sequence[Match], learned: Mapping[int, Learned], other: str) -> None:
    """Take out of the front what a search of this side found before and no longer has among the first.

    Such a pair is put in order as it stands now; where the search does not reach it, without what was learned.
    """
    back = []
    for match in matches:
        row = learned.get(getattr(match, f"{other}_id"))
        if row is not None:
            now = (row.probability, row.shift, row.exchange_shift, False, False)
        else:
            now = (match.chance, 0.0, 0.0, False, False)
        if (match.score, match.shift, match.exchange_shift, match.front, match.is_new) != now:
            match.score, match.shift, match.exchange_shift, match.front, match.is_new = now
            back.append(match)
    Match.objects.bulk_update(back, ["score", "shift", "exchange_shift", "front", "is_new"])


def _drop_stale(listing: Technology | Demand, found_ids: Collection[int], side: Side, *, within: Sequence[int]) -> None:
    """Delete the pairs that former content of the listing made and its present content does not.

    A pair found from this side must be found again; one found from the other side, whose search had other rivals,
    need only be among the LEARNED_FROM best. A pair on which anybody did something stays.
    """
    other = "demand" if listing.kind == "technology" else "technology"
    found = set(found_ids)
    stale = [
        match.pk
        for match in selectors.stale_matches(listing).select_for_update(of=("self",)).order_by("pk")
        if getattr(match, f"{other}_id") not in (found if match.found_from == side else {*found, *within})
    ]
    selectors.stale_matches(listing).filter(
        pk__in=stale
    ).delete()  # asked again: an answer may have come before the lock


def _tell_about(listing: Technology | Demand, count: int) -> None:
    """Tell the listing's own side, once per search, that good matches were found."""
    title = listing.title
    roles = (Role.REPRESENTATIVE,) if isinstance(listing, Demand) else (Role.TTO_OFFICER, Role.REPRESENTATIVE)
    people = {user.pk: user for user in [*people_behind(listing), *people_in(listing.organisation_id, *roles)]}
    notify(
        users=people.values(),
        kind="match.found",
        text=lambda: _("%(count)d good matches for “%(title)s”.") % {"count": count, "title": title},
        url=lambda: f"{listing.get_absolute_url()}matches/",
    )


def explain(*, pk: int) -> bool:
    """Find the nearest pair of sentences of a match; tell whether it is explained now. A missing row is no error.

    Only of texts that are published, and that the match was made of: a draft's sentences are nobody's to read.
    """
    match = selectors.unexplained().filter(pk=pk).select_related("technology", "demand").first()
    if match is None:
        return False
    asked, said = query_of(match.demand), query_of(match.technology)
    try:
        why = reasons.explain(asked, said)
    except EmbeddingError:
        return False
    pair = why.sentences
    sentences = None if pair is None else {"query": pair.query, "document": pair.document, "cosine": pair.cosine}
    versions = {"technology_version": match.technology_version, "demand_version": match.demand_version}
    with transaction.atomic():
        stored = Match.objects.select_for_update(of=("self",)).filter(pk=pk, **versions).first()
        if stored is None:  # dropped, or matched anew with other content, while it was explained
            return False
        stored.reasons = {**stored.reasons, "sentences": sentences}
        stored.explained = True
        stored.save(update_fields=["reasons", "explained"])
    return True


def sweep() -> int:
    """Do what lost messages left: match, match again with vectors, explain; give how many listings were searched.

    Of several sweeps at once only one works. After an import there are thousands to do: a sweep takes up no more
    than its time, so that what people publish meanwhile finds a free worker; the next one goes on.
    """
    end, searched = time.monotonic() + SWEEP_SECONDS, 0
    with single("matching.sweep") as mine:
        if not mine:
            return 0
        waiting = [(model.kind, pk) for model in (Demand, Technology) for pk in selectors.unmatched(model)]
        waiting += [("demand", pk) for pk in selectors.unlearned()]
        waiting += [("demand", pk) for pk in selectors.searched_with_another_layer(selectors.layer_in_use())]
        waiting += [
            (model.kind, pk) for model in (Demand, Technology) for pk in selectors.searched_by_words_only(model)
        ]
        for kind, pk in dict.fromkeys(waiting):
            if time.monotonic() > end:
                break
            _attempt(partial(match_listing, kind=kind, pk=pk), f"{kind} {pk} was not matched")
            searched += 1
        for pk in selectors.unexplained_ids():
            if time.monotonic() > end:
                break
            _attempt(partial(explain, pk=pk), f"match {pk} was not explained")
        return searched


def _attempt(act: Callable[[], object], trouble: str) -> None:
    """Do one piece of a sweep; what fails is logged and left to the next sweep, and does not stop the others."""
    try:
        act()
    except Exception:
        logger.exception(trouble)
