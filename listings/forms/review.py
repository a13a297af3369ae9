"""What an operator or a TTO officer decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from listings.choices import LegalClass
from listings.forms.inputs import PlainTextField
from marketplace.kit.forms import Form
from marketplace.kit.validators import plain_text

LEGAL_CHOICES = [choice for choice in LegalClass.choices if choice[0] != LegalClass.UNKNOWN]


class ReviewForm(Form):
    """The checklist, and the words to the author. Which of it is needed depends on the decision: the service says."""

    legal_class = forms.ChoiceField(
        choices=LEGAL_CHOICES, required=False, label=_("Legal class"), widget=forms.RadioSelect,
        help_text=_("Articles 9 to 11 of the Technology Transfer Law."),
    )  # fmt: skip
    legal_class_reason = PlainTextField(
        max_length=2000, required=False, label=_("Ground for the legal class"), validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Needed for a restricted technology."),
    )  # fmt: skip
    ip_checked = forms.BooleanField(required=False, label=_("IP rights checked against the register"))
    is_complete = forms.BooleanField(required=False, label=_("Complete and understandable"))
    no_secrets = forms.BooleanField(required=False, label=_("No trade secret or personal data in public fields"))
    reason = PlainTextField(
        max_length=4000, required=False, label=_("Words to the author"), validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Needed when you ask for changes or reject; the author reads it."),
    )  # fmt: skip

    def __init__(self, *args: Any, with_rights: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_rights:
            del self.fields["ip_checked"]


class ReasonForm(Form):
    """A reason in words."""

    reason = PlainTextField(
        max_length=4000, required=False, label=_("Reason"), validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
