"""A proposed row, and a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.kit.forms import Form, ModelForm
from marketplace.kit.validators import plain_text
from rules.models import Rule, RuleProposal
from rules.words import CHOICES


class ProposalForm(ModelForm):
    """The new row of one code: a value or words, its days and its source."""

    class Meta:
        model = RuleProposal
        fields = ("value", "text", "valid_from", "valid_to", "review_by", "source", "certainty", "note")
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "source": forms.Textarea(attrs={"rows": 2}),
            "note": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {
            "valid_from": _("Today or later: a row is never changed backwards."),
            "valid_to": _("Leave it empty for a row that holds until it is changed."),
            "review_by": _(
                "After this day the row still counts, and every range that rests on it says that it is stale."
            ),
            "source": _("Where the second person and the public can read it: document, article, page, date."),
            "certainty": _("A: read in the source. B: still to be confirmed."),
        }

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        del self.fields["text" if rule.value is not None else "value"]
        if rule.value is not None:
            self.fields["value"].required = True
        else:
            self.fields["text"].required = True
            if rule.code in CHOICES:
                words = {"words": ", ".join(CHOICES[rule.code])}
                self.fields["text"].help_text = _("This rule is one of these words: %(words)s.") % words
        for name in ("source", "note"):
            self.fields[name].validators.append(plain_text)

    def _post_clean(self) -> None:
        """Leave the row's own checks to the service, which every channel shares."""


class RejectForm(Form):
    """Why a proposal is rejected."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, validators=[plain_text], widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
