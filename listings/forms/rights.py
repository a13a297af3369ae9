"""One IP right with its owners."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from listings.forms.inputs import PercentField, PlainTextField, formfield, normal
from listings.models import IPRight
from marketplace.kit.forms import Form, ModelForm
from marketplace.kit.money import language_of, number
from marketplace.kit.validators import plain_text


class OfficeField(forms.CharField):
    """Two letters, whatever their case."""

    def to_python(self, value: Any) -> str:
        return normal(super().to_python(value) or "").upper()


class RightForm(ModelForm):
    """Kind, number, office, dates and status."""

    office = OfficeField(
        max_length=2, initial="VN", label=gettext_lazy("Office"), help_text=gettext_lazy("Like VN, US, EP or WO.")
    )

    class Meta:
        model = IPRight
        fields = ["kind", "status", "number", "office", "title", "filing_date", "grant_date", "expiry_date"]
        formfield_callback = formfield
        help_texts = {
            "number": gettext_lazy("Of the grant or, before it, of the application."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class OwnerForm(Form):
    """Who owns how much."""

    name = PlainTextField(max_length=250, label=gettext_lazy("Owner"), validators=[plain_text])
    share_pct = PercentField(
        required=True, label=gettext_lazy("Share (%)"), min_value=Decimal("0.0001"), max_value=Decimal(100)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class BaseOwnerFormSet(BaseFormSet):
    """Owners whose shares sum to 100 %, or none."""

    def clean(self) -> None:
        if any(self.errors):
            return
        owners = self.owners()
        total = sum((owner["share_pct"] for owner in owners), Decimal(0))
        if owners and total != 100:
            raise ValidationError(
                _("The shares sum to %(total)s %%, not 100 %%.") % {"total": number(total, language_of(get_language()))}
            )

    def owners(self) -> list[dict[str, Any]]:
        """Give the rows that stay."""
        return [
            {"name": form.cleaned_data["name"], "share_pct": form.cleaned_data["share_pct"]}
            for form in self.forms
            if form.cleaned_data and form.cleaned_data.get("name") and not form.cleaned_data.get("DELETE")
        ]


OwnerFormSet = formset_factory(
    OwnerForm, formset=BaseOwnerFormSet, extra=1, can_delete=True, max_num=30, validate_max=True, absolute_max=60
)
