"""What a deal looks like over the API. Money in VND and percentages 0-100 are decimal strings, dates ISO."""

from typing import Any

from rest_framework import serializers

from accounts.selectors import provinces
from deals.acts import available_acts
from deals.models import NDA, Contract, Deal, Message, Milestone, Offer, Party, Permit, Registration, SignedCopy, Terms
from marketplace.kit.validators import plain_text


class PlainText(serializers.CharField):
    """Text without control characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[plain_text], **kwargs)


class DealSerializer(serializers.ModelSerializer):
    """A deal; `turn` says who must act, `acts` what the caller may do now."""

    code = serializers.CharField(read_only=True)
    title = serializers.CharField(source="technology.title", read_only=True)
    licensor_name = serializers.CharField(source="licensor", read_only=True)
    licensee_name = serializers.CharField(source="licensee", read_only=True)
    acts = serializers.SerializerMethodField()

    class Meta:
        model = Deal
        fields = [
            "id", "code", "technology", "title", "demand", "match_id", "licensor", "licensor_name", "licensee",
            "licensee_name", "exchange", "state", "state_since", "turn", "ended_reason", "created_at", "acts",
        ]  # fmt: skip
        read_only_fields = fields

    def get_acts(self, deal: Deal) -> list[str]:
        """Name what the caller may do now."""
        return available_acts(self.context["request"].user, deal)


class EnquirySerializer(serializers.Serializer):
    """A new enquiry."""

    technology = serializers.IntegerField(min_value=1, max_value=2**62)
    organisation = serializers.IntegerField(min_value=1, max_value=2**62)
    demand = serializers.IntegerField(min_value=1, max_value=2**62, required=False, allow_null=True)
    match = serializers.IntegerField(min_value=1, max_value=2**62, required=False, allow_null=True)
    message = PlainText(max_length=4000)


class DealReasonSerializer(serializers.Serializer):
    """A reason that the other side reads."""

    reason = PlainText(max_length=2000)


class MessageSerializer(serializers.ModelSerializer):
    """A message; `side` is empty for a note of the exchange."""

    author = serializers.CharField(source="author.full_name", read_only=True)

    class Meta:
        model = Message
        fields = ["id", "author", "side", "body", "created_at"]
        read_only_fields = ["id", "author", "side", "created_at"]


class NDASerializer(serializers.ModelSerializer):
    """The confidentiality agreement: its text in both languages, hashes, and who accepted."""

    acceptances = serializers.SerializerMethodField()

    class Meta:
        model = NDA
        fields = ["template_version", "text", "text_hash", "sha256", "created_at", "concluded_at", "acceptances"]

    def get_acceptances(self, nda: NDA) -> list[dict[str, Any]]:
        """Give side, name, role and time of each acceptance."""
        return [
            {"side": row.side, "name": row.user.full_name, "role": row.role, "at": row.accepted_at}
            for row in nda.acceptances.all()
        ]


class AcceptNDASerializer(serializers.Serializer):
    """The hash of the text that was read."""

    text_hash = serializers.CharField(max_length=64)


class MilestoneSerializer(serializers.ModelSerializer):
    """A dated payment: exactly one of `due_on` and `due_months` (after the effective date)."""

    class Meta:
        model = Milestone
        fields = ["kind", "name", "amount", "due_on", "due_months"]


class TermsSerializer(serializers.ModelSerializer):
    """Structured terms with their payments."""

    milestones = MilestoneSerializer(many=True, required=False)

    class Meta:
        model = Terms
        exclude = ["id", "offer"]


class NewOfferSerializer(serializers.Serializer):
    """An offer: `last_round` is the round that it answers, 0 before the first."""

    terms = TermsSerializer()
    message = PlainText(max_length=4000, required=False, allow_blank=True, default="")
    valid_until = serializers.DateField(required=False, allow_null=True, default=None)
    last_round = serializers.IntegerField(required=False, min_value=0, max_value=32767)


class OfferSerializer(serializers.ModelSerializer):
    """An offer with its terms."""

    terms = TermsSerializer(read_only=True)
    made_by = serializers.CharField(source="made_by.full_name", read_only=True)

    class Meta:
        model = Offer
        fields = ["round", "side", "made_by", "state", "message", "valid_until", "created_at", "closed_at", "terms"]


class PartySerializer(serializers.ModelSerializer):
    """The legal data of a side."""

    class Meta:
        model = Party
        fields = [
            "side", "legal_name", "legal_name_en", "tax_code", "country", "address", "representative", "position",
            "co_owner_consent",
        ]  # fmt: skip
        read_only_fields = ["side"]


class PermitSerializer(serializers.ModelSerializer):
    """A permit of a restricted technology."""

    class Meta:
        model = Permit
        fields = ["number", "issued_on", "authority"]


class RegistrationSerializer(serializers.ModelSerializer):
    """A certificate of registration."""

    province = serializers.PrimaryKeyRelatedField(queryset=provinces())

    class Meta:
        model = Registration
        fields = ["kind", "certificate_no", "issued_on", "value_vnd", "province"]
        validators: list[Any] = []


class SignedCopySerializer(serializers.ModelSerializer):
    """A signed copy as recorded."""

    class Meta:
        model = SignedCopy
        fields = ["id", "side", "signed_on", "filename", "size", "sha256", "uploaded_at", "confirmed_at", "refused_at"]


class NewSignedCopySerializer(serializers.Serializer):
    """A signed copy to record (multipart)."""

    file = serializers.FileField()
    signed_on = serializers.DateField()


class ContractSerializer(serializers.ModelSerializer):
    """The standing version of the contract."""

    acceptances = serializers.SerializerMethodField()
    registrations = RegistrationSerializer(many=True, read_only=True)

    class Meta:
        model = Contract
        fields = [
            "number", "version", "flow", "text", "text_hash", "sha256", "generated_at", "signed_on", "effective_on",
            "acceptances", "registrations",
        ]  # fmt: skip

    def get_acceptances(self, contract: Contract) -> list[dict[str, Any]]:
        """Give side, name, role and time of each acceptance."""
        return [
            {"side": row.side, "name": row.typed_name, "role": row.role, "at": row.accepted_at}
            for row in contract.acceptances.all()
        ]


class AcceptContractSerializer(serializers.Serializer):
    """The hash of the PDF that was read, and the own name."""

    sha256 = serializers.CharField(max_length=64)
    typed_name = PlainText(max_length=150)
