"""How people and organisations look in the API."""

from typing import Any

from rest_framework import serializers

from accounts.models import EXCHANGE_ROLES, ORGANISATION_ROLES, Exchange, Invitation, Membership, Organisation, User
from marketplace.kit.validators import plain_text


class ExchangeSerializer(serializers.ModelSerializer[Exchange]):
    """An exchange."""

    class Meta:
        model = Exchange
        fields = ["id", "code", "name_vi", "name_en", "province", "is_sample"]


class OrganisationSerializer(serializers.ModelSerializer[Organisation]):
    """An organisation as everyone may see it."""

    verification = serializers.CharField(source="state", read_only=True)

    class Meta:
        model = Organisation
        fields = [
            "id", "kind", "name_vi", "name_en", "country", "province", "tax_code", "exchange", "website", "about_vi", "about_en",
            "has_state_capital", "verification", "version", "is_sample",
        ]  # fmt: skip
        read_only_fields = ["version", "is_sample"]


class EditOrganisationSerializer(OrganisationSerializer):
    """What an administrator changes, on top of `version`."""

    version = serializers.IntegerField()

    class Meta(OrganisationSerializer.Meta):
        read_only_fields = ["kind", "exchange", "is_sample"]


class SeatSerializer(serializers.ModelSerializer[Membership]):
    """A seat."""

    person = serializers.CharField(source="user.full_name", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "person", "role", "organisation", "exchange", "created_at"]


class NewSeatSerializer(serializers.Serializer[Any]):
    """A person, by e-mail, and a role."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=[(role.value, role.label) for role in ORGANISATION_ROLES])


class NewExchangeSeatSerializer(NewSeatSerializer):
    """A person, by e-mail, and a role at an exchange."""

    role = serializers.ChoiceField(choices=[(role.value, role.label) for role in EXCHANGE_ROLES])


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An offered seat."""

    place = serializers.CharField(read_only=True)
    invited_by = serializers.CharField(source="invited_by.full_name", read_only=True)

    class Meta:
        model = Invitation
        fields = [
            "id", "email", "role", "organisation", "exchange", "place", "invited_by", "state", "created_at", "expires_at",
        ]  # fmt: skip


class ReasonSerializer(serializers.Serializer[Any]):
    """A reason."""

    reason = serializers.CharField(max_length=2000, validators=[plain_text])
    version = serializers.IntegerField(required=False, help_text="The version that was read; an older one gives 409.")


class NoteSerializer(serializers.Serializer[Any]):
    """A note that may be empty."""

    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True, validators=[plain_text])
    version = serializers.IntegerField(required=False, help_text="The version that was read; an older one gives 409.")


class MeSerializer(serializers.ModelSerializer[User]):
    """The signed-in person with the seats."""

    seats = SeatSerializer(many=True, read_only=True)

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "language", "seats"]
