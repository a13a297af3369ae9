"""What follows a contract in effect, over the API."""

from collections.abc import Mapping
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deals import tracking_policies as policies
from deals import tracking_selectors as selectors
from deals.api.tracking_serializers import (
    ComputationSerializer,
    InvoiceSerializer,
    LineSerializer,
    NewPaymentSerializer,
    NewPayoutSerializer,
    NewReportSerializer,
    NewStatementSerializer,
    ObligationSerializer,
    PaymentSerializer,
    PayoutSerializer,
    PlanSerializer,
    QuestionSerializer,
    StatementSerializer,
    TrackingReasonSerializer,
    TrackingSerializer,
    WritePlanSerializer,
)
from deals.models import Contract, Invoice, Obligation, RoyaltyStatement
from deals.services import tracking as obligations
from deals.services import tracking_invoices as invoices
from deals.services import tracking_payouts as payouts
from deals.services import tracking_reversals as reversals
from deals.services import tracking_statements as statements
from deals.services import tracking_waivers as waivers
from deals.tracking_due import Deadlines
from marketplace.kit.errors import require


def actor_of(request: Request) -> Any:
    """Give the signed-in person; the permission classes have seen to it that there is one."""
    return request.user


def read(serializer: type[Any], request: Request, **known: Any) -> dict[str, Any]:
    """Give what was sent, checked; `known` stands in for what was left out. Raises the API's ValidationError."""
    sent: Any = request.data
    if known and isinstance(sent, Mapping):  # a list, a number or nothing is refused by the serializer
        sent = {**known, **sent}
    form = serializer(data=sent, context={"request": request})
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class OfDeal(APIView):
    """Something about the contract in effect of a deal; 404 to whoever does not see the deal."""

    def contract(self, pk: int) -> Contract:
        """Give it or 404."""
        viewer: Any = self.request.user
        return get_object_or_404(selectors.visible_contracts(viewer), deal_id=pk)


class OfStatement(APIView):
    """An act on a statement; 404 to whoever does not see it."""

    def statement(self, pk: int) -> RoyaltyStatement:
        """Give it or 404."""
        viewer: Any = self.request.user
        return get_object_or_404(selectors.visible_statements(viewer), pk=pk)


class OfObligation(APIView):
    """An act on an obligation; 404 to whoever does not see it."""

    def obligation(self, pk: int) -> Obligation:
        """Give it or 404."""
        viewer: Any = self.request.user
        return get_object_or_404(selectors.visible_obligations(viewer), pk=pk)


class OfInvoice(APIView):
    """An act on an invoice; 404 to whoever does not see it."""

    def invoice(self, pk: int) -> Invoice:
        """Give it or 404."""
        viewer: Any = self.request.user
        return get_object_or_404(selectors.visible_invoices(viewer), pk=pk)


class Tracking(OfDeal):
    """Everything about a contract in effect that the viewer may see."""

    @extend_schema(responses=TrackingSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it. How the supplier divides its money is left out for others."""
        contract = self.contract(pk)
        viewer: Any = request.user
        sees = policies.sees_shares(viewer, contract.deal)
        plan = selectors.share_plan(contract) if sees else None
        days: dict[str, Any] = {"deadlines": Deadlines()}
        return Response(
            {
                "contract": contract.number,
                "effective_on": contract.effective_on,
                "ends_on": selectors.last_day(contract),
                "kept_open_by": [
                    {"code": hold.code, "count": hold.count, "day": hold.day}
                    for hold in selectors.holds(contract, on=timezone.localdate())
                ],
                "obligations": ObligationSerializer(selectors.obligations_of(contract), many=True, context=days).data,
                "statements": StatementSerializer(selectors.statements_of(contract), many=True).data,
                "invoices": InvoiceSerializer(selectors.invoices_of(contract), many=True, context=days).data,
                "payments": PaymentSerializer(selectors.payments_of(contract), many=True).data if sees else [],
                "shares": PlanSerializer(plan).data if plan else None,
                "ledger": LineSerializer(selectors.ledger_lines(contract, viewer), many=True).data,
            }
        )


class Statements(OfDeal):
    """The statements of a deal."""

    @extend_schema(request=NewStatementSerializer, responses={201: StatementSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """File one."""
        contract = self.contract(pk)
        data = read(NewStatementSerializer, request)
        filed = statements.file_statement(
            contract=contract, period_start=data["period_start"], period_end=data["period_end"],
            figures=NewStatementSerializer.figures(data), actor=actor_of(request),
        )  # fmt: skip
        return Response(StatementSerializer(filed).data, status=status.HTTP_201_CREATED)


class Preview(OfDeal):
    """What a statement would come to."""

    @extend_schema(request=NewStatementSerializer, responses=ComputationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Compute it, store nothing."""
        contract = self.contract(pk)
        data = read(NewStatementSerializer, request)
        result = statements.preview_statement(
            contract=contract, period_start=data["period_start"], period_end=data["period_end"],
            figures=NewStatementSerializer.figures(data), actor=actor_of(request),
        )  # fmt: skip
        return Response(ComputationSerializer(result).data)


class Shares(OfDeal):
    """Who gets what of the payments."""

    @extend_schema(request=WritePlanSerializer, responses=PlanSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Settle it, on top of `version`."""
        contract = self.contract(pk)
        viewer: Any = request.user
        require(policies.can_share_out(viewer, contract.deal))
        data = read(WritePlanSerializer, request)
        payouts.set_share_plan(contract=contract, actor=viewer, **WritePlanSerializer.plan(data))
        return Response(PlanSerializer(selectors.share_plan(contract)).data)


class Statement(OfStatement):
    """One statement, with every step of its computation."""

    @extend_schema(responses=StatementSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it."""
        return Response(StatementSerializer(self.statement(pk)).data)


class Correct(OfStatement):
    """A corrected version."""

    @extend_schema(request=NewStatementSerializer, responses={201: StatementSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """File it; the period stays that of the statement."""
        found = self.statement(pk)
        data = read(NewStatementSerializer, request, period_start=found.period_start, period_end=found.period_end)
        corrected = statements.correct_statement(
            statement=found, figures=NewStatementSerializer.figures(data), actor=actor_of(request)
        )
        return Response(StatementSerializer(corrected).data, status=status.HTTP_201_CREATED)


class Accept(OfStatement):
    """Accept a statement."""

    @extend_schema(request=None, responses=StatementSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Accept it; an invoice is issued."""
        accepted = statements.accept_statement(statement=self.statement(pk), actor=actor_of(request))
        return Response(StatementSerializer(accepted).data)


class Question(OfStatement):
    """Question a statement."""

    @extend_schema(request=QuestionSerializer, responses=StatementSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Ask."""
        found = self.statement(pk)
        question = read(QuestionSerializer, request)["question"]
        asked = statements.question_statement(statement=found, question=question, actor=actor_of(request))
        return Response(StatementSerializer(asked).data)


class Obligations(generics.ListAPIView[Any]):
    """What is still owed under the viewer's contracts; `?show=overdue` narrows it to what is past its day."""

    serializer_class = ObligationSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Give what the viewer may see."""
        viewer: Any = self.request.user
        return selectors.open_obligations(viewer, overdue_only=self.request.GET.get("show") == "overdue")


class IssueInvoice(OfObligation):
    """Invoice a sum."""

    @extend_schema(request=None, responses={201: InvoiceSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Issue it."""
        invoice = invoices.issue_invoice(obligation=self.obligation(pk), actor=actor_of(request))
        return Response(InvoiceSerializer(invoice).data, status=status.HTTP_201_CREATED)


class Waive(OfObligation):
    """Waive an obligation."""

    @extend_schema(request=TrackingReasonSerializer, responses=ObligationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Waive it, with a reason."""
        found = self.obligation(pk)
        reason = read(TrackingReasonSerializer, request)["reason"]
        waived = waivers.waive_obligation(obligation=found, reason=reason, actor=actor_of(request))
        return Response(ObligationSerializer(waived).data)


class Report(OfObligation):
    """The annual report."""

    @extend_schema(request=NewReportSerializer, responses={201: ObligationSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """File it."""
        found = self.obligation(pk)
        report = obligations.file_annual_report(
            obligation=found, body=read(NewReportSerializer, request)["body"], actor=actor_of(request)
        )
        return Response(ObligationSerializer(report.obligation).data, status=status.HTTP_201_CREATED)


class Payments(OfInvoice):
    """Money received for an invoice."""

    @extend_schema(request=NewPaymentSerializer, responses={201: PaymentSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Confirm it; it is divided at once."""
        found = self.invoice(pk)
        payment = payouts.record_payment(invoice=found, actor=actor_of(request), **read(NewPaymentSerializer, request))
        return Response(PaymentSerializer(payment).data, status=status.HTTP_201_CREATED)


class CancelInvoice(OfInvoice):
    """Cancel an invoice."""

    @extend_schema(request=TrackingReasonSerializer, responses=InvoiceSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel it, with a reason."""
        found = self.invoice(pk)
        reason = read(TrackingReasonSerializer, request)["reason"]
        return Response(
            InvoiceSerializer(invoices.cancel_invoice(invoice=found, reason=reason, actor=actor_of(request))).data
        )


class ForgiveRest(OfInvoice):
    """What is left of an invoice that was paid in part."""

    @extend_schema(request=TrackingReasonSerializer, responses=InvoiceSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Give it up, with a reason."""
        found = self.invoice(pk)
        reason = read(TrackingReasonSerializer, request)["reason"]
        forgiven = waivers.forgive_rest(invoice=found, reason=reason, actor=actor_of(request))
        return Response(InvoiceSerializer(forgiven).data)


class ReversePayment(APIView):
    """A payment that was recorded by mistake."""

    @extend_schema(request=TrackingReasonSerializer, responses=PaymentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Reverse it, with a reason: its invoice is open again, its payouts are void."""
        viewer: Any = request.user
        found = get_object_or_404(selectors.visible_payments(viewer), pk=pk)
        require(policies.can_invoice(viewer, found.invoice.contract.deal))
        reason = read(TrackingReasonSerializer, request)["reason"]
        reversed_ = reversals.reverse_payment(payment=found, reason=reason, actor=viewer)
        return Response(PaymentSerializer(reversed_).data)


class Payouts(generics.ListAPIView[Any]):
    """The viewer's own parts of payments."""

    serializer_class = PayoutSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Give the own ones."""
        viewer: Any = self.request.user
        return selectors.my_payouts(viewer)


class PayoutPaid(APIView):
    """Record that a part was paid."""

    @extend_schema(request=NewPayoutSerializer, responses=PayoutSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Record it."""
        viewer: Any = request.user
        found = get_object_or_404(selectors.visible_payouts(viewer), pk=pk)
        paid = payouts.record_payout(payout=found, actor=viewer, **read(NewPayoutSerializer, request))
        return Response(PayoutSerializer(paid).data)


class TakeBackPayout(APIView):
    """A payout that was recorded by mistake."""

    @extend_schema(request=TrackingReasonSerializer, responses=PayoutSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Take it back, with a reason: it is due again."""
        viewer: Any = request.user
        found = get_object_or_404(selectors.visible_payouts(viewer), pk=pk)
        require(policies.can_share_out(viewer, found.payment.invoice.contract.deal))
        reason = read(TrackingReasonSerializer, request)["reason"]
        taken = reversals.take_back_payout(payout=found, reason=reason, actor=viewer)
        return Response(PayoutSerializer(taken).data)
