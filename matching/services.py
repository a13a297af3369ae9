"""Find matches, explain them, and note what people say to them."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.selectors import people_in
from accounts.services import notify
from audit.services import record
from listings.lifecycle import ListingState
from listings.models import Demand, Technology
from listings.search_text import body_of, query_of
from marketplace.kit.errors import Conflict, require
from marketplace.kit.single import single
from matching import policies, selectors
from matching.choices import Answer, DeclineReason, Side
from matching.models import Match, Response, Run
from matching.tasks import explain_match
from search import engine, index, reasons
from search.embedder import EmbeddingError

logger = logging.getLogger(__name__)

KEPT = 20  # matches of one search
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
    if not connection.in_atomic_block:
        index.catch_up()
    other = "demand" if kind == "technology" else "technology"
    own = list(
        MODELS[other].objects.published().filter(organisation_id=listing.organisation_id).values_list("pk", flat=True)
    )
    ranking = engine.rank(
        body_of(listing), title=listing.title, kind=other, language=listing.language, exclude=own, limit=KEPT
    )
    return _store(listing, ranking, started)


@transaction.atomic
def _store(listing: Technology | Demand, ranking: engine.Ranking, started: float) -> int:
    kind = listing.kind
    other_model: type[Technology] | type[Demand] = Demand if kind == "technology" else Technology
    which: dict[str, Any] = {kind: listing}
    run, _created = Run.objects.get_or_create(**which)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    others = other_model.objects.published().in_bulk([hit.object_id for hit in ranking.hits])
    query = query_of(listing)
    side = Side.SUPPLY if kind == "technology" else Side.DEMAND
    rows = []
    for position, hit in enumerate(ranking.hits, 1):
        found = others.get(hit.object_id)
        if found is None:
            continue
        technology: Any
        demand: Any
        technology, demand = (listing, found) if kind == "technology" else (found, listing)
        why = reasons.explain(query, query_of(found), terms=ranking.matched_terms(hit.object_id), dense=False)
        rows.append(
            Match(
                technology=technology,
                demand=demand,
                score=hit.probability,
                lexical=hit.lexical,
                cosine=hit.cosine,
                found_from=side,
                position=position,
                reasons={"words": [list(word) for word in why.words], "sentences": None},
                technology_version=technology.content_version,
                demand_version=demand.content_version,
            )
        )
    _keep(rows, listing)
    run.content_version, run.published_at = listing.content_version, listing.published_at
    run.dense, run.found, run.seconds = ranking.dense, len(rows), time.monotonic() - started
    run.save()
    return len(rows)


def _keep(rows: Sequence[Match], listing: Technology | Demand) -> None:
    """Store pairs: new ones are added and told, known ones refreshed; a pair found from the demand keeps that score."""
    kind = listing.kind
    known = {
        (match.technology_id, match.demand_id): match
        for match in Match.objects.select_for_update(of=("self",)).filter(**{kind: listing}).order_by("pk")
    }
    fresh = []
    for row in rows:
        stored = known.get((row.technology_id, row.demand_id))
        if stored is None:
            fresh.append(row)
            continue
        is_older = (stored.technology_version, stored.demand_version) != (row.technology_version, row.demand_version)
        if row.found_from == stored.found_from or is_older or row.found_from == Side.DEMAND:
            for name in (
                "score",
                "lexical",
                "cosine",
                "found_from",
                "position",
                "technology_version",
                "demand_version",
            ):
                setattr(stored, name, getattr(row, name))
            if is_older:
                stored.reasons, stored.explained = row.reasons, False
            stored.save()
    Match.objects.bulk_create(
        fresh, ignore_conflicts=True
    )  # the other side's search may have stored the pair meanwhile
    stored_now = list(
        Match.objects.filter(**{kind: listing}, explained=False).order_by("position", "pk").values_list("pk", flat=True)
    )
    is_imported = bool(listing.source_id) and not listing.is_sample
    for pk in [] if is_imported else stored_now[:EXPLAINED]:
        transaction.on_commit(partial(explain_match.delay, pk), robust=True)
    best = [row for row in fresh if row.score >= engine.fusion.good()]
    if best and not listing.source_id:
        _tell_about(listing, len(best))


def _tell_about(listing: Technology | Demand, count: int) -> None:
    """Tell the listing's own side, once per search, that good matches were found."""
    title = listing.title
    roles = (Role.REPRESENTATIVE,) if isinstance(listing, Demand) else (Role.TTO_OFFICER, Role.REPRESENTATIVE)
    people = {user.pk: user for user in [listing.author, *people_in(listing.organisation_id, *roles)]}
    notify(
        users=people.values(),
        kind="match.found",
        text=lambda: _("%(count)d good matches for “%(title)s”.") % {"count": count, "title": title},
        url=lambda: f"{listing.get_absolute_url()}matches/",
    )


def explain(*, pk: int) -> bool:
    """Find the nearest pair of sentences of a match; tell whether it is explained now. A missing row is no error."""
    match = Match.objects.filter(pk=pk, explained=False).select_related("technology", "demand").first()
    if match is None:
        return False
    asked, said = query_of(match.demand), query_of(match.technology)
    try:
        why = reasons.explain(asked, said)
    except EmbeddingError:
        return False
    pair = why.sentences
    sentences = None if pair is None else {"query": pair.query, "document": pair.document, "cosine": pair.cosine}
    with transaction.atomic():
        match = Match.objects.select_for_update(of=("self",)).get(pk=pk)
        match.reasons = {**match.reasons, "sentences": sentences}
        match.explained = True
        match.save(update_fields=["reasons", "explained"])
    return True


@transaction.atomic
def answer_match(
    *,
    match: Match,
    actor: User,
    side: str,
    answer: str,
    reason: str = "",
    note: str = "",
    position_shown: int | None = None,
) -> Response:
    """Shortlist or decline for one side. Raises NotAllowed, ValidationError (a decline needs a reason of the list)."""
    match = (
        Match.objects.select_for_update(of=("self",))
        .select_related("technology__organisation", "demand__organisation")
        .get(pk=match.pk)
    )
    require(policies.can_answer(actor, match, side))
    published = ListingState.PUBLISHED
    if match.technology.state != published or match.demand.state != published:
        raise Conflict(_("One of the two listings is no longer published."))
    if answer == Answer.DECLINE and reason not in DeclineReason.values:
        raise ValidationError({"reason": [_("Choose a reason: the other side learns from it.")]})
    response = Response.objects.filter(match=match, side=side).first() or Response(match=match, side=side)
    response.answer, response.reason = answer, reason if answer == Answer.DECLINE else ""
    response.note, response.user, response.position_shown = note, actor, position_shown
    response.full_clean()
    response.save()
    data = {"side": side, "reason": response.reason, "position": position_shown, "score": match.score}
    record(tag=f"match.{answer}", subject=match, actor=actor, data=data)
    if answer == Answer.SHORTLIST:
        _tell_other_side(match, side)
    return response


def _tell_other_side(match: Match, side: str) -> None:
    title = match.demand.title if side == Side.DEMAND else match.technology.title
    if side == Side.DEMAND:
        organisation, roles, author = match.technology.organisation_id, (Role.TTO_OFFICER,), match.technology.author
    else:
        organisation, roles, author = match.demand.organisation_id, (Role.REPRESENTATIVE,), match.demand.author
    people = {user.pk: user for user in [author, *people_in(organisation, *roles)]}
    notify(
        users=people.values(),
        kind="match.shortlisted",
        text=lambda: _("Your match was shortlisted: “%(title)s”.") % {"title": title},
        url=match.get_absolute_url,
    )


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
        waiting += [("demand", pk) for pk in selectors.searched_by_words_only(Demand)]
        for kind, pk in waiting:
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
