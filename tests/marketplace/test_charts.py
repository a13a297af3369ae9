import pytest
from bs4 import BeautifulSoup
from django.template import engines
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from marketplace import charts

AMOUNTS = st.floats(min_value=-1e15, max_value=1e15, allow_nan=False).map(lambda value: round(value, 3))


def place(text):
    return float(text.rstrip("%"))


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([], (0, 0.5, 1)),
        ([7], (0, 2, 4, 6, 8)),
        ([118, 64], (0, 50, 100, 150)),
        ([-3, 9], (-5, 0, 5, 10)),
    ],
)
def test_axis_has_round_marks(values, marks):
    axis = charts.nice_axis(values)
    assert axis.marks[0] == marks[0]
    assert axis.marks[-1] == marks[-1]


@given(st.lists(AMOUNTS, max_size=20))
def test_axis_holds_zero_and_every_value(values):
    axis = charts.nice_axis(values)
    assert all(-1e-6 <= axis.place(value) <= 1 + 1e-6 for value in [0, *values])
    assert 2 <= len(axis.marks) <= 12


@given(st.lists(AMOUNTS, min_size=1, max_size=12))
def test_bars_stay_inside_the_drawing(values):
    for bar in charts.bars([("x", value) for value in values])["bars"]:
        assert 0 <= place(bar["x"]) <= 100
        assert place(bar["x"]) + place(bar["width"]) <= 100.02


def test_bar_widths_are_in_proportion():
    bars = charts.bars([("a", 20), ("b", 10), ("c", 0)])["bars"]
    assert [place(bar["width"]) for bar in bars] == [100, 50, 0]


def test_columns_stand_on_zero():
    laid = charts.columns([("a", 10), ("b", 5)], height=100, head=20)
    assert [(column["y"], column["height"]) for column in laid["columns"]] == [("20.0", "100.0"), ("70.0", "50.0")]
    assert laid["zero"] == "120.0"


def test_line_has_a_gap_where_a_value_is_missing():
    line = charts.lines(["1", "2", "3", "4"], [("a", [1, None, 3, 4])])["series"][0]
    assert len(line["points"]) == 3
    assert len(line["segments"]) == 1


def test_line_refuses_a_series_of_another_length():
    with pytest.raises(ValueError, match="2 values for 3 labels"):
        charts.lines(["1", "2", "3"], [("a", [1, 2])])


@pytest.mark.parametrize("language", ["vi", "en"])
def test_chart_has_a_table_with_every_figure(language):
    source = (
        '{% bar_chart rows title="T" summary="S" unit="money" label_head="Year" value_head="Value" layout="columns" %}'
    )
    with translation.override(language):
        html = engines["django"].from_string(source).render({"rows": [(2023, 1_400_000_000), (2024, 3_100_000_000)]})
    page = BeautifulSoup(html, "html.parser")
    cells = [cell.text.replace("\u00a0", " ") for cell in page.select("tbody td")]
    assert cells == (["1,4 tỷ ₫", "3,1 tỷ ₫"] if language == "vi" else ["₫1.4 bn", "₫3.1 bn"])
    assert page.svg["aria-hidden"] == "true"


def test_chart_without_figures_says_so():
    source = '{% bar_chart rows title="T" summary="S" label_head="a" value_head="b" %}'
    assert "No figures yet." in translation_render(source, rows=[])


def translation_render(source, **context):
    with translation.override("en"):
        return engines["django"].from_string(source).render(context)
