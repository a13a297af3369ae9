"""What a form says of a field that was left out."""

import pytest
from django import forms
from django.utils import translation

from listings.forms.inputs import MoneyField, PlainTextField
from marketplace.kit.forms import Form


class Everything(Form):
    """One required field of each kind; one with words of its own."""

    name = PlainTextField()
    mail = forms.EmailField()
    count = forms.IntegerField()
    price = MoneyField(required=True)
    day = forms.DateField()
    paper = forms.FileField()
    side = forms.ChoiceField(choices=[("a", "A")])
    sides = forms.MultipleChoiceField(choices=[("a", "A")])
    sure = forms.BooleanField()
    place = forms.CharField(error_messages={"required": "Say where."})
    note = forms.CharField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["late"] = forms.CharField()


def said(language: str) -> dict[str, str]:
    with translation.override(language):
        return {name: texts[0] for name, texts in Everything({}).errors.items()}


def test_a_field_left_out_says_what_to_do_about_it():
    assert said("en") == {
        "name": "Fill this in.",
        "mail": "Enter an e-mail address, e.g. name@example.com.",
        "count": "Enter a number.",
        "price": "Write an amount in đồng, for example 450,000,000 or 1.5 bn.",
        "day": "Enter a date, e.g. 21/11/2026.",
        "paper": "Choose a file.",
        "side": "Choose one.",
        "sides": "Choose at least one.",
        "sure": "Tick this to go on.",
        "place": "Say where.",
        "late": "Fill this in.",
    }


@pytest.mark.parametrize("name", ["name", "mail", "count", "price", "day", "paper", "side", "sides", "sure"])
def test_it_says_so_in_vietnamese(name):
    english, vietnamese = said("en")[name], said("vi")[name]
    assert vietnamese != english
    assert "bắt buộc" not in vietnamese
