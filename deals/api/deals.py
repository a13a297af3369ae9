"""Deals, confidentiality agreement, offers and messages over the API."""

from typing import Any

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from deals import selectors, services
from deals.api.common import OfDeal
from deals.api.serializers import (
    AcceptNDASerializer,
    DealReasonSerializer,
    DealSerializer,
    EnquirySerializer,
    MessageSerializer,
    NDASerializer,
    NewOfferSerializer,
    OfferSerializer,
)
from deals.models import Offer
from deals.views.common import pdf_response
from listings.selectors import my_demands, visible_technologies


class Deals(generics.ListAPIView):
    """The deals that the caller may see, newest first. POST sends an enquiry."""

    serializer_class = DealSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Give what the caller may see."""
        viewer: Any = self.request.user
        return selectors.visible_deals(viewer)

    @extend_schema(request=EnquirySerializer, responses={201: DealSerializer})
    def post(self, request: Request) -> Response:
        """Ask the owner of a technology for one of the caller's organisations."""
        form = EnquirySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        actor: Any = request.user
        technology = get_object_or_404(visible_technologies(actor), pk=values["technology"])
        organisation = selectors.own_organisation(actor, values["organisation"])
        if organisation is None:
            self.permission_denied(request)
        demand = None
        if values.get("demand") is not None:
            demand = my_demands(actor).filter(pk=values["demand"]).first()
            if demand is None:
                raise ApiValidationError({"demand": [_("Choose a demand of your own organisation.")]})
        deal = services.open_enquiry(
            technology=technology, organisation=organisation, actor=actor, message=values["message"], demand=demand,
            match_id=values.get("match"),
        )  # fmt: skip
        return Response(DealSerializer(deal, context={"request": request}).data, status=status.HTTP_201_CREATED)


class DealDetail(OfDeal):
    """One deal."""

    @extend_schema(responses=DealSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it."""
        return self.answer(pk)


class AcceptEnquiry(OfDeal):
    """The supplier accepts the enquiry."""

    @extend_schema(request=None, responses=DealSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Accept it."""
        services.accept_enquiry(deal=self.deal(pk), actor=request.user)
        return self.answer(pk)


class WithReason(OfDeal):
    """An act that needs a reason."""

    service: Any = None

    @extend_schema(request=DealReasonSerializer, responses=DealSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Do it."""
        deal = self.deal(pk)
        type(self).service(deal=deal, actor=request.user, **self.read(DealReasonSerializer))
        return self.answer(pk)


class DeclineEnquiry(WithReason):
    """The supplier declines the enquiry."""

    service = staticmethod(services.decline_enquiry)


class BreakOff(WithReason):
    """Either side ends the deal before anything is signed."""

    service = staticmethod(services.break_off)


class Terminate(WithReason):
    """Either side records the end of a signed contract."""

    service = staticmethod(services.terminate_deal)


class Reopen(WithReason):
    """Either side reopens agreed terms."""

    service = staticmethod(services.reopen_terms)


class Messages(OfDeal):
    """The messages of a deal."""

    @extend_schema(responses=MessageSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them, oldest first."""
        return Response(MessageSerializer(selectors.messages_of(self.deal(pk)), many=True).data)

    @extend_schema(request=MessageSerializer, responses={201: MessageSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Write one."""
        deal = self.deal(pk)
        message = services.post_message(deal=deal, actor=request.user, message=self.read(MessageSerializer)["body"])
        return Response(MessageSerializer(message).data, status=status.HTTP_201_CREATED)


class ConfidentialityAgreement(OfDeal):
    """The confidentiality agreement."""

    @extend_schema(responses=NDASerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it."""
        nda = selectors.nda_of(self.deal(pk))
        if nda is None:
            raise Http404
        return Response(NDASerializer(nda).data)


class ConfidentialityAgreementPdf(OfDeal):
    """The confidentiality agreement as a PDF."""

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> FileResponse:
        """Send it."""
        nda = selectors.nda_of(self.deal(pk))
        if nda is None:
            raise Http404
        return pdf_response(nda.file, f"{self.deal(pk).code}-NDA.pdf")


class AcceptNDA(OfDeal):
    """Accept the confidentiality agreement for the own side."""

    @extend_schema(request=AcceptNDASerializer, responses=DealSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Accept the text with this hash."""
        deal = self.deal(pk)
        services.accept_nda(deal=deal, actor=request.user, **self.read(AcceptNDASerializer))
        return self.answer(pk)


class OfOffer(OfDeal):
    """What offers share."""

    def offer(self, pk: int, number: int) -> Offer:
        """Give the offer of a round or 404."""
        offer = selectors.offer_of_round(self.deal(pk), number)
        if offer is None:
            raise Http404
        return offer

    def values(self) -> dict[str, Any]:
        """Read an offer for the service."""
        values = self.read(NewOfferSerializer)
        terms = dict(values.pop("terms"))
        return {**values, "terms": terms, "milestones": terms.pop("milestones", [])}

    def answer_offer(self, offer: Offer, *, code: int = status.HTTP_200_OK) -> Response:
        """Give the offer as it stands now."""
        stored = next(row for row in selectors.offers_of(offer.deal) if row.pk == offer.pk)
        return Response(OfferSerializer(stored).data, status=code)


class Offers(OfOffer):
    """The offers of a deal by round. POST makes one when none is open."""

    @extend_schema(responses=OfferSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them."""
        return Response(OfferSerializer(selectors.offers_of(self.deal(pk)), many=True).data)

    @extend_schema(request=NewOfferSerializer, responses={201: OfferSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Make an offer."""
        deal = self.deal(pk)
        offer = services.make_offer(deal=deal, actor=request.user, **self.values())
        return self.answer_offer(offer, code=status.HTTP_201_CREATED)


class CounterOffer(OfOffer):
    """Answer the other side's open offer with another one."""

    @extend_schema(request=NewOfferSerializer, responses={201: OfferSerializer})
    def post(self, request: Request, pk: int, number: int) -> Response:
        """Make the counter-offer."""
        offer = self.offer(pk, number)
        values = self.values()
        values.pop("last_round", None)  # the address names the round
        answer = services.counter_offer(offer=offer, actor=request.user, **values)
        return self.answer_offer(answer, code=status.HTTP_201_CREATED)


class AcceptOffer(OfOffer):
    """Accept the other side's open offer."""

    @extend_schema(request=None, responses=OfferSerializer)
    def post(self, request: Request, pk: int, number: int) -> Response:
        """Accept it."""
        return self.answer_offer(services.accept_offer(offer=self.offer(pk, number), actor=request.user))


class WithdrawOffer(OfOffer):
    """Take back the own side's open offer."""

    @extend_schema(request=None, responses=OfferSerializer)
    def post(self, request: Request, pk: int, number: int) -> Response:
        """Withdraw it."""
        return self.answer_offer(services.withdraw_offer(offer=self.offer(pk, number), actor=request.user))
