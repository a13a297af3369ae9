"""Legal data, acceptance, signed copy, permit, certificate."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.countries import country_choices
from accounts.selectors import provinces
from deals.models import Party, Permit, Registration
from deals.services.contracts import PARTY_FIELDS
from listings.forms.inputs import MoneyField, PlainTextField, formfield
from marketplace.kit.forms import Form, ModelForm
from marketplace.kit.validators import plain_text


class PartyForm(ModelForm):
    """The legal data of the own side."""

    country = forms.ChoiceField(
        choices=country_choices,
        label=_("Country"),
        help_text=_("A party outside Viet Nam makes registration mandatory."),
    )

    class Meta:
        model = Party
        fields = list(PARTY_FIELDS)
        formfield_callback = formfield
        help_texts = {
            "legal_name": _("As it stands in the registration papers."),
            "representative": _("Who signs the contract."),
        }

    def __init__(self, *args: Any, co_owners: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        if not co_owners:
            del self.fields["co_owner_consent"]
        else:
            words = ngettext(
                "%(names)s also owns the IP rights. Give number and date of the paper of consent to this transfer.",
                "%(names)s also own the IP rights. Give number and date of the paper of their consent to this transfer.",
                len(co_owners),
            )
            field: Any = self.fields["co_owner_consent"]
            field.help_text = words % {"names": ", ".join(co_owners)}
            field.needed_for = _("needed for the contract")

    def _post_clean(self) -> None:
        """The service writes and checks the row."""


class AcceptContractForm(Form):
    """The own name, typed, on top of the document that was read."""

    typed_name = PlainTextField(label=_("Type your full name"), max_length=150, validators=[plain_text])
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class SignedCopyForm(Form):
    """The signed contract as a PDF, and when it was signed."""

    file = forms.FileField(label=_("Signed copy (PDF)"), help_text=_("Every page and annex, signed by both sides."))
    signed_on = forms.DateField(label=_("Signed on"), help_text=_("The day of the last signature."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class PermitForm(ModelForm):
    """A permit for a restricted technology."""

    class Meta:
        model = Permit
        fields = ["number", "issued_on", "authority"]
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False

    def _post_clean(self) -> None:
        """The service writes and checks the row."""


class RegistrationForm(ModelForm):
    """A certificate of registration."""

    value_vnd = MoneyField(label=_("Registered value (VND)"), required=True, min_value=0)

    class Meta:
        model = Registration
        fields = ["kind", "certificate_no", "issued_on", "value_vnd", "province"]
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.fields["province"].queryset = provinces()  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """The service writes and checks the row."""
