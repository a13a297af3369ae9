"""What a side says to a match."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from listings.choices import Language
from listings.forms.inputs import PlainTextField
from marketplace.kit.forms import Form
from marketplace.kit.validators import plain_text
from matching.choices import DeclineReason, Often, Side
from matching.models import SavedSearch


class ShortlistForm(Form):
    """A side and, for the log, the place at which the match was shown."""

    side = forms.ChoiceField(choices=Side, widget=forms.HiddenInput)
    position = forms.IntegerField(required=False, min_value=1, max_value=10**6, widget=forms.HiddenInput)


class DeclineForm(ShortlistForm):
    """A reason of the closed list, and a note."""

    reason = forms.ChoiceField(label=_("Why not?"), choices=DeclineReason, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note for the other side"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[plain_text],
    )


class WithdrawLayerForm(Form):
    """Why a layer is stopped."""

    reason = PlainTextField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), validators=[plain_text]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class OftenForm(Form):
    """How often the finds of a search are mailed."""

    often = forms.ChoiceField(label=_("Mail"), choices=Often)


class SaveSearchForm(OftenForm):
    """What is searched: the kind, and the part of the list's address after the question mark."""

    kind = forms.ChoiceField(choices=SavedSearch.Kind, widget=forms.HiddenInput)
    query = forms.CharField(required=False, max_length=3000, widget=forms.HiddenInput, validators=[plain_text])


class NeedForm(Form):
    """A need while it is being typed; what is wrong or too long is left out."""

    title = forms.CharField(required=False, max_length=250, validators=[plain_text])
    summary = forms.CharField(required=False, max_length=1000, validators=[plain_text])
    problem = forms.CharField(required=False, max_length=20000, validators=[plain_text])
    tried = forms.CharField(required=False, max_length=10000, validators=[plain_text])
    material = forms.CharField(required=False, max_length=4000, validators=[plain_text])
    method = forms.CharField(required=False, max_length=4000, validators=[plain_text])
    effect = forms.CharField(required=False, max_length=4000, validators=[plain_text])
    product = forms.CharField(required=False, max_length=4000, validators=[plain_text])
    application = forms.CharField(required=False, max_length=4000, validators=[plain_text])
    language = forms.ChoiceField(required=False, choices=Language)

    def clean_language(self) -> str:
        """Refuse the empty choice: the need keeps its own language."""
        if not self.cleaned_data["language"]:
            raise forms.ValidationError(_("Choose a language."))
        return str(self.cleaned_data["language"])
