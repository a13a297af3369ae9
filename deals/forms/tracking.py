"""Forms of tracking: statements, payments, shares, and single questions like a reason."""

from decimal import Decimal
from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors import visible_organisations
from deals.models import Obligation, Payment, RoyaltyShare, RoyaltyStatement, SharePlan
from deals.royalty import DEDUCTIONS
from deals.services.tracking_payouts import Part
from deals.services.tracking_statements import Figures
from deals.tracking_choices import DeductionKind
from listings.forms.inputs import MoneyField, PercentField, PlainTextField, QuantityField
from marketplace.kit.forms import Form
from marketplace.kit.validators import plain_text

ZERO = Decimal(0)


def period_label(row: Obligation | RoyaltyStatement) -> str:
    """Write a period in the active language."""
    assert row.period_start is not None
    assert row.period_end is not None
    return f"{date_format(row.period_start, 'SHORT_DATE_FORMAT')} – {date_format(row.period_end, 'SHORT_DATE_FORMAT')}"


class DateField(forms.DateField):
    """A day, in a native date input."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class StatementForm(Form):
    """What was sold in a period. The deductions are those that the base of the contract knows."""

    units = QuantityField(label=gettext_lazy("Units sold"), min_value=ZERO)
    gross_sales = MoneyField(label=gettext_lazy("Invoiced sales (VND)"), required=True, min_value=ZERO)
    note = PlainTextField(
        label=gettext_lazy("Note to the supplier"), max_length=2000, required=False, validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, base: str, periods: list[Obligation] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = DEDUCTIONS[base]
        self.periods = {str(row.pk): row for row in periods or []}
        for kind in self.kinds:
            self.fields[kind] = MoneyField(label=DeductionKind(kind).label, required=False, min_value=ZERO)
        if periods is not None:
            choices = [(key, period_label(row)) for key, row in self.periods.items()]
            self.fields["period"] = forms.ChoiceField(label=gettext_lazy("Period"), choices=choices)
        order = ["period", "units", "gross_sales", *self.kinds, "note"]
        self.order_fields(order)

    @property
    def deduction_names(self) -> str:
        """Name the fields of the deductions, for the template."""
        return ",".join(self.kinds)

    def figures(self) -> Figures:
        """Give what was typed."""
        data = self.cleaned_data
        return Figures(
            units=data["units"] or ZERO,
            gross_sales=data["gross_sales"],
            deductions={kind: data[kind] for kind in self.kinds if data[kind]},
            note=data["note"],
        )

    @classmethod
    def typed(cls, statement: RoyaltyStatement) -> dict[str, Any]:
        """Give what a statement declares, as initial values of a correction."""
        values: dict[str, Any] = {"units": statement.units, "gross_sales": statement.gross_sales}
        return values | {row.kind: row.amount for row in statement.deductions.all()}


class ReasonForm(Form):
    """Why."""

    reason = PlainTextField(
        label=gettext_lazy("Reason"), max_length=2000, validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class QuestionForm(ReasonForm):
    """What is unclear in a statement."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Your question")


class ReportForm(Form):
    """The report on a year of use."""

    body = PlainTextField(
        label=gettext_lazy("Report"), max_length=20000, validators=[plain_text],
        help_text=gettext_lazy("How the technology was used, what was made and sold, difficulties, improvements."),
        widget=forms.Textarea(attrs={"rows": 10}),
    )  # fmt: skip


class PaymentForm(Form):
    """Money received for an invoice."""

    amount = MoneyField(
        label=gettext_lazy("Amount received (VND)"), required=True, min_value=ZERO,
        help_text=gettext_lazy(
            "What your bank shows, after any tax that the buyer kept back; 0 where only the tax certificate came."
        ),
    )  # fmt: skip
    paid_on = DateField(label=gettext_lazy("Received on"))
    bank_reference = PlainTextField(
        label=gettext_lazy("Bank's reference"),
        max_length=Payment._meta.get_field("bank_reference").max_length,
        required=False,
        validators=[plain_text],
        help_text=gettext_lazy(
            "As your bank's statement names the transfer, like FT26152331. Empty where only the tax certificate came."
        ),
    )
    withheld = MoneyField(
        label=gettext_lazy("Tax withheld at source (VND)"), required=False, min_value=ZERO,
        help_text=gettext_lazy(
            "Tax that the buyer kept back and paid to the tax office for you. With the amount received it settles the "
            "invoice. The inventors' share is of both together: of each payment before tax (IP Law, article 135)."
        ),
    )  # fmt: skip
    withheld_certificate = PlainTextField(
        label=gettext_lazy("Tax certificate"), required=False, validators=[plain_text],
        max_length=Payment._meta.get_field("withheld_certificate").max_length,
        help_text=gettext_lazy("Number and date of the certificate of withholding or of the tax receipt."),
    )  # fmt: skip
    costs = MoneyField(
        label=gettext_lazy("Costs to be taken off (VND)"), required=False, min_value=ZERO,
        help_text=gettext_lazy(
            "What you spent to earn this payment, such as fees to keep the patent. It lowers the profit from which "
            "an intermediary's share is computed, not the inventors' share."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"paid_on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)


class PayoutForm(Form):
    """A beneficiary's part, paid."""

    paid_on = DateField(label=gettext_lazy("Paid on"))
    bank_reference = PlainTextField(
        label=gettext_lazy("Bank's reference"), max_length=120, validators=[plain_text],
        help_text=gettext_lazy("As your bank's statement names the transfer, like FT26152331."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"paid_on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)


class PlanForm(Form):
    """Who gets what of the payments under a contract."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    inventor_pct = PercentField(
        label=gettext_lazy("Inventors' share agreed (%)"), required=False, min_value=ZERO, max_value=Decimal(100),
        help_text=gettext_lazy("Of each payment before tax. Empty: the share by law."),
    )  # fmt: skip
    agreement = PlainTextField(
        label=gettext_lazy("Agreement with the inventors"), max_length=200, required=False, validators=[plain_text],
        help_text=gettext_lazy("Number and date of the agreement that replaces the share by law."),
    )  # fmt: skip
    intermediary: Any = forms.ModelChoiceField(
        label=gettext_lazy("Intermediary that took part"), queryset=None, required=False,
        empty_label=gettext_lazy("None"),
    )  # fmt: skip
    intermediary_pct = PercentField(
        label=gettext_lazy("Intermediary's share agreed (%)"), required=False, min_value=ZERO, max_value=Decimal(100),
        help_text=gettext_lazy("Of the profit. Empty: the share by law."),
    )  # fmt: skip
    state_funding_pct = PercentField(
        label=gettext_lazy("Share of state funding (%)"), required=False, min_value=ZERO, max_value=Decimal(100)
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["intermediary"]
        field.queryset = visible_organisations(viewer).filter(kind="intermediary")

    @classmethod
    def typed(cls, plan: SharePlan) -> dict[str, Any]:
        """Give the plan as initial values."""
        names = ("version", "inventor_pct", "agreement", "intermediary", "intermediary_pct", "state_funding_pct")
        return {name: getattr(plan, name) for name in names}


class PartForm(Form):
    """One inventor."""

    name = PlainTextField(label=gettext_lazy("Inventor"), max_length=150, validators=[plain_text])
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, max_length=RoyaltyShare._meta.get_field("email").max_length
    )
    share_pct = PercentField(
        label=gettext_lazy("Share (%)"), required=True, min_value=Decimal("0.0001"), max_value=Decimal(100)
    )

    def part(self) -> Part:
        """Give what was typed."""
        data = self.cleaned_data
        return Part(name=data["name"], share_pct=data["share_pct"], email=data["email"])


PartFormSet: Any = formset_factory(
    PartForm, extra=0, min_num=1, max_num=50, validate_min=True, validate_max=True, can_delete=True
)
