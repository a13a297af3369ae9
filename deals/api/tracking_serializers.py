"""What the API of tracking reads and writes. Amounts are whole VND, as text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Organisation
from accounts.selectors import visible_organisations
from deals.models import Deduction, Invoice, Obligation, Payment, Payout, RoyaltyShare, RoyaltyStatement, SharePlan
from deals.reasons import in_words
from deals.services.tracking_payouts import Part
from deals.services.tracking_statements import Figures
from deals.tracking_choices import DeductionKind
from deals.tracking_due import Deadlines
from deals.tracking_lifecycle import ObligationState
from ledger.models import Entry
from marketplace.kit.validators import plain_text

ZERO = Decimal(0)


def money(**options: Any) -> serializers.DecimalField:
    """An amount in whole VND."""
    return serializers.DecimalField(**{"max_digits": 18, "decimal_places": 0, **options})


def percent(**options: Any) -> serializers.DecimalField:
    """A percentage 0-100."""
    return serializers.DecimalField(
        **{"max_digits": 7, "decimal_places": 4, "min_value": ZERO, "max_value": Decimal(100), **options}
    )


def text(limit: int, **options: Any) -> serializers.CharField:
    """Plain text."""
    return serializers.CharField(max_length=limit, validators=[plain_text], **options)


class WithLastDay(serializers.ModelSerializer[Any]):
    """Something that ends on a day. `last_day`: the one that counts, see `deals.tracking_due`; one query for a list."""

    last_day = serializers.DateField(read_only=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Give it with its last day, by the calendar that the whole answer shares."""
        root: Any = self.root
        days = root.context.setdefault("deadlines", Deadlines())
        days.mark([instance])
        return super().to_representation(instance)


class ObligationSerializer(WithLastDay):
    """An obligation; `forgiven`: what was given up of `amount` once a part of it was settled. `state` is that of today."""

    state = serializers.ChoiceField(source="state_today", choices=ObligationState.choices, read_only=True)

    deal = serializers.IntegerField(source="contract.deal_id", read_only=True)
    report = serializers.CharField(source="report.body", read_only=True, default=None, allow_null=True)
    waived_reason = serializers.CharField(source="waived_words", read_only=True)

    class Meta:
        model = Obligation
        fields = (
            "id", "deal", "contract", "kind", "side", "name", "period_start", "period_end", "closes_year", "due_on",
            "last_day", "amount", "forgiven", "state", "closed_on", "waived_reason", "report",
        )  # fmt: skip
        read_only_fields = fields


class DeductionSerializer(serializers.ModelSerializer[Deduction]):
    """A deduction."""

    class Meta:
        model = Deduction
        fields = ("kind", "amount")


class StatementSerializer(serializers.ModelSerializer[RoyaltyStatement]):
    """A version of a statement with its computation."""

    answer = serializers.CharField(source="answer_words", read_only=True)

    class Meta:
        model = RoyaltyStatement
        fields = (
            "id", "contract", "obligation", "version", "replaces", "period_start", "period_end", "units", "gross_sales",
            "royalty_base", "rate_pct", "base_amount", "royalty", "top_up", "credit", "amount", "computation", "note", "state",
            "filed_on", "answer",
        )  # fmt: skip
        read_only_fields = fields


class InvoiceSerializer(WithLastDay):
    """An invoice."""

    cancelled_reason = serializers.CharField(source="cancelled_words", read_only=True)

    class Meta:
        model = Invoice
        fields = (
            "id", "contract", "obligation", "statement", "number", "amount", "vat_rule", "vat_source", "issued_on",
            "due_on", "last_day", "state", "cancelled_reason",
        )  # fmt: skip
        read_only_fields = fields


class PayoutSerializer(serializers.ModelSerializer[Payout]):
    """A beneficiary's part of a payment."""

    class Meta:
        model = Payout
        fields = ("id", "payment", "role", "name", "amount", "state", "paid_on", "bank_reference")
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """Money received, or a tax certificate alone (without a bank's reference), how it is divided, and among whom; `state`
    says whether it was reversed since.
    """

    bank_reference = serializers.CharField(source="moved_by", read_only=True)
    payouts = PayoutSerializer(many=True, read_only=True)

    class Meta:
        model = Payment
        fields = (
            "id", "invoice", "amount", "withheld", "withheld_certificate", "costs", "paid_on", "bank_reference", "state",
            "reversed_on", "reversed_reason", "computation", "payouts",
        )  # fmt: skip
        read_only_fields = fields


class ShareSerializer(serializers.ModelSerializer[RoyaltyShare]):
    """An inventor's share."""

    class Meta:
        model = RoyaltyShare
        fields = ("name", "share_pct")


class PlanSerializer(serializers.ModelSerializer[SharePlan]):
    """Who gets what; `to_settle`: nobody has named the inventors, and no payment can be recorded before."""

    shares = ShareSerializer(many=True, read_only=True)
    to_settle = serializers.BooleanField(read_only=True)

    class Meta:
        model = SharePlan
        fields = (
            "version", "inventor_pct", "agreement", "intermediary", "intermediary_pct", "state_funding_pct", "shares",
            "to_settle",
        )  # fmt: skip
        read_only_fields = fields


class LineSerializer(serializers.ModelSerializer[Entry]):
    """An entry of the ledger."""

    date = serializers.DateField(source="transfer.date")
    account = serializers.CharField(source="account.kind")
    description = serializers.SerializerMethodField()
    bank_reference = serializers.CharField(source="transfer.bank_reference")

    class Meta:
        model = Entry
        fields = ("date", "account", "amount", "description", "bank_reference")

    def get_description(self, line: Entry) -> str:
        """Give the invoice's number, or why its transfer was reversed."""
        return in_words(line.transfer.description)


class HoldSerializer(serializers.Serializer[Any]):
    """What keeps the contract from being completed, or is open again under a completed one: no_term, term (day),
    obligations, statements, invoices, dispute.
    """

    code = serializers.CharField()
    count = serializers.IntegerField()
    day = serializers.DateField(allow_null=True)


class TrackingSerializer(serializers.Serializer[Any]):
    """Everything about a contract in effect."""

    contract = serializers.CharField()
    effective_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    kept_open_by = HoldSerializer(many=True)
    obligations = ObligationSerializer(many=True)
    statements = StatementSerializer(many=True)
    invoices = InvoiceSerializer(many=True)
    payments = PaymentSerializer(many=True)
    shares = PlanSerializer(allow_null=True)
    ledger = LineSerializer(many=True)


class NewDeductionSerializer(serializers.Serializer[Any]):
    """A deduction to declare."""

    kind = serializers.ChoiceField(choices=DeductionKind.choices)
    amount = money(min_value=ZERO)


class NewStatementSerializer(serializers.Serializer[Any]):
    """What was sold in a period."""

    period_start = serializers.DateField()
    period_end = serializers.DateField()
    units = serializers.DecimalField(max_digits=15, decimal_places=3, min_value=ZERO, default=ZERO)
    gross_sales = money(min_value=ZERO)
    deductions = NewDeductionSerializer(many=True, default=list)
    note = text(2000, allow_blank=True, default="")

    def validate_deductions(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse a kind that stands twice."""
        kinds = [row["kind"] for row in rows]
        if len(kinds) != len(set(kinds)):
            raise serializers.ValidationError(_("Give each deduction once."))
        return rows

    @staticmethod
    def figures(data: Mapping[str, Any]) -> Figures:
        """Give what was declared."""
        return Figures(
            units=data["units"],
            gross_sales=data["gross_sales"],
            deductions={row["kind"]: row["amount"] for row in data["deductions"] if row["amount"]},
            note=data["note"],
        )


class StepSerializer(serializers.Serializer[Any]):
    """A line of a computation."""

    code = serializers.CharField()
    kind = serializers.CharField(allow_blank=True)
    value = serializers.DecimalField(max_digits=22, decimal_places=4)


class ComputationSerializer(serializers.Serializer[Any]):
    """What a statement would come to."""

    base_amount = money()
    royalty = money()
    top_up = money()
    credit = money()
    amount = money()
    steps = StepSerializer(many=True)


class TrackingReasonSerializer(serializers.Serializer[Any]):
    """A reason."""

    reason = text(2000)


class QuestionSerializer(serializers.Serializer[Any]):
    """A question."""

    question = text(2000)


class NewReportSerializer(serializers.Serializer[Any]):
    """An annual report."""

    body = text(20000)


class NewPaymentSerializer(serializers.Serializer[Any]):
    """Money received, tax withheld, or both; the bank's reference may be left out where no money came."""

    amount = money(min_value=ZERO)
    withheld = money(min_value=ZERO, default=ZERO)
    withheld_certificate = text(120, allow_blank=True, default="")
    costs = money(min_value=ZERO, default=ZERO)
    paid_on = serializers.DateField()
    bank_reference = text(120, allow_blank=True, default="")


class NewPayoutSerializer(serializers.Serializer[Any]):
    """A part that was paid."""

    paid_on = serializers.DateField()
    bank_reference = text(120)


class NewPartSerializer(serializers.Serializer[Any]):
    """One inventor: a name, a share, and an e-mail by which whoever owns it sees what is paid."""

    name = text(150)
    email = serializers.EmailField(required=False, allow_blank=True, default="")
    share_pct = percent(min_value=Decimal("0.0001"))


class WritePlanSerializer(serializers.Serializer[Any]):
    """A plan of shares to settle."""

    version = serializers.IntegerField()
    inventor_pct = percent(allow_null=True, default=None)
    agreement = text(200, allow_blank=True, default="")
    intermediary = serializers.IntegerField(allow_null=True, default=None)
    intermediary_pct = percent(allow_null=True, default=None)
    state_funding_pct = percent(default=ZERO)
    shares = NewPartSerializer(many=True)

    def validate_intermediary(self, pk: int | None) -> Organisation | None:
        """Give the organisation."""
        if pk is None:
            return None
        viewer = self.context["request"].user
        found = visible_organisations(viewer).filter(pk=pk, kind="intermediary").first()
        if found is None:
            raise serializers.ValidationError(_("This is not an intermediary on the exchange."))
        return found

    @staticmethod
    def plan(data: Mapping[str, Any]) -> dict[str, Any]:
        """Give what the service takes."""
        values = dict(data)
        values["parts"] = [
            Part(
                name=row["name"],
                share_pct=row["share_pct"],
                email=row["email"],
            )
            for row in values.pop("shares")
        ]
        return values
