"""Seats over the API: what is offered to the person, and who sits in an organisation or at an exchange."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import policies, seat_services, selectors
from accounts.api import OwnOrganisation
from accounts.models import Exchange, Invitation, Membership, Organisation
from accounts.serializers import InvitationSerializer, NewExchangeSeatSerializer, NewSeatSerializer, SeatSerializer


class _Seats(APIView):
    """Seats of a place."""

    def invite(self, place: Organisation | Exchange, serializer: type[NewSeatSerializer]) -> Response:
        """Offer a seat."""
        actor: Any = self.request.user
        if not selectors.may_invite(actor, place):
            self.permission_denied(self.request)
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        made = seat_services.invite(place=place, actor=actor, **form.validated_data)
        return Response(InvitationSerializer(made).data, status=status.HTTP_201_CREATED)

    def end(self, seat: Membership | None) -> Response:
        """End a seat."""
        if seat is None:
            raise Http404
        actor: Any = self.request.user
        return Response(SeatSerializer(seat_services.end_membership(membership=seat, actor=actor)).data)

    def offers(self, place: Organisation | Exchange) -> Response:
        """List the invitations that wait, to whoever makes them."""
        actor: Any = self.request.user
        if not selectors.may_invite(actor, place):
            self.permission_denied(self.request)
        return Response(InvitationSerializer(selectors.open_invitations(place), many=True).data)

    def withdraw(self, place: Organisation | Exchange, pk: int) -> Response:
        """Take an invitation back."""
        found = selectors.invitation(pk)
        if found is None or found.place != place:
            raise Http404
        actor: Any = self.request.user
        return Response(InvitationSerializer(seat_services.withdraw(invitation=found, actor=actor)).data)


class Members(OwnOrganisation, _Seats):
    """The seats of an organisation."""

    @extend_schema(responses=SeatSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them."""
        return Response(SeatSerializer(selectors.members_of(self.organisation(pk)), many=True).data)

    @extend_schema(request=NewSeatSerializer, responses={201: InvitationSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Invite a person to a seat, which counts once the person has accepted it."""
        return self.invite(self.organisation(pk), NewSeatSerializer)


class EndMembership(OwnOrganisation, _Seats):
    """End a seat in an organisation, or leave it."""

    @extend_schema(request=None, responses=SeatSerializer)
    def post(self, request: Request, pk: int, seat: int) -> Response:
        """End it."""
        return self.end(selectors.membership(seat, self.organisation(pk)))


class Invitations(OwnOrganisation, _Seats):
    """The invitations of an organisation that wait for an answer."""

    @extend_schema(responses=InvitationSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them."""
        return self.offers(self.organisation(pk))


class Withdraw(OwnOrganisation, _Seats):
    """Take an invitation of an organisation back."""

    @extend_schema(request=None, responses=InvitationSerializer)
    def post(self, request: Request, pk: int, invitation: int) -> Response:
        """Withdraw it."""
        return self.withdraw(self.organisation(pk), invitation)


class OwnExchange(_Seats):
    """The people of an exchange, for those who serve it; others get 404."""

    def exchange(self, pk: int) -> Exchange:
        """Give it or 404."""
        actor: Any = self.request.user
        if not policies.serves_exchange(actor, pk):
            raise Http404
        return get_object_or_404(selectors.exchanges(), pk=pk)


class ExchangeMembers(OwnExchange):
    """The seats at an exchange."""

    @extend_schema(responses=SeatSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them."""
        return Response(SeatSerializer(selectors.seats_at(self.exchange(pk)), many=True).data)

    @extend_schema(request=NewExchangeSeatSerializer, responses={201: InvitationSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Invite a person to a seat, as a manager; it counts once the person has accepted it."""
        return self.invite(self.exchange(pk), NewExchangeSeatSerializer)


class EndExchangeSeat(OwnExchange):
    """End a seat at an exchange as its manager, or leave it."""

    @extend_schema(request=None, responses=SeatSerializer)
    def post(self, request: Request, pk: int, seat: int) -> Response:
        """End it."""
        actor: Any = request.user
        found = next((own for own in actor.all_seats if own.pk == seat and own.exchange_id == pk), None)
        return self.end(found or selectors.seat_at(seat, self.exchange(pk)))


class ExchangeInvitations(OwnExchange):
    """The invitations of an exchange that wait for an answer."""

    @extend_schema(responses=InvitationSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them."""
        return self.offers(self.exchange(pk))


class ExchangeWithdraw(OwnExchange):
    """Take an invitation of an exchange back."""

    @extend_schema(request=None, responses=InvitationSerializer)
    def post(self, request: Request, pk: int, invitation: int) -> Response:
        """Withdraw it."""
        return self.withdraw(self.exchange(pk), invitation)


class MyInvitations(APIView):
    """The seats that are offered to the person."""

    @extend_schema(responses=InvitationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them."""
        actor: Any = request.user
        return Response(InvitationSerializer(selectors.invitations_to(actor), many=True).data)


class _Answer(APIView):
    def invitation(self, pk: int) -> Invitation:
        """Give an invitation to an address of the person, or 404."""
        actor: Any = self.request.user
        found = selectors.invitation(pk)
        if found is None or found.email not in selectors.addresses_of(actor):
            raise Http404
        return found


class Accept(_Answer):
    """Take an offered seat."""

    @extend_schema(request=None, responses=SeatSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Accept it."""
        actor: Any = request.user
        return Response(SeatSerializer(seat_services.accept(invitation=self.invitation(pk), actor=actor)).data)


class Decline(_Answer):
    """Refuse an offered seat."""

    @extend_schema(request=None, responses=InvitationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Decline it."""
        actor: Any = request.user
        done = seat_services.decline(invitation=self.invitation(pk), actor=actor)
        return Response(InvitationSerializer(done).data)
