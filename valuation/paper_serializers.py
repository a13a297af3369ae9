"""Shapes of reports, runs and appraisals in the API."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from valuation.appraisal_selectors import verified_firms
from valuation.models import Appraisal, Certificate, Granted, Report, ReportFile, Run


class ReportFileSerializer(serializers.ModelSerializer[ReportFile]):
    """A file with its hash and where it is fetched."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = ReportFile
        fields = ["kind", "size", "sha256", "url"]

    def get_url(self, row: ReportFile) -> str:
        """Give the address of the file."""
        return reverse("api:valuation_report_file", args=[row.report.number, row.kind])


class ReportSerializer(serializers.ModelSerializer[Report]):
    """A report: number, hash of its content, files."""

    files = ReportFileSerializer(many=True)
    technology = serializers.IntegerField(source="suggestion.technology_id")

    class Meta:
        model = Report
        fields = ["number", "technology", "suggestion", "content_hash", "made_at", "files"]
        read_only_fields = fields


class CheckSerializer(serializers.Serializer[Any]):
    """One thing that was checked."""

    name = serializers.CharField()
    equal = serializers.BooleanField()


class VerdictSerializer(serializers.Serializer[Any]):
    """Whether a report is what was drawn up."""

    number = serializers.CharField()
    equal = serializers.BooleanField()
    differs_by_methods = serializers.BooleanField(
        help_text="Content, files and suggestion are unchanged; only what later methods compute differs."
    )
    checks = CheckSerializer(many=True)
    made_with = serializers.CharField()
    computed_with = serializers.CharField()


class RunSerializer(serializers.ModelSerializer[Run]):
    """A computation: how far it is and what came of it."""

    report = serializers.CharField(source="report.number", allow_null=True, default=None)

    class Meta:
        model = Run
        fields = [
            "id", "kind", "state", "percent", "done", "out_of", "failures", "technology", "exchange", "suggestion",
            "report", "requested_at", "ended_at",
        ]  # fmt: skip
        read_only_fields = fields


class CertificateSerializer(serializers.ModelSerializer[Certificate]):
    """A certificate; `holds` tells whether it is in its validity today."""

    firm = serializers.CharField(source="appraisal.firm", read_only=True)
    holds = serializers.SerializerMethodField()
    purpose = serializers.CharField(source="named_purpose", read_only=True)
    right = serializers.CharField(source="named_right", read_only=True)
    term_years = serializers.IntegerField(source="named_term", read_only=True, allow_null=True)

    class Meta:
        model = Certificate
        fields = [
            "number", "firm", "purpose", "right", "term_years", "issued_on", "valued_on", "valid_until", "holds", "basis", "value", "currency",
            "appraiser_name", "appraiser_licence", "sha256",
        ]  # fmt: skip
        read_only_fields = fields

    def get_holds(self, row: Certificate) -> bool:
        """Tell whether it holds today."""
        return row.holds_on(timezone.localdate())


class AppraisalSerializer(serializers.ModelSerializer[Appraisal]):
    """A commission and its certificate. While the firm is not verified it can only be declined or taken back."""

    firm_is_verified = serializers.BooleanField(source="firm.is_verified", read_only=True)
    certificate = serializers.SerializerMethodField()

    class Meta:
        model = Appraisal
        fields = [
            "id", "technology", "firm", "firm_is_verified", "client", "counterparty", "deal_id", "purpose", "right", "term_years", "brief", "due_on", "state",
            "created_at", "independence_declared_at", "ended_reason", "certificate",
        ]  # fmt: skip
        read_only_fields = fields

    def get_certificate(self, row: Appraisal) -> dict[str, Any] | None:
        """Give the certificate, or nothing."""
        found = getattr(row, "certificate", None)
        return None if found is None else dict(CertificateSerializer(found).data)


class CommissionSerializer(serializers.Serializer[Any]):
    """What a firm is asked to appraise."""

    firm = serializers.PrimaryKeyRelatedField(queryset=verified_firms())
    purpose = serializers.ChoiceField(choices=Appraisal.Purpose.choices, required=False)
    right = serializers.ChoiceField(choices=Granted.choices, required=False, allow_blank=True)
    term_years = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=50)
    brief = serializers.CharField(max_length=2000)
    due_on = serializers.DateField(required=False, allow_null=True)


class AcceptSerializer(serializers.Serializer[Any]):
    """The declaration of independence."""

    is_independent = serializers.BooleanField()


class AppraisalReasonSerializer(serializers.Serializer[Any]):
    """Why a commission ends without a certificate."""

    reason = serializers.CharField(max_length=2000)


class ShowSerializer(serializers.Serializer[Any]):
    """Whether everyone may see the certified value."""

    shown = serializers.BooleanField()


class NewCertificateSerializer(serializers.ModelSerializer[Certificate]):
    """A certificate as the firm issued it, with its PDF; `differs` confirms that it names something else than asked."""

    file = serializers.FileField(write_only=True)
    differs = serializers.BooleanField(write_only=True, default=False)

    class Meta:
        model = Certificate
        fields = [
            "number", "purpose", "right", "term_years", "issued_on", "valued_on", "valid_until", "basis", "value",
            "currency", "appraiser_name", "appraiser_licence", "file", "differs",
        ]  # fmt: skip
