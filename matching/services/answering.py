"""Note what people say to matches and what becomes of them."""

from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.selectors import people_in
from accounts.services import notify
from audit.services import record
from listings.lifecycle import ListingState
from listings.models import Demand, Technology
from listings.selectors import people_behind
from marketplace.kit.errors import Conflict, require
from matching import answers, policies, selectors
from matching.choices import Act, Answer, DeclineReason, Side
from matching.models import Feedback, Match, Response
from matching.tasks import match_listing


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
    try:
        match = (
            Match.objects.select_for_update(of=("self",))
            .select_related("technology__organisation", "demand__organisation")
            .get(pk=match.pk)
        )
    except Match.DoesNotExist:
        raise Conflict(_("A listing was changed, and this match no longer holds.")) from None
    require(policies.can_answer(actor, match, side))
    published = ListingState.PUBLISHED
    if match.technology.state != published or match.demand.state != published:
        raise Conflict(_("One of the two listings is no longer published."))
    if answer == Answer.DECLINE and reason not in DeclineReason.values:
        raise ValidationError({"reason": [_("Choose a reason: the other side learns from it.")]})
    reason = reason if answer == Answer.DECLINE else ""
    response = Response.objects.filter(match=match, side=side).first() or Response(match=match, side=side)
    if response.pk and (response.answer, response.reason, response.note) == (answer, reason, note):
        return response  # said once more: a double click, or a request that was sent again
    response.answer, response.reason = answer, reason
    response.note, response.user, response.position_shown = note, actor, position_shown
    response.full_clean()
    response.save()
    data = {"side": side, "reason": response.reason, "position": position_shown, "score": match.chance}
    record(tag=f"match.{answer}", subject=match, actor=actor, data=data)
    note_feedback(
        technology=match.technology, demand=match.demand, act=Act(answer), side=side, actor=actor,
        reason=response.reason, position=position_shown,
    )  # fmt: skip
    if answer == Answer.SHORTLIST:
        _tell_other_side(match, side)
    return response


def _tell_other_side(match: Match, side: str) -> None:
    title = match.demand.title if side == Side.DEMAND else match.technology.title
    if side == Side.DEMAND:
        told: Technology | Demand = match.technology
        role = Role.TTO_OFFICER
    else:
        told, role = match.demand, Role.REPRESENTATIVE
    people = {user.pk: user for user in [*people_behind(told), *people_in(told.organisation_id, role)]}
    notify(
        users=people.values(),
        kind="match.shortlisted",
        text=lambda: _("Your match was shortlisted: “%(title)s”.") % {"title": title},
        url=match.get_absolute_url,
    )


@transaction.atomic
def note_feedback(
    *,
    technology: Technology,
    demand: Demand,
    act: Act,
    side: str,
    actor: User | None,
    reason: str = "",
    position: int | None = None,
) -> Feedback:
    """Add an act to the log, with the place and probability at which the pair was shown; the demand learns from it.

    `position` is where the person saw the pair; unless given, where the match stands: for the demand's side in its list,
    for the other in the search that found it. The demand is matched again once this commits; the sweep makes up for a
    lost message.
    """
    match = selectors.of_pair(technology, demand)
    if position is None and match is not None:
        position = selectors.place_of(match) if side == Side.DEMAND else match.position
    shown = None
    if match is not None and side == Side.DEMAND:
        is_from_list = act in {Act.SHORTLIST, Act.DECLINE}
        shown = answers.shown_with(match, place=position or 1, is_from_list=is_from_list)
    noted = Feedback.objects.create(
        technology=technology, demand=demand, act=act, side=side, reason=reason, position=position,
        probability=match.chance if match else None, shown=shown, user=actor,
    )  # fmt: skip
    transaction.on_commit(partial(match_listing.delay, "demand", demand.pk), robust=True)
    return noted
