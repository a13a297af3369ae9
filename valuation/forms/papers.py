"""Forms of appraisals and of the verification of a report."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from listings.forms.inputs import MoneyField, PlainTextField, formfield
from marketplace.kit.forms import Form, ModelForm
from marketplace.kit.validators import plain_text
from valuation.models import Appraisal, Certificate, Granted


class CommissionForm(Form):
    """What a firm is asked to appraise. Firms with an interest in the price are not among the choices.

    `compared` names the fields that are compared with a contract before it is signed.
    """

    firm: Any = forms.ModelChoiceField(
        queryset=None, label=_("Valuation firm"), empty_label=_("Choose a firm"),
        help_text=_("Verified firms without an interest in the price."),
    )  # fmt: skip
    purpose = forms.ChoiceField(choices=Appraisal.Purpose.choices, label=_("Purpose"))
    right = forms.ChoiceField(
        label=_("Which right"), required=False,
        choices=[("", _("As in the words below")), *Granted.choices],
    )  # fmt: skip
    term_years = forms.IntegerField(label=_("For how many years"), required=False, min_value=1, max_value=50)
    brief = PlainTextField(
        label=_("What is to be appraised"), max_length=2000, validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Which right, for which territory and how long; what you need the certificate for."),
    )  # fmt: skip
    due_on = forms.DateField(label=_("Wanted by"), required=False)

    def __init__(self, *args: Any, firms: Any, compared: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.fields["firm"].queryset = firms  # type: ignore[attr-defined]
        for name in compared:
            self.fields[name].needed_for = _("compared with the contract")  # type: ignore[attr-defined]


class AcceptForm(Form):
    """The declaration of independence."""

    is_independent = forms.BooleanField(
        label=_("Neither the firm nor its people have an interest in this technology or in anyone named above"),
        required=False,
    )  # fmt: skip


class AppraisalReasonForm(Form):
    """Why a commission ends without a certificate."""

    reason = PlainTextField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class CertificateForm(ModelForm):
    """A certificate as the firm issued it."""

    right = forms.ChoiceField(
        label=_("Right appraised"), required=False, choices=[("", _("Not named")), *Granted.choices]
    )  # fmt: skip
    value = MoneyField(label=_("Certified value"), required=True, min_value=1)
    differs = forms.BooleanField(label=_("The certificate does name something else than was asked"), required=False)
    file = forms.FileField(label=_("Certificate (PDF)"), help_text=_("Signed and sealed, with the report."))

    class Meta:
        model = Certificate
        fields = [
            "number", "purpose", "right", "term_years", "issued_on", "valued_on", "valid_until", "basis", "value",
            "currency", "appraiser_name", "appraiser_licence",
        ]  # fmt: skip
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False

        self.fields["number"].label = _("Number of the certificate")
        self.fields["purpose"].required = True
        self.fields["purpose"].help_text = _("As the certificate itself names it.")

    @property
    def asks_to_confirm(self) -> bool:
        """Tell whether what differs from the commission is to be confirmed: the box appears then."""
        return self.is_bound and ("differs" in self.errors or bool(self.data.get("differs")))

    def _post_clean(self) -> None:
        """The service writes and checks the row."""


class VerifyForm(Form):
    """The number of a report."""

    number = forms.CharField(label=_("Number of the report"), max_length=40, required=False)


class VerifyFileForm(Form):
    """A file that may be one of a report."""

    file = forms.FileField(
        label=_("A copy of the report"), help_text=_("PDF or spreadsheet. It is hashed and not kept.")
    )  # fmt: skip
