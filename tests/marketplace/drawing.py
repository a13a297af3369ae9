"""Draw a component as a page would, for the tests of components."""

from bs4 import BeautifulSoup
from django import forms
from django.template import engines
from django.test import RequestFactory
from django.utils import translation


def render(source, language="en", path="/", **context):
    with translation.override(language):
        request = RequestFactory().get(path)
        return engines["django"].from_string(source).render({"request": request, **context})


def soup(source, **context):
    return BeautifulSoup(render(source, **context), "html.parser")


class DateForm(forms.Form):
    filed_on = forms.DateField(label="Filed on", help_text="As on the form.")
    side = forms.ChoiceField(label="Side", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="Agreed")
