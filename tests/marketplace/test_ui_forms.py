from datetime import date

import pytest
from bs4 import BeautifulSoup
from django import forms
from django.http import QueryDict
from django.utils import translation

from marketplace.kit.formrows import wants_row, with_added_row

from .drawing import DateForm, render, soup


def test_field_joins_label_hint_and_error():
    page = soup("{% field form.filed_on %}", form=DateForm({"filed_on": ""}))
    control = page.input
    assert page.label["for"] == control["id"]
    assert control["aria-describedby"].split() == ["id_filed_on_format", "id_filed_on_helptext", "id_filed_on_error"]
    assert control["aria-invalid"] == "true"
    assert page.find(id="id_filed_on_helptext").text == "As on the form."
    assert page.find(id="id_filed_on_error") is not None


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    "form", [DateForm(initial={"filed_on": date(2025, 3, 9)}), DateForm({"filed_on": "09/03/2025"})]
)
def test_date_field_shows_and_says_one_order_in_both_languages(language, form):
    page = BeautifulSoup(render("{% field form.filed_on %}", language, form=form), "html.parser")
    assert (page.input["type"], page.input["value"]) == ("text", "09/03/2025")
    said = page.find(id=page.input["aria-describedby"].split()[0]).text
    assert said == {"vi": "ngày/tháng/năm, ví dụ 21/11/2026", "en": "day/month/year, e.g. 21/11/2026"}[language]
    assert page.button["data-pick"] == page.input["id"]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("typed", ["09/03/2025", "9/3/2025", "2025-03-09"])
def test_date_is_read_as_shown_and_as_iso(language, typed):
    with translation.override(language):
        form = DateForm({"filed_on": typed, "side": "a", "agreed": "on"})
        assert form.is_valid(), form.errors
    assert form.cleaned_data["filed_on"] == date(2025, 3, 9)


def test_date_that_is_none_stays_as_typed():
    control = soup("{% field form.filed_on %}", form=DateForm({"filed_on": "31/02/2025"})).input
    assert (control["type"], control["value"]) == ("text", "31/02/2025")


def test_django_renders_fields_as_the_component_does():
    form = DateForm()
    assert (
        render("{{ form.filed_on.as_field_group }}", form=form).strip()
        == render("{% field form.filed_on %}", form=form).strip()
    )


def test_error_summary_links_each_error_to_a_control():
    form = DateForm({})
    page = soup("{% error_summary form %}{% form_fields form %}", form=form)
    targets = [link["href"].removeprefix("#") for link in page.select(".error-summary a")]
    assert targets == ["id_filed_on", "id_side_0", "id_agreed"]
    assert [page.find(id=target).name for target in targets] == ["input", "input", "input"]
    assert page.select_one(".error-summary")["role"] == "alert"


def test_error_summary_follows_the_order_of_the_form():
    form = DateForm({})
    form.add_error(None, "All of it is wrong")
    form.errors.update({name: form.errors.pop(name) for name in ("filed_on", "side")})  # now they come last
    page = soup("{% error_summary form %}", form=form)
    assert page.select_one(".error-summary li").text == "All of it is wrong"
    targets = [link["href"] for link in page.select(".error-summary a")]
    assert targets == ["#id_filed_on", "#id_side_0", "#id_agreed"]


def test_error_summary_is_silent_when_all_is_well():
    assert soup("{% error_summary form %}", form=DateForm()).find() is None


def test_formset_numbers_its_errors_and_adds_a_row_without_script():
    rows = forms.formset_factory(DateForm, extra=0, can_delete=True)
    sent = QueryDict("r-TOTAL_FORMS=1&r-INITIAL_FORMS=0&r-0-side=a&r-add=1")
    page = soup(
        '{% error_summary rows %}{% formset rows legend="Rows" row_label="Row" add_label="Add" %}',
        rows=rows(sent, prefix="r"),
    )
    assert page.select_one(".error-summary a").text.startswith("Row 1: Filed on")
    assert page.select_one("[data-add-row]")["name"] == "r-add"
    assert wants_row(sent, "r")
    more = rows(with_added_row(sent, "r"), prefix="r")
    assert len(more.forms) == 2
    assert more.forms[0]["side"].value() == "a"


@pytest.mark.parametrize(
    ("total", "expected"), [("2", "3"), ("abc", "1"), ("-4", "1"), ("100", "100"), ("9" * 5000, "1")], ids=lambda value: value[:6]
)  # fmt: skip
def test_added_row_is_counted_within_limits(total, expected):
    assert with_added_row(QueryDict(f"r-TOTAL_FORMS={total}&r-add=1"), "r")["r-TOTAL_FORMS"] == expected


# Style
