"""The terms of an offer and its dated payments."""

from decimal import Decimal
from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from deals.choices import MilestoneKind
from deals.models import Milestone, Terms
from listings.choices import ObjectType, TransferMethod
from listings.forms.inputs import ChoicesField, MoneyField, PercentField, PlainTextField, formfield
from marketplace.kit.forms import ModelForm
from marketplace.kit.validators import plain_text

ROWS = {"rows": 3}
TERM_FIELDS = [field.name for field in Terms._meta.concrete_fields if field.name not in {"id", "offer"}]
SAY = {
    "territory": _("Say where the technology may be used."),
    "field_of_use": _("Say what the technology may be used for."),
    "product": _("Describe the product and its standard."),
    "schedule": _("Give the plan and schedule of the transfer."),
    "place": _("Say where the transfer takes place."),
    "dispute_body": _("Choose who settles disputes."),
    "object_types": _("Choose what is transferred."),
    "methods": _("Choose how it is transferred."),
}
#: Where a field may not stay empty, told behind its label.
NEEDED_FOR = {
    "exclusivity": _("needed for a licence"),
    "term_years": _("needed for a licence"),
    "royalty_base": _("needed with a royalty"),
    "statement_frequency": _("needed with a royalty"),
}
MILESTONE_FIELDS = ("kind", "name", "amount", "due_on", "due_months")


class OfferForm(ModelForm):
    """What is offered, until when, and a word with it. `last_round` is the round that the form shows."""

    object_types = ChoicesField(choices=ObjectType.choices, label=_("Objects of transfer"), required=True)
    methods = ChoicesField(choices=TransferMethod.choices, label=_("Methods of transfer"), required=True)
    lump_sum = MoneyField(
        min_value=0, label=_("Lump sum (VND)"), help_text=_("Like 450.000.000 or 1,5 tỷ. Empty for none.")
    )
    royalty_pct = PercentField(
        min_value=0, max_value=100, label=_("Running royalty (%)"), help_text=_("Leave empty for none.")
    )
    minimum_annual = MoneyField(
        min_value=0, label=_("Minimum royalty per year (VND)"), help_text=_("Leave empty for none.")
    )
    message = PlainTextField(
        label=_("Message with the offer"), max_length=4000, required=False, validators=[plain_text],
        widget=forms.Textarea(attrs=ROWS),
    )  # fmt: skip
    valid_until = forms.DateField(
        label=_("Open until"), required=False, help_text=_("The last day on which it may be accepted. Empty: no end.")
    )
    last_round = forms.IntegerField(min_value=0, max_value=32767, widget=forms.HiddenInput)

    class Meta:
        model = Terms
        fields = TERM_FIELDS
        formfield_callback = formfield
        widgets = {
            name: forms.Textarea(attrs=ROWS)
            for name in (
                "product", "schedule", "licensor_duties", "licensee_duties", "definitions", "warranty", "penalty",
                "liability", "other",
            )
        }  # fmt: skip
        help_texts = {
            "territory": _("Where the technology may be used and its products sold."),
            "effective_from": _(
                "Leave empty to start on the day of signing. A contract that must be registered starts with its certificate."
            ),
            "product": _("What is made with it, and to which standard."),
            "royalty_base": _("Of what the percentage is taken."),
            "lump_sum_due_days": _("When no instalments are named below."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        for name, said in SAY.items():
            self.fields[name].error_messages["required"] = said
        for name, case in NEEDED_FOR.items():
            self.fields[name].needed_for = case  # type: ignore[attr-defined]
        for name in ("lump_sum_due_days", "statement_due_days", "payment_days"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Fill what was left empty; what must fit together is checked by the service."""
        cleaned = super().clean() or {}
        for name in ("lump_sum", "royalty_pct", "minimum_annual"):
            if name in cleaned and cleaned[name] is None:
                cleaned[name] = Decimal(0)
        for name in ("lump_sum_due_days", "statement_due_days", "payment_days"):
            if name in cleaned and cleaned[name] is None:
                cleaned[name] = 30
        return cleaned

    def _post_clean(self) -> None:
        """The service builds and checks the row; the form only reads what was typed."""

    def terms(self) -> dict[str, Any]:
        """Give the terms for the service."""
        return {name: self.cleaned_data[name] for name in TERM_FIELDS}


class MilestoneForm(ModelForm):
    """An instalment of the lump sum, or a payment on reaching something."""

    kind = forms.ChoiceField(choices=MilestoneKind.choices, label=_("Kind"), initial=MilestoneKind.INSTALMENT)
    amount = MoneyField(label=_("Amount (VND)"), required=True, min_value=1)
    due_months = forms.IntegerField(label=_("Months after effect"), required=False, min_value=0, max_value=600)
    due_on = forms.DateField(label=_("or on the day"), required=False)

    class Meta:
        model = Milestone
        fields = ["kind", "name", "amount", "due_months", "due_on"]
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False

    def has_changed(self) -> bool:
        """A row in which only the kind was chosen is empty."""
        return bool(set(self.changed_data) - {"kind"})

    def _post_clean(self) -> None:
        """The service builds and checks the row."""


class BaseMilestoneFormSet(forms.BaseFormSet):
    """Dated payments; empty rows fall away."""

    def rows(self) -> list[dict[str, Any]]:
        """Give the filled rows for the service."""
        return [
            {name: form.cleaned_data.get(name) for name in MILESTONE_FIELDS}
            for form in self.forms
            if form.has_changed() and not form.cleaned_data.get("DELETE")
        ]


MilestoneFormSet = formset_factory(
    MilestoneForm, formset=BaseMilestoneFormSet, extra=0, max_num=24, validate_max=True, can_delete=True
)
