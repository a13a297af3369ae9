"""Pages of seats: what is offered to the person, and who sits in an organisation or at an exchange."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import policies, seat_services, selectors
from accounts.forms import MemberForm
from accounts.lifecycle import InvitationState
from accounts.models import EXCHANGE_ROLES, Exchange, Invitation, Membership, Organisation
from accounts.views import actor_of, organisation_page, own_organisation
from marketplace.kit.errors import Conflict, require


@require_GET
def my_organisations(request: HttpRequest) -> HttpResponse:
    """List the person's seats, and those that are offered."""
    actor = actor_of(request)
    context = {"seats": actor.all_seats, "invitations": selectors.invitations_to(actor)}
    return render(request, "accounts/my_organisations.html", context)


def own_invitation(request: HttpRequest, pk: int) -> Invitation:
    """Give an invitation that was sent to an address of the person, answered or not; else 404."""
    found = selectors.invitation(pk)
    if found is None or found.email not in selectors.addresses_of(actor_of(request)):
        raise Http404
    return found


@require_POST
def accept_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the offered seat."""
    seat = seat_services.accept(invitation=own_invitation(request, pk), actor=actor_of(request))
    messages.success(request, _("You have the role now."))
    if seat.organisation_id is not None:
        return redirect("accounts:organisation", seat.organisation_id)
    return redirect("accounts:my_organisations")


@require_POST
def decline_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse the offered seat."""
    seat_services.decline(invitation=own_invitation(request, pk), actor=actor_of(request))
    messages.success(request, _("You have declined the role."))
    return redirect("accounts:my_organisations")


@require_POST
def add_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a seat in an organisation."""

    subject = own_organisation(request, pk)

    def page(*, status: int, form: MemberForm) -> HttpResponse:
        return organisation_page(request, subject, status=status, member_form=form)

    return _offer(request, subject, MemberForm(request.POST), page, "accounts:organisation")


def _offer(
    request: HttpRequest, place: Organisation | Exchange, form: MemberForm, page: Callable[..., HttpResponse], then: str
) -> HttpResponse:
    """Offer a seat and go to the page of the place, or show `page` with the form as it was sent."""
    require(selectors.may_invite(actor_of(request), place))
    if not form.is_valid():
        return page(status=400, form=form)
    try:
        made = seat_services.invite(place=place, actor=actor_of(request), **form.cleaned_data)
    except Conflict as conflict:
        form.add_error("email", conflict.message)
        return page(status=409, form=form)
    messages.success(request, _sent(made))
    return redirect(then, place.pk)


def _sent(made: Invitation) -> str:
    if made.state == InvitationState.PENDING:
        return _(
            "The invitation waits for its answer. The person finds it after signing in; a letter tells of it, but of "
            "several invitations to one address not each on the same day."
        )
    return _("You have the role now.")


def _end(request: HttpRequest, seat: Membership | None) -> bool:
    """End a seat; tell whether it was the person's own."""
    if seat is None:
        raise Http404
    seat_services.end_membership(membership=seat, actor=actor_of(request))
    messages.success(request, _("The seat has ended."))
    return seat.user_id == actor_of(request).pk


@require_POST
def end_membership(request: HttpRequest, pk: int, seat: int) -> HttpResponse:
    """End a seat in an organisation, or leave it."""
    own = _end(request, selectors.membership(seat, own_organisation(request, pk)))
    return redirect("accounts:my_organisations") if own else redirect("accounts:organisation", pk)


@require_POST
def withdraw_invitation(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Take an offer of an organisation back."""
    _withdraw(request, own_organisation(request, pk), invitation)
    return redirect("accounts:organisation", pk)


def _withdraw(request: HttpRequest, place: Organisation | Exchange, pk: int) -> None:
    found = selectors.invitation(pk)
    if found is None or found.place != place:
        raise Http404
    seat_services.withdraw(invitation=found, actor=actor_of(request))
    messages.success(request, _("The invitation is withdrawn."))


def own_exchange(request: HttpRequest, pk: int) -> Exchange:
    """Give an exchange that the person serves; else 404."""
    if not policies.serves_exchange(actor_of(request), pk):
        raise Http404
    return get_object_or_404(selectors.exchanges(), pk=pk)


@require_GET
def exchange_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who serves the exchange; its managers offer and end seats."""
    return exchange_page(request, own_exchange(request, pk))


def exchange_page(request: HttpRequest, subject: Exchange, *, status: int = 200, form: Any = None) -> HttpResponse:
    """Render the page, with the form as it was sent when it was refused."""
    may_invite = selectors.may_invite(actor_of(request), subject)
    if form is None:
        form = _exchange_form()
    context = {
        "exchange": subject,
        "members": selectors.seats_at(subject),
        "can_manage": may_invite,
        "invitations": selectors.open_invitations(subject) if may_invite else [],
        "member_form": form,
    }
    return render(request, "accounts/exchange_people.html", context, status=status)


def _exchange_form(*args: Any) -> MemberForm:
    form = MemberForm(*args)
    form.offer_only(*EXCHANGE_ROLES)
    return form


@require_POST
def add_exchange_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a seat at an exchange."""
    subject = own_exchange(request, pk)
    page = partial(exchange_page, request, subject)
    return _offer(request, subject, _exchange_form(request.POST), page, "accounts:exchange_people")


@require_POST
def end_exchange_seat(request: HttpRequest, pk: int, seat: int) -> HttpResponse:
    """End a seat at an exchange, or leave it, also where it does not count for want of the second step."""
    found = next((own for own in actor_of(request).all_seats if own.pk == seat and own.exchange_id == pk), None)
    own = _end(request, found or selectors.seat_at(seat, own_exchange(request, pk)))
    return redirect("accounts:my_organisations") if own else redirect("accounts:exchange_people", pk)


@require_POST
def withdraw_exchange_invitation(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Take an offer of an exchange back."""
    _withdraw(request, own_exchange(request, pk), invitation)
    return redirect("accounts:exchange_people", pk)
