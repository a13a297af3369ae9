"""The steps of a technology."""

from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.selectors import organisations_of, provinces
from listings.choices import TRL_MEANINGS, Language, ObjectType, Right, TransferMethod
from listings.forms.inputs import (
    ChoicesField,
    ListField,
    MoneyField,
    PercentField,
    PlainTextField,
    formfield,
    ipc_symbol,
)
from listings.forms.steps import Step, StepForm
from listings.models import Advantage, Technology
from listings.policies import SUPPLY_ROLES
from listings.selectors import advantages_as_rows, field_list, fields_for_ipc
from marketplace.kit.forms import Form, ModelForm

#: Each level with what it means.
TRL_CHOICES = [(level, format_lazy("{} – {}", level, meaning)) for level, meaning in TRL_MEANINGS.items()]
#: Industries for which royalty rates are published; the valuation looks them up by these names.
INDUSTRIES = [
    ("", _("Not chosen")),
    ("Automotive", _("Automotive")),
    ("Building & construction", _("Building and construction")),
    ("Chemicals", _("Chemicals")),
    ("Computers", _("Computers")),
    ("Consumer goods", _("Consumer goods")),
    ("Diagnostics", _("Diagnostics")),
    ("Electronics", _("Electronics")),
    ("Energy & environment", _("Energy and environment")),
    ("Food", _("Food")),
    ("Footwear", _("Footwear")),
    ("Furniture / home furnishings", _("Furniture and home furnishings")),
    ("General manufacturing", _("General manufacturing")),
    ("Healthcare products / equipment", _("Healthcare products and equipment")),
    ("Industrial products", _("Industrial products")),
    ("Machines / tools", _("Machines and tools")),
    ("Medical equipment", _("Medical equipment")),
    ("Pharmaceuticals / drugs", _("Pharmaceuticals")),
    ("Plant / agriculture products", _("Plants and agriculture")),
    ("Software", _("Software")),
    ("Telecom / communications", _("Telecommunications")),
]


def grouped_fields() -> list[tuple[str, list[tuple[int, str]]]]:
    """Give WIPO's fields as choices grouped by sector, in the reader's language."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for field in field_list():
        groups.setdefault(field.sector, []).append((field.pk, str(field)))
    return list(groups.items())


class BasicsForm(StepForm):
    """Language, title, summary, place."""

    class Meta(StepForm.Meta):
        model = Technology
        fields = ["language", "title", "summary", "province"]
        labels = {"language": _("Language of this listing")}
        help_texts = {
            "title": _("Say what it does and for what, in one line. No trade names, no slogans."),
            "summary": _("One or two sentences that a buyer understands in ten seconds, with the most telling number."),
            "province": _("Where the technology can be seen at work."),
        }
        widgets = {"summary": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["province"].queryset = provinces()  # type: ignore[attr-defined]


class StartForm(Form):
    """The first page of a new listing: on whose behalf, in which language, and its title."""

    draft_key = forms.UUIDField(widget=forms.HiddenInput)
    organisation: Any = forms.ModelChoiceField(queryset=None, label=_("On behalf of"))
    language = forms.ChoiceField(choices=Language, label=_("Language of this listing"))
    title = PlainTextField(
        max_length=250,
        label=_("Title"),
        help_text=_("Say what it does and for what, in one line. No trade names, no slogans."),
    )
    summary = PlainTextField(
        max_length=1000,
        required=False,
        label=_("Summary"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One or two sentences that a buyer understands in ten seconds, with the most telling number."),
    )
    roles: tuple[str, ...] = SUPPLY_ROLES

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        choices = organisations_of(user, *self.roles)
        self.fields["organisation"].queryset = choices  # type: ignore[attr-defined]
        found = list(choices[:2])
        if len(found) == 1:
            self.fields["organisation"].initial = found[0]
            self.fields["organisation"].empty_label = None  # type: ignore[attr-defined]


class ProblemForm(StepForm):
    """Problem and solution."""

    class Meta(StepForm.Meta):
        model = Technology
        fields = ["problem", "solution"]
        help_texts = {
            "problem": _("Who has it, how big it is in numbers, and why what exists does not do."),
            "solution": _("How it works, so that an engineer can follow. Leave out what must stay secret."),
        }
        widgets = {"problem": forms.Textarea(attrs={"rows": 8}), "solution": forms.Textarea(attrs={"rows": 10})}


class ApplicationsForm(StepForm):
    """Applications, field, IPC and keywords. Without a field, those of the IPC symbols are taken."""

    lists = ("more_fields",)
    more_fields: Any = forms.ModelMultipleChoiceField(
        queryset=None,
        required=False,
        label=_("Further fields"),
        widget=forms.CheckboxSelectMultiple,
    )
    ipc = ListField(
        label=_("IPC symbols"),
        tidy=ipc_symbol,
        entry_length=20,
        help_text=_("One a line, like C02F 1/44. They suggest the field."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    keywords = ListField(label=_("Keywords"), help_text=_("One a line, up to 20: words that a buyer would search for."))

    class Meta(StepForm.Meta):
        model = Technology
        fields = ["applications", "ipc", "main_field", "more_fields", "keywords"]
        help_texts = {
            "applications": _("Industries, plants, products and sizes in which it has worked or should work."),
            "main_field": _("One of the 35 fields of WIPO. Leave it empty to take it from the IPC symbols."),
        }
        widgets = {"applications": forms.Textarea(attrs={"rows": 5})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = grouped_fields()
        self.fields["main_field"].queryset = field_list()  # type: ignore[attr-defined]
        self.fields["main_field"].choices = [("", _("Take it from the IPC symbols")), *choices]  # type: ignore[attr-defined]
        self.fields["more_fields"].queryset = field_list()  # type: ignore[attr-defined]
        self.fields["more_fields"].choices = choices  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["more_fields"] = [
                field.pk for field in self.instance.fields.all() if field.pk != self.instance.main_field_id
            ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("main_field") and not cleaned.get("more_fields") and cleaned.get("ipc"):
            suggested = fields_for_ipc(cleaned["ipc"])
            if suggested:
                cleaned["main_field"], cleaned["more_fields"] = suggested[0], suggested[1:]
        return cleaned

    def changes(self) -> dict[str, Any]:
        main, more = self.cleaned_data.get("main_field"), list(self.cleaned_data.get("more_fields") or [])
        chosen = [field for field in [main, *more] if field is not None]
        return {**super().changes(), "fields": list(dict.fromkeys(chosen))}


class ReadinessForm(StepForm):
    """TRL and its evidence."""

    trl = forms.TypedChoiceField(
        choices=TRL_CHOICES,
        coerce=int,
        empty_value=None,
        required=False,
        label=_("Technology readiness level (TRL)"),
        widget=forms.RadioSelect,
    )

    class Meta(StepForm.Meta):
        model = Technology
        fields = ["trl", "trl_evidence"]
        help_texts = {
            "trl_evidence": _("Where, how long and at what scale it ran, and who measured. The operator asks for this.")
        }
        widgets = {"trl_evidence": forms.Textarea(attrs={"rows": 4})}


class TermsForm(StepForm):
    """Rights offered, ways and objects of transfer, territory."""

    rights_offered = ChoicesField(choices=Right, label=_("Rights offered"))
    transfer_methods = ChoicesField(choices=TransferMethod, label=_("Transfer methods"))
    object_types = ChoicesField(choices=ObjectType, label=_("Objects of transfer"))

    class Meta(StepForm.Meta):
        model = Technology
        fields = ["rights_offered", "transfer_methods", "object_types", "territory"]
        help_texts = {"territory": _("Where the buyer may use it, for example: Viet Nam.")}


class PriceForm(StepForm):
    """What is wished, what a licensee may earn, and what the state paid."""

    price_min = MoneyField(label=_("Lowest price wished (VND)"), help_text=_("Like 450.000.000 or 1,5 tỷ."))
    price_max = MoneyField(label=_("Highest price wished (VND)"))
    royalty_wish_pct = PercentField(
        label=_("Royalty wished (%)"), help_text=_("Share of the licensee's net sales, 0 to 100.")
    )
    revenue_low = MoneyField(label=_("Low (VND)"))
    revenue_mode = MoneyField(label=_("Most likely (VND)"))
    revenue_high = MoneyField(label=_("High (VND)"))
    royalty_industry = forms.ChoiceField(
        choices=INDUSTRIES,
        required=False,
        label=_("Industry for comparable royalties"),
        help_text=_("The suggested range compares with published royalty rates of this industry."),
    )
    state_funding_pct = PercentField(
        label=_("Share of state funding (%)"),
        help_text=_("0 when no state money went into it, 100 when the state paid for all of it."),
    )

    class Meta(StepForm.Meta):
        model = Technology
        fields = [
            "price_min", "price_max", "royalty_wish_pct", "revenue_low", "revenue_mode", "revenue_high",
            "royalty_industry", "state_funding_pct", "state_task_assigned_on", "result_certificate_no",
        ]  # fmt: skip


class AdvantageForm(ModelForm):
    """One advantage with its number against the alternative."""

    class Meta:
        model = Advantage
        fields = ["claim", "metric", "ours", "alternative_name", "alternative", "unit"]
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


AdvantageFormSet = formset_factory(
    AdvantageForm, extra=1, can_delete=True, max_num=20, validate_max=True, absolute_max=40
)


def advantage_rows(technology: Technology, data: Any = None) -> "BaseFormSet[Any]":
    """Give the formset of the stored advantages, bound when there is `data`."""
    return AdvantageFormSet(data, initial=advantages_as_rows(technology), prefix="advantages")


STEPS = (
    Step("basics", _("Basics"), form=BasicsForm, answers=("summary",)),
    Step(
        "problem",
        _("Problem and solution"),
        _("Write for an engineer of a company who has the problem."),
        form=ProblemForm,
        answers=("problem", "solution"),
    ),
    Step(
        "advantages",
        _("Advantages"),
        _("Each with a number against the best alternative: buyers compare before they ask."),
        rows=advantage_rows,
        prefix="advantages",
        started=lambda technology: bool(advantages_as_rows(technology)),
    ),
    Step("applications", _("Applications and field"), form=ApplicationsForm, answers=("applications", "main_field")),
    Step(
        "readiness",
        _("Readiness"),
        _("How far the technology has come, and what proves it."),
        form=ReadinessForm,
        answers=("trl", "trl_evidence"),
        template="listings/step_readiness.html",
    ),
    Step(
        "rights",
        _("IP rights"),
        _("Patents, utility solutions and other rights that cover it, with their owners."),
        started=lambda technology: technology.ip_rights.exists(),
        template="listings/step_rights.html",
    ),
    Step(
        "terms", _("Transfer"), _("What a buyer may get, and how."), form=TermsForm,
        answers=("rights_offered", "transfer_methods"),
    ),
    Step(
        "price",
        _("Price and funding"),
        _("All of this is optional. The figures feed the suggested range; a wish is not an offer."),
        form=PriceForm,
        started=lambda technology: any(
            getattr(technology, name) is not None for name in ("price_min", "price_max", "royalty_wish_pct")
        ),
        template="listings/step_price.html",
    ),
    Step(
        "documents",
        _("Documents"),
        _("Choose for each who may open it."),
        started=lambda technology: technology.documents.filter(removed_at=None).exists(),
        template="listings/step_documents.html",
    ),
)  # fmt: skip
