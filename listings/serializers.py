"""What the API shows of listings, narrowed to the viewer, and what it takes.

Money in VND without decimals, percentages 0-100; both as strings. Dates ISO 8601.
"""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Organisation, User
from accounts.selectors import provinces, visible_organisations
from listings import policies, selectors
from listings.acts import available_acts
from listings.choices import Language, LegalClass, Tier
from listings.models import Advantage, Demand, Document, Field, IPRight, Review, RightOwner, Technology
from marketplace.kit.validators import plain_text


class FieldSerializer(serializers.ModelSerializer):
    """One of WIPO's 35 fields of technology."""

    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = Field
        fields = ["nr", "name"]


class ListingOrganisationSerializer(serializers.ModelSerializer):
    """Who lists."""

    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = Organisation
        fields = ["id", "name", "kind", "country", "is_verified"]


class AdvantageSerializer(serializers.ModelSerializer):
    """An advantage with its number against the alternative."""

    class Meta:
        model = Advantage
        fields = ["claim", "metric", "ours", "alternative_name", "alternative", "unit"]


class OwnerSerializer(serializers.ModelSerializer):
    """An owner of an IP right; the shares of one right sum to 100."""

    class Meta:
        model = RightOwner
        fields = ["name", "share_pct"]


class IPRightSerializer(serializers.ModelSerializer):
    """An IP right with its owners."""

    owners = OwnerSerializer(many=True, required=False)

    class Meta:
        model = IPRight
        fields = [
            "kind", "number", "office", "title", "filing_date", "grant_date", "expiry_date", "status", "owners",
        ]  # fmt: skip


class DocumentSerializer(serializers.ModelSerializer):
    """What everyone may know of a document; `content` is its address for whom its tier lets in, else null."""

    content = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = ["id", "title", "tier", "media_type", "size", "uploaded_at", "content"]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_content(self, document: Document) -> str | None:
        """Give the address of the file, or null."""
        granted = self.context.get("granted", False)
        viewer: Any = self.context["request"].user
        if not policies.can_open_document(viewer, document, granted=granted):
            return None
        return reverse("api:document_content", args=[document.pk])


class ListingSerializer(serializers.ModelSerializer):
    """What both kinds of listings show in lists."""

    organisation: Any = ListingOrganisationSerializer(read_only=True)
    main_field = FieldSerializer(read_only=True, allow_null=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    SHARED = [
        "id", "url", "language", "title", "summary", "organisation", "exchange", "province", "main_field",
        "legal_class", "state", "published_at", "is_sample",
    ]  # fmt: skip


class TechnologySerializer(ListingSerializer):
    """A technology in a list."""

    class Meta:
        model = Technology
        fields = [
            *ListingSerializer.SHARED, "ipc", "keywords", "trl", "rights_offered", "price_min", "price_max",
            "royalty_wish_pct",
        ]  # fmt: skip


class ActsMixin(serializers.Serializer):
    """What the viewer may do with the listing now."""

    acts = serializers.SerializerMethodField()

    def get_acts(self, listing: Any) -> list[str]:
        """Name the acts."""
        viewer: Any = self.context["request"].user
        return available_acts(viewer, listing) if isinstance(viewer, User) else []


class TechnologyDetailSerializer(ActsMixin, ListingSerializer):
    """A technology with everything that its page shows. `version` goes back with a save, `content_version` with an approval."""

    fields_of_technology = FieldSerializer(source="fields", many=True, read_only=True)
    advantages = AdvantageSerializer(many=True, read_only=True)
    ip_rights = IPRightSerializer(many=True, read_only=True)
    documents = serializers.SerializerMethodField()

    class Meta:
        model = Technology
        fields = [
            *TechnologySerializer.Meta.fields, "version", "content_version", "acts", "problem", "solution", "applications",
            "fields_of_technology", "trl_evidence", "object_types", "transfer_methods", "territory",
            "state_funding_pct", "state_task_assigned_on", "result_certificate_no", "revenue_low", "revenue_mode",
            "revenue_high", "royalty_industry", "advantages", "ip_rights", "documents",
        ]  # fmt: skip

    #: For the organisation's own people and the exchange only.
    CONFIDENTIAL = ("revenue_low", "revenue_mode", "revenue_high")

    @extend_schema_field(DocumentSerializer(many=True))
    def get_documents(self, technology: Technology) -> Any:
        """Give the documents that were not removed."""
        viewer: Any = self.context["request"].user
        kept = [document for document in technology.documents.all() if document.removed_at is None]
        for document in kept:
            document.technology = technology
        context = {**self.context, "granted": bool(kept) and selectors.has_grant(viewer, technology)}
        return DocumentSerializer(kept, many=True, context=context).data

    def to_representation(self, instance: Any) -> Any:
        """Hide what is confidential from everyone else."""
        data = super().to_representation(instance)
        viewer: Any = self.context["request"].user
        if not (isinstance(viewer, User) and policies.can_follow(viewer, instance)):
            data.update(dict.fromkeys(self.CONFIDENTIAL))
        return data


class DemandSerializer(ListingSerializer):
    """A demand in a list. Masked, it shows no organisation, exchange or province but to whom policy lets see."""

    organisation = serializers.SerializerMethodField()
    exchange = serializers.SerializerMethodField()
    province = serializers.SerializerMethodField()

    class Meta:
        model = Demand
        fields = [
            *ListingSerializer.SHARED, "masked", "trl_min", "budget_min", "budget_max", "needed_by", "cooperation",
        ]  # fmt: skip

    def _named(self, demand: Demand) -> bool:
        viewer: Any = self.context["request"].user
        return policies.can_see_organisation_of(viewer, demand)

    @extend_schema_field(ListingOrganisationSerializer(allow_null=True))
    def get_organisation(self, demand: Demand) -> Any:
        """Give who demands, or null."""
        return ListingOrganisationSerializer(demand.organisation).data if self._named(demand) else None

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_exchange(self, demand: Demand) -> int | None:
        """Give the id of the exchange, or null: an exchange may serve few companies."""
        return demand.exchange_id if self._named(demand) else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_province(self, demand: Demand) -> str | None:
        """Give the code of the province, or null."""
        return demand.province_id if self._named(demand) else None


class DemandDetailSerializer(ActsMixin, DemandSerializer):
    """A demand with everything that its page shows. `version` goes back with a save."""

    fields_of_technology = FieldSerializer(source="fields", many=True, read_only=True)

    class Meta:
        model = Demand
        fields = [
            *DemandSerializer.Meta.fields, "version", "content_version", "acts", "problem", "tried", *Demand.ELEMENTS,
            "fields_of_technology",
        ]  # fmt: skip


class DraftSerializer(serializers.ModelSerializer):
    """What a draft takes: any part of it. A list replaces the stored list."""

    fields_of_technology = serializers.PrimaryKeyRelatedField(
        many=True, queryset=selectors.field_list(), required=False, help_text="Numbers of WIPO's fields; replaces all."
    )
    province = serializers.PrimaryKeyRelatedField(queryset=provinces(), required=False, allow_null=True)

    SHARED = ["language", "title", "summary", "problem", "main_field", "province", "fields_of_technology"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name not in {"organisation", "version", "title"} or self.partial:
                field.required = name == "version"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A save always says which version it is based on."""
        if "version" in self.fields and "version" not in attrs:
            raise serializers.ValidationError({"version": [self.fields["version"].error_messages["required"]]})
        return attrs

    def changes(self) -> dict[str, Any]:
        """Give what the save service takes."""
        data = dict(self.validated_data)
        data.pop("version", None)
        lists = {name: data.pop(name) for name in ("advantages", "ip_rights") if name in data}
        if "fields_of_technology" in data:
            lists["fields"] = data.pop("fields_of_technology")
        return {"values": data, **lists}


class TechnologyDraftSerializer(DraftSerializer):
    """Any part of a technology."""

    version = serializers.IntegerField(min_value=1, help_text="The version that was read; an older one gives 409.")
    advantages = AdvantageSerializer(many=True, required=False)
    ip_rights = IPRightSerializer(many=True, required=False)

    class Meta:
        model = Technology
        fields = [
            "version", *DraftSerializer.SHARED, "solution", "applications", "keywords", "ipc", "trl", "trl_evidence",
            "object_types", "transfer_methods", "rights_offered", "territory", "price_min", "price_max",
            "royalty_wish_pct", "state_funding_pct", "state_task_assigned_on", "result_certificate_no", "revenue_low",
            "revenue_mode", "revenue_high", "royalty_industry", "advantages", "ip_rights",
        ]  # fmt: skip


class DemandDraftSerializer(DraftSerializer):
    """Any part of a demand."""

    version = serializers.IntegerField(min_value=1, help_text="The version that was read; an older one gives 409.")

    class Meta:
        model = Demand
        fields = [
            "version", *DraftSerializer.SHARED, "tried", *Demand.ELEMENTS, "trl_min", "budget_min", "budget_max",
            "needed_by", "cooperation", "masked",
        ]  # fmt: skip


@extend_schema_field(serializers.IntegerField())
class VisibleOrganisationField(serializers.PrimaryKeyRelatedField):
    """An organisation that the viewer may see; whether he may act for it is the service's question."""

    def get_queryset(self) -> Any:
        """Give those organisations."""
        return visible_organisations(self.context["request"].user)


class StartMixin(serializers.Serializer):
    """On whose behalf a draft starts."""

    organisation = VisibleOrganisationField()


class NewTechnologySerializer(StartMixin, TechnologyDraftSerializer):
    """A new technology: organisation, language, title, and any other part."""

    version = None  # type: ignore[assignment]

    class Meta(TechnologyDraftSerializer.Meta):
        fields = ["organisation", *TechnologyDraftSerializer.Meta.fields[1:]]


class NewDemandSerializer(StartMixin, DemandDraftSerializer):
    """A new demand: organisation, language, title, and any other part."""

    version = None  # type: ignore[assignment]

    class Meta(DemandDraftSerializer.Meta):
        fields = ["organisation", *DemandDraftSerializer.Meta.fields[1:]]


class SubmitSerializer(serializers.Serializer):
    """The version that was read, and that a risk to novelty is known."""

    version = serializers.IntegerField(min_value=1)
    novelty_acknowledged = serializers.BooleanField(default=False)


class NothingSerializer(serializers.Serializer):
    """An act that needs no words."""


class ActReasonSerializer(serializers.Serializer):
    """An act with its reason; whether it may be empty is the act's own rule."""

    reason = serializers.CharField(
        max_length=4000, required=False, allow_blank=True, default="", validators=[plain_text]
    )


class ApproveSerializer(ActReasonSerializer):
    """The content that was read; `reason` holds a note."""

    content_version = serializers.IntegerField(
        min_value=1, help_text="The content_version that was read; an older one gives 409."
    )


class PublishSerializer(ActReasonSerializer):
    """The checklist of a review; `reason` holds words to the author."""

    legal_class = serializers.ChoiceField(choices=LegalClass.choices)
    legal_class_reason = serializers.CharField(
        max_length=2000, required=False, allow_blank=True, default="", validators=[plain_text]
    )
    ip_checked = serializers.BooleanField(default=False)
    is_complete = serializers.BooleanField(default=False)
    no_secrets = serializers.BooleanField(default=False)
    content_version = serializers.IntegerField(
        min_value=1, required=False, help_text="The content_version that was read; an older one gives 409."
    )


class DocumentUploadSerializer(serializers.Serializer):
    """A file with its title and tier."""

    title = serializers.CharField(max_length=200, validators=[plain_text])
    tier = serializers.ChoiceField(choices=Tier.choices)
    file = serializers.FileField(allow_empty_file=True, max_length=200)


class QueueRowSerializer(serializers.Serializer):
    """A listing that waits for the exchange."""

    kind = serializers.CharField()
    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    organisation = serializers.CharField()
    language = serializers.ChoiceField(choices=Language.choices)
    state = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    answer_due = serializers.DateField()
    reviewer = serializers.CharField(allow_null=True)


class ReviewSerializer(serializers.ModelSerializer):
    """A decision, for the organisation's own people and the exchange."""

    reviewer = serializers.CharField(source="reviewer.__str__", read_only=True)

    class Meta:
        model = Review
        fields = ["stage", "reviewer", "decision", "reason", "legal_class", "claimed_at", "decided_at"]
