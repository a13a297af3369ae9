"""The forms of the site: what was left out is asked for by what is to be done about it.

Django says of every empty field that it is required. Here a field that has no words of its own says to fill in, to
choose, to tick; what is named in the summary of errors is its label.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

#: From the special to the general: the first that fits a field speaks.
WORDS: tuple[tuple[type[forms.Field], Any], ...] = (
    (forms.FileField, _("Choose a file.")),
    (forms.MultipleChoiceField, _("Choose at least one.")),
    (forms.ModelMultipleChoiceField, _("Choose at least one.")),
    (forms.ChoiceField, _("Choose one.")),
    (forms.BooleanField, _("Tick this to go on.")),
    (forms.DateField, _("Enter a date, e.g. 21/11/2026.")),
    (forms.EmailField, _("Enter an e-mail address, e.g. name@example.com.")),
    (forms.IntegerField, _("Enter a number.")),  # amounts, percentages and decimals, too
    (forms.Field, _("Fill this in.")),
)
_DJANGOS = forms.Field.default_error_messages["required"]


def words_for(field: forms.Field) -> Any:
    """Give what a field says when it was left out."""
    return next(words for kind, words in WORDS if isinstance(field, kind))


class _Asking:
    """What both kinds of form share; also fields that a form adds after its beginning speak so."""

    fields: dict[str, forms.Field]

    def full_clean(self) -> None:
        """Check everything, in the site's words."""
        for field in self.fields.values():
            if field.error_messages.get("required") is _DJANGOS:
                field.error_messages["required"] = words_for(field)
        super().full_clean()  # type: ignore[misc]


class Form(_Asking, forms.Form):
    """A form of the site."""


class ModelForm(_Asking, forms.ModelForm):
    """A form of the site about a row."""
