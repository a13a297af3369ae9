"""The person's deals, and the operator's board."""

import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from deals import selectors
from deals.acts import next_act
from deals.choices import Side, Turn
from deals.lifecycle import MAIN_LINE, DealState
from deals.tracking_selectors import deals_with_shares_to_settle, last_day, tracking_summary
from deals.views.common import actor_of
from marketplace.kit.pagination import paginate


@require_GET
def deal_list(request: HttpRequest) -> HttpResponse:
    """List the deals of the person's organisations, those that wait for the own side first."""
    actor = actor_of(request)
    page = paginate(request, selectors.my_deals(actor))
    organisations = set(actor.organisation_ids())
    rows = [
        {"deal": deal, "other": _other(deal, organisations), "waits": not deal.waits, "next": next_act(deal)}
        for deal in page
    ]
    return render(request, "deals/deal_list.html", {"rows": rows, "page": page})


def _other(deal: Any, organisations: set[int]) -> Any:
    return deal.licensee if deal.licensor_id in organisations else deal.licensor


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Show the running deals of the operator's exchanges by stage, with how long each stands and what is due."""
    actor = actor_of(request)
    if not actor.is_operator:
        raise Http404
    deals = list(selectors.board_deals(actor))
    tracking = tracking_summary(deals)
    deadlines = selectors.registration_deadlines(filter(None, map(_signed_on, deals)))
    unsettled = deals_with_shares_to_settle(deals)
    cards = [
        _card(deal, deadlines) | {"tracking": tracking.get(deal.pk), "to_settle": deal.pk in unsettled}
        for deal in deals
    ]  # fmt: skip
    columns = [
        {"state": state, "label": state.label, "cards": [card for card in cards if card["stage"] == state]}
        for state in MAIN_LINE
    ]
    return render(request, "deals/board.html", {"columns": columns, "total": len(cards)})


def _signed_on(deal: Any) -> datetime.date | None:
    """Give the day of signing of a contract that is not in effect yet."""
    return deal.current_list[0].signed_on if deal.state == DealState.SIGNED and deal.current_list else None


def _card(deal: Any, deadlines: dict[datetime.date, datetime.date]) -> dict[str, Any]:
    owner: Any = ""
    if deal.turn in {Turn.LICENSOR, Turn.LICENSEE}:
        owner = deal.organisation_of(Side(deal.turn))
    contract = deal.current_list[0] if deal.current_list else None
    due, effective = None, False
    if contract is not None and deal.state == DealState.SIGNED:
        effective = contract.effective_on is not None
        registers = contract.must_register and not deal.is_restricted  # else no registration clock runs
        due = contract.effective_on or (deadlines[contract.signed_on] if registers else None)
    over = last_day(contract) if contract is not None and deal.state == DealState.EFFECTIVE else None
    if over is not None and over >= timezone.localdate():
        over = None
    again = deal.state == DealState.COMPLETED  # under it something is open once more
    return {
        "stage": DealState.EFFECTIVE if again else deal.state, "again": again, "over": over, "deal": deal, "owner": owner, "both": deal.turn == Turn.BOTH, "due": due,
        "effective": effective,
    }  # fmt: skip
