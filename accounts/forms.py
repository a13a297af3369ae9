"""Forms of people and organisations."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.countries import HOME
from accounts.models import ORGANISATION_ROLES, Organisation, Role, User
from accounts.selectors import exchanges
from accounts.services import IDENTITY
from marketplace.kit.forms import Form, ModelForm
from marketplace.kit.validators import plain_text


class SignupForm(Form):
    """What sign-up asks beyond e-mail and password."""

    full_name = forms.CharField(label=_("Full name"), max_length=150, validators=[plain_text])
    field_order = ["full_name", "email", "password1", "password2"]

    def signup(self, request: Any, user: Any) -> None:
        """Nothing more: the adapter has stored the name."""


class OrganisationForm(ModelForm):
    """An organisation's details."""

    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    class Meta:
        model = Organisation
        fields = [
            "name_vi", "name_en", "country", "province", "tax_code", "website", "about_vi", "about_en", "has_state_capital",
        ]  # fmt: skip
        help_texts = {
            "name_vi": _("As it stands in the registration papers."),
            "province": _("In Viet Nam only."),
            "tax_code": _(
                "10 digits in Viet Nam, else the number in your register. The operator checks it when verifying."
            ),
            "has_state_capital": _("A price paid with state capital must be audited before signing."),
        }

    def clean(self) -> dict[str, Any]:
        """Drop a province chosen before the country: only Viet Nam has them here."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("country", HOME) != HOME:
            cleaned["province"] = None
        return cleaned


class EditOrganisationForm(OrganisationForm):
    """The same, on top of the version that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta(OrganisationForm.Meta):
        fields = [*OrganisationForm.Meta.fields]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.is_verified:
            again = _("Changed, it is verified anew.")
            for name in IDENTITY:
                self.fields[name].help_text = format_lazy("{} {}", self.fields[name].help_text, again)


class RegisterOrganisationForm(OrganisationForm):
    """A new organisation: what kind, and which exchange serves it."""

    class Meta(OrganisationForm.Meta):
        fields = ["kind", "exchange", *OrganisationForm.Meta.fields]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["exchange"].queryset = exchanges()  # type: ignore[attr-defined]


class MemberForm(Form):
    """A person, by e-mail, and a role: one of an organisation unless others are offered."""

    email = forms.EmailField(
        label=_("E-mail of the person"),
        max_length=254,
        help_text=_("The person is told of it, and has the role after accepting it."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, role.label) for role in Role])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_only(*ORGANISATION_ROLES)

    def offer_only(self, *roles: Role) -> None:
        """Offer no other roles."""
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]


class ReasonForm(Form):
    """A reason, for decisions that need one."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000, validators=[plain_text]
    )


class RefusalForm(ReasonForm):
    """A reason, on top of the details that the person saw."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class NoteForm(Form):
    """A note, for decisions that may have one."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        validators=[plain_text],
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ProfileForm(ModelForm):
    """The own name and language."""

    class Meta:
        model = User
        fields = ["full_name", "language"]
        help_texts = {"language": _("The language of the mail that we send you.")}


ROLE_LABELS = {role.value: role.label for role in Role}
