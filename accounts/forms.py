"""Forms of people and organisations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.kit.validators import plain_text


class SignupForm(forms.Form):
    """What sign-up asks beyond e-mail and password."""

    full_name = forms.CharField(label=_("Full name"), max_length=150, validators=[plain_text])
    field_order = ["full_name", "email", "password1", "password2"]

    def signup(self, request: Any, user: Any) -> None:
        """Nothing more: the adapter has stored the name."""
