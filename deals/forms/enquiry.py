"""Enquiry, message, reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from deals import selectors
from deals.lifecycle import DisputeState
from listings.forms.inputs import PlainTextField
from listings.selectors import my_demands
from marketplace.kit.forms import Form
from marketplace.kit.validators import plain_text


class EnquiryForm(Form):
    """For which organisation, about which demand, and what to say."""

    organisation: Any = forms.ModelChoiceField(queryset=None, label=_("On behalf of"), empty_label=None)
    demand: Any = forms.ModelChoiceField(
        queryset=None, label=_("Our demand"), required=False, empty_label=_("No demand of ours"),
        help_text=_("The supplier sees it, and your organisation's name, even when the demand is masked."),
    )  # fmt: skip
    message = PlainTextField(
        label=_("Message to the supplier"), max_length=4000, validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What would you use it for, how much, and when? The supplier answers by accepting or declining."),
    )  # fmt: skip
    match = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.fields["organisation"].queryset = selectors.organisations_that_may_open(user)  # type: ignore[attr-defined]
        self.fields["demand"].queryset = my_demands(user)  # type: ignore[attr-defined]


class MessageForm(Form):
    """A message in a deal."""

    message = PlainTextField(
        label=_("Message"), max_length=4000, validators=[plain_text], widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class ReasonForm(Form):
    """A reason that the other side reads."""

    reason = PlainTextField(
        label=_("Reason"), max_length=2000, validators=[plain_text], widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The other side reads it."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False


class DisputeForm(ReasonForm):
    """What is in dispute."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("What is in dispute")
        self.fields["reason"].help_text = _(
            "What happened, since when, and what you ask for. Both sides and the exchange read it."
        )


class OutcomeForm(ReasonForm):
    """How a mediation ended."""

    how = forms.ChoiceField(
        label=_("How it ended"), widget=forms.RadioSelect,
        choices=[("settle", DisputeState.SETTLED.label), ("refer", DisputeState.REFERRED.label)],
    )  # fmt: skip
    field_order = ["how", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("What was agreed, or why not")
        self.fields["reason"].help_text = _("Both sides read it, and it stays on record.")
