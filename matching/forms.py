"""What a side says to a match."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.kit.validators import plain_text
from matching.choices import DeclineReason, Side


class ShortlistForm(forms.Form):
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
