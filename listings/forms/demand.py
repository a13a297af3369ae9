"""The steps of a demand."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.selectors import provinces
from listings.choices import Cooperation
from listings.forms.inputs import ChoicesField, MoneyField, PlainTextField
from listings.forms.steps import Step, StepForm
from listings.forms.technology import TRL_CHOICES, StartForm, grouped_fields
from listings.models import Demand
from listings.policies import DEMAND_ROLES
from listings.selectors import field_list


class DemandStartForm(StartForm):
    """The first page of a new demand."""

    title = PlainTextField(
        max_length=250,
        label=_("Title"),
        help_text=_("Say what you need and for what, in one line."),
    )
    summary = PlainTextField(
        max_length=1000,
        required=False,
        label=_("Summary"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One or two sentences, without your name when you want to stay masked."),
    )
    roles = DEMAND_ROLES


class DemandProblemForm(StepForm):
    """The problem, and what was tried."""

    class Meta(StepForm.Meta):
        model = Demand
        fields = ["language", "title", "summary", "problem", "tried"]
        labels = {"language": _("Language of this demand")}
        help_texts = {
            "title": _("Say what you need and for what, in one line."),
            "summary": _("One or two sentences, without your name when you want to stay masked."),
            "problem": _("What goes wrong, how often, what it costs, in numbers."),
            "tried": _("What you tried before and why it did not do. It saves you offers that cannot work."),
        }
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 3}),
            "problem": forms.Textarea(attrs={"rows": 8}),
            "tried": forms.Textarea(attrs={"rows": 5}),
        }


class RequirementForm(StepForm):
    """The requirement by its five elements, and the field."""

    lists = ("more_fields",)
    more_fields: Any = forms.ModelMultipleChoiceField(
        queryset=None, required=False, label=_("Further fields"), widget=forms.CheckboxSelectMultiple
    )

    class Meta(StepForm.Meta):
        model = Demand
        fields = ["material", "method", "effect", "product", "application", "main_field", "more_fields"]
        help_texts = {
            "material": _("What goes in: raw material, waste, water, data, and its state."),
            "method": _("How it should, or must not, be done."),
            "effect": _("What it must achieve, with the number by which you will judge it."),
            "product": _("What comes out: machine, process, material, software, and its size."),
            "application": _("Where and under which conditions it will be used."),
            "main_field": _("One of the 35 fields of WIPO."),
        }
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in Demand.ELEMENTS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = grouped_fields()
        self.fields["main_field"].queryset = field_list()  # type: ignore[attr-defined]
        self.fields["main_field"].choices = [("", _("Choose a field")), *choices]  # type: ignore[attr-defined]
        self.fields["more_fields"].queryset = field_list()  # type: ignore[attr-defined]
        self.fields["more_fields"].choices = choices  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["more_fields"] = [
                field.pk for field in self.instance.fields.all() if field.pk != self.instance.main_field_id
            ]

    def changes(self) -> dict[str, Any]:
        main, more = self.cleaned_data.get("main_field"), list(self.cleaned_data.get("more_fields") or [])
        chosen = [field for field in [main, *more] if field is not None]
        return {**super().changes(), "fields": list(dict.fromkeys(chosen))}


class ConditionsForm(StepForm):
    """Maturity, budget, time and place."""

    trl_min = forms.TypedChoiceField(
        choices=[("", _("Any level")), *TRL_CHOICES], coerce=int, empty_value=None, required=False,
        label=_("Lowest TRL wanted"),
    )  # fmt: skip
    budget_min = MoneyField(label=_("Budget from (VND)"), help_text=_("Like 450.000.000 or 1,5 tỷ."))
    budget_max = MoneyField(label=_("Budget up to (VND)"))

    class Meta(StepForm.Meta):
        model = Demand
        fields = ["trl_min", "budget_min", "budget_max", "needed_by", "province"]
        help_texts = {"province": _("Where it will be used.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["province"].queryset = provinces()  # type: ignore[attr-defined]


class CooperationForm(StepForm):
    """How to cooperate, and whether the name is shown."""

    cooperation = ChoicesField(choices=Cooperation, label=_("How you may cooperate"))

    class Meta(StepForm.Meta):
        model = Demand
        fields = ["cooperation", "masked"]
        labels = {"masked": _("Hide our name from the public")}
        help_texts = {
            "masked": _(
                "The need is shown without your organisation, people and province. The exchange still knows you; "
                "a supplier learns your name when you let them in."
            )
        }


STEPS = (
    Step("problem", _("The problem"), form=DemandProblemForm, answers=("problem",)),
    Step(
        "requirement",
        _("The requirement"),
        _("Five elements make a need searchable. Fill in what you know; the effect is needed."),
        form=RequirementForm,
        answers=("effect", "main_field"),
    ),
    Step(
        "conditions",
        _("Maturity, budget, time, place"),
        form=ConditionsForm,
        started=lambda demand: any(
            getattr(demand, name) is not None for name in ("trl_min", "budget_min", "budget_max", "needed_by")
        ),
        template="listings/step_conditions.html",
    ),
    Step("cooperation", _("Cooperation"), form=CooperationForm, answers=("cooperation",)),
)
