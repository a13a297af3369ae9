import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.paginator import Paginator
from django.http import QueryDict
from django.utils import timezone

from marketplace.kit import money
from marketplace.ui.registry import register

from .drawing import DateForm, render, soup

ROOT = settings.BASE_DIR
NB = "\u00a0"


# Words and figures


@pytest.mark.parametrize(
    ("amount", "vi", "en"),
    [
        (1_250_000_000, f"1,25{NB}tỷ{NB}₫", f"₫1.25{NB}bn"),
        (12_500_000, f"12,5{NB}triệu{NB}₫", f"₫12.5{NB}m"),
        (999_999_999, f"1{NB}tỷ{NB}₫", f"₫1{NB}bn"),
        (999_499, f"999.499{NB}₫", "₫999,499"),
        (0, f"0{NB}₫", "₫0"),
        (-4_500_000, f"−4,5{NB}triệu{NB}₫", f"−₫4.5{NB}m"),
        (1_234_567_000_000, f"1.235{NB}tỷ{NB}₫", f"₫1.23{NB}tn"),
    ],
)
def test_money_short_form(amount, vi, en):
    assert (money.short(amount, "vi"), money.short(amount, "en")) == (vi, en)


def test_money_exact_form():
    assert money.exact(Decimal("1250000000"), "vi") == f"1.250.000.000{NB}₫"
    assert money.exact(Decimal("-1250000000"), "en") == "−₫1,250,000,000"


def test_an_amount_stands_in_its_currency():
    source = '{{ 1200000000|in_currency:"VND" }} / {{ 1200|in_currency:"USD" }}'
    said = {language: BeautifulSoup(render(source, language), "html.parser").text for language in ("vi", "en")}
    assert said["vi"].replace(NB, " ") == "1.200.000.000 ₫ / 1.200 USD"
    assert said["en"].replace(NB, " ") == "₫1,200,000,000 / 1,200 USD"


def test_money_filter_has_exact_figure_on_hover():
    data = soup("{{ amount|money }}", amount=1_250_000_000).data
    assert (data["value"], data["title"], data.text) == ("1250000000", "₫1,250,000,000", f"₫1.25{NB}bn")


def test_absent_values_give_a_dash():
    source = "{{ x|money }}{{ x|money_exact }}{{ x|money_text }}{{ x|percent }}{{ x|share }}{{ x|day }}{{ x|moment }}{{ x|ago }}{{ x|number }}{{ x|size }}"
    assert render(source, x=None) == "–" * 10


def test_numbers_and_shares_follow_the_language():
    source = "{{ a|number }} {{ b|share }} {{ c|percent }} {{ d|size }}"
    values = {"a": 1234567.5, "b": 0.125, "c": Decimal("62.5000"), "d": 1_260_000}
    assert render(source, "vi", **values) == f"1.234.567,5 12,5% 62,5% 1,3{NB}MB"
    assert render(source, "en", **values) == f"1,234,567.5 12.5% 62.5% 1.3{NB}MB"


@pytest.mark.parametrize(
    ("given", "vi", "en"),
    [
        ("5200", "5.200", "5,200"),
        ("65000", "65.000", "65,000"),
        ("850", "850", "850"),
        ("1.150", "1.150", "1.150"),
        ("≥ 5200 h", "≥ 5200 h", "≥ 5200 h"),
        ("0,5", "0,5", "0,5"),
        ("", "", ""),
    ],
)
def test_a_measured_value_stays_as_given_but_for_the_marks_of_a_long_number(given, vi, en):
    assert (render("{{ v|figure }}", "vi", v=given), render("{{ v|figure }}", "en", v=given)) == (vi, en)


def test_day_is_written_as_people_write_it():
    assert render("{{ d|day }}", "vi", d=date(2025, 3, 9)) == '<time datetime="2025-03-09">09/03/2025</time>'
    assert render("{{ d|day }}", "en", d=date(2025, 3, 9)) == '<time datetime="2025-03-09">9 Mar 2025</time>'


def test_ago_looks_both_ways():
    today = timezone.localdate()
    texts = [soup("{{ d|ago }}", d=today + timedelta(days=step)).text.replace(NB, " ") for step in (-2, 0, 2)]
    assert texts == ["2 days ago", "today", "in 2 days"]


@pytest.mark.parametrize(
    ("minutes", "vi", "en"),
    [
        (0, "1 phút trước", "1 minute ago"),
        (125, "2 giờ trước", "2 hours ago"),
        (4 * 1440, "4 ngày trước", "4 days ago"),
        (70 * 1440, "2 tháng trước", "2 months ago"),
        (800 * 1440, "2 năm trước", "2 years ago"),
    ],
)
def test_ago_uses_the_largest_whole_unit(minutes, vi, en):
    then = timezone.now() - timedelta(minutes=minutes, seconds=1)
    texts = [BeautifulSoup(render("{{ t|ago }}", language, t=then), "html.parser").text for language in ("vi", "en")]
    assert [text.replace(NB, " ") for text in texts] == [vi, en]


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (10**9, 2 * 10**9, f"₫1{NB}bn – ₫2{NB}bn"),
        (10**9, None, f"from ₫1{NB}bn"),
        (None, 10**9, f"up to ₫1{NB}bn"),
        (None, None, "Price on request"),
    ],
)
def test_price_text_says_what_is_known(low, high, text):
    assert render("{% price_text low high %}", low=low, high=high) == text


# Options


@pytest.mark.parametrize(
    "source",
    [
        '{% button "x" kind="red" %}',
        '{% button "x" type="image" %}',
        '{% button "x" onclick="alert()" %}',
        '{% link_button "x" href="#" size="huge" %}',
        '{% badge "x" tone="blue" %}',
        '{% legal_badge "secret" %}',
        '{% verification_badge "maybe" %}',
        '{% notice kind="pink" %}x{% endnotice %}',
        '{% icon "unicorn" %}',
        '{% search_box action="/" size="small" %}',
        '{% panel tone="red" %}x{% endpanel %}',
        '{% facts layout="round" %}x{% endfacts %}',
        '{% result_card title="x" href="/" level=9 %}{% endresult_card %}',
        '{% stat "x" value=1 tone="blue" %}',
        "{% trl_gauge 10 %}",
        "{% trl_gauge 4 needed_from=7 needed_to=5 %}",
        "{% price_range p10=3 p50=2 p90=4 %}",
        "{% price_range p10=3 p50=None p90=4 %}",
        '{% price_range p10=1 p50="much" p90=4 %}',
        "{% score 82 %}",
        '{% file_tile name="x" tier="secret" %}',
        "{% timeline rows %}",
        "{% stepper rows %}",
        "{% steps_nav rows %}",
        "{% match_reasons rows %}",
        '{% offer_diff rows caption="x" %}',
        '{% football_field rows caption="x" %}',
        "{% facet_panel rows %}",
        '{% tabs rows label="x" %}',
        '{% bar_chart pairs title="x" summary="x" unit="kg" label_head="x" value_head="x" %}',
        '{% line_chart pairs series=series title="x" summary="x" label_head="x" %}',
        "{% field rows %}",
        '{% form_fields form only="nothing" %}',
    ],
)
def test_component_refuses_a_wrong_option(source):
    context = {"rows": [{"colour": "red"}], "pairs": [("a", 1)], "series": [("a", [1, 2])], "form": DateForm()}
    with pytest.raises((ValueError, TypeError)):
        render(source, **context)


def test_every_component_is_documented():
    text = (ROOT / "docs" / "components.md").read_text()
    names = [*register.tags, *register.filters]
    missing = [name for name in names if not re.search(rf"(\{{% |\||`){name}\b", text)]
    assert missing == ["formset_row", "toasts"] or missing == ["toasts", "formset_row"]


def test_every_component_template_opens_with_its_options():
    silent = [
        path.name for path in (ROOT / "templates/components").glob("*.html") if not path.read_text().startswith("{# ")
    ]
    assert silent == []


def test_templates_hold_no_inline_style_or_script():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in (ROOT / "templates").rglob("*.html")
        for match in re.finditer(
            r"\sstyle=|\son(?:click|change|submit|load)=|<style|<script(?![^>]*\ssrc=)", path.read_text()
        )
    ]
    assert found == []


# Components


def test_button_passes_htmx_attributes():
    button = soup('{% button "Go" kind="primary" name="go" value=0 hx_post="/x/" aria_label="Now" %}').button
    assert button["hx-post"] == "/x/"
    assert button["aria-label"] == "Now"
    assert (button["name"], button["value"], button["type"]) == ("go", "0", "submit")


def test_labels_are_escaped():
    assert "<script>" not in render(
        "{% badge x %}{% button x %}{% page_header title=x %}{% endpage_header %}", x="<script>"
    )


def test_clock_tells_late_soon_and_ahead():
    today = timezone.localdate()
    classes = [soup("{% clock due %}", due=today + timedelta(days=step)).span["class"][1] for step in (-1, 2, 10)]
    assert classes == ["clock-danger", "clock-waiting", "clock-neutral"]
    assert soup("{% clock due done=True %}", due=today - timedelta(days=1)).span["class"][1] == "clock-neutral"


def test_trl_gauge_outlines_what_the_buyer_needs():
    page = soup("{% trl_gauge 4 needed_from=5 needed_to=7 %}")
    cells = page.select("g")
    assert [index for index, cell in enumerate(cells, 1) if "is-needed" in cell["class"]] == [5, 6, 7]
    assert [index for index, cell in enumerate(cells, 1) if "is-filled" in cell["class"]] == [1, 2, 3, 4]
    assert page.svg["aria-label"] == "TRL 4 of 9; the buyer needs 5 to 7"


def test_price_range_keeps_the_order_of_its_marks():
    page = soup("{% price_range p10=1000 p50=2000 p90=4000 asking=5000 budget=500 %}")
    place = lambda value: float(value.rstrip("%"))  # noqa: E731
    band = page.select_one(".price-band")
    median = place(page.select_one(".price-median")["x1"])
    budget, asking = (place(mark["x"]) for mark in page.select(".price-bar > svg"))
    left, right = place(band["x"]), place(band["x"]) + place(band["width"])
    assert 0 < budget < left < median < right < asking < 100
    assert "above the suggested range" in page.figcaption.text
    assert page.svg["aria-label"].startswith("Suggested range ")


def test_a_certified_value_is_marked_but_never_named_in_the_legend_of_the_range():
    page = soup("{% price_range p10=1000000 p50=2000000 p90=4000000 certified=7300000 %}")
    assert "7.3" not in page.find("dl").get_text()
    assert "certified value of" in page.find("svg")["aria-label"]
    place = float(page.find("circle", class_="price-certified").parent["x"].rstrip("%"))
    band = page.find("rect", class_="price-band")
    assert float(band["x"].rstrip("%")) + float(band["width"].rstrip("%")) < place < 100
    assert "not part of the computed range" in page.find(class_="price-beside").get_text()
    field = soup(
        '{% football_field rows caption="x" certified=9000000 %}', rows=[{"label": "m", "low": 1, "mid": 2, "high": 3}]
    )
    assert field.select_one("td .price-certified") is not None
    assert "9" in field.find(class_="price-beside").get_text()
    assert "price-certified" not in str(soup("{% price_range p10=1 p50=2 p90=4 %}"))


def test_price_range_that_is_no_suggestion_says_what_it_is():
    page = soup("{% price_range p10=1000000 p50=2000000 p90=4000000 label='The most you can pay' %}")
    assert page.svg["aria-label"] == f"The most you can pay: ₫1{NB}m to ₫4{NB}m, median ₫2{NB}m"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_drawings_use_points_in_every_language(language):
    html = render("{% price_range p10=1 p50=2 p90=7 %}{% score 0.337 %}", language)
    assert not re.search(r'(?:x|x1|x2|y|width|stroke-dasharray)="[\d]+,', html)


def test_match_reasons_tell_for_from_against():
    reasons = [
        {"kind": "meaning", "label": "“Salt” ↔ “Brine”", "weight": 0.934},
        {"kind": "word", "label": "graphene", "weight": 0.21},
        {"kind": "answer", "label": "declined before", "weight": -0.09},
        {"kind": "exchange", "label": "taken up more often", "weight": 0.2},
        {"kind": "fact", "label": "price", "verdict": "not"},
    ]
    page = soup("{% match_reasons reasons %}", reasons=reasons)
    assert [item.text for item in page.select(".reason-points")] == ["0.93", "21%", "−9%", "+20%"]
    assert [group.contents[0].strip() for group in page.select(".reason-kind")] == [
        "Alike in meaning",
        "Words in common",
        "Your earlier answers",
        "Answers on this exchange",
        "Facts",
    ]
    assert [item["class"] for item in page.select("li:not(:has(.reason-points))")] == [["reason-fact", "is-not"]]


def test_offer_diff_marks_changes_only():
    changes = [
        {"label": "Upfront", "before": "500", "after": "650"},
        {"label": "Territory", "before": None, "after": "Laos"},
        {"label": "Minimum", "before": "10", "after": None},
        {"label": "Term", "before": "5", "after": "5"},
    ]
    page = soup('{% offer_diff changes caption="Changes" %}', changes=changes)
    assert [row["class"] for row in page.select("tbody tr")] == [
        ["is-changed"],
        ["is-added"],
        ["is-removed"],
        ["is-same"],
    ]
    assert [mark.text for mark in page.select("ins")] == ["650", "Laos"]
    assert page.select_one(".count").text == "3 changes"


def test_file_tile_links_only_what_is_open():
    opened = soup('{% file_tile name="a.pdf" tier="public" href="/a" %}')
    locked = soup('{% file_tile name="a.pdf" tier="nda" href="/a" locked=True how_to_open="Sign the NDA." %}')
    assert opened.a["href"] == "/a"
    assert locked.a is None
    assert "Sign the NDA." in locked.text


def test_pagination_keeps_filters():
    page = soup("{% pagination page %}", path="/?q=lọc&trl=4&page=2", page=Paginator(range(100), 10).page(2))
    next_link = page.select_one("a[rel=next]")["href"]
    assert QueryDict(next_link.removeprefix("?")) == QueryDict("q=lọc&trl=4&page=3")
    assert page.select_one("[aria-current=page]").text == "2"


def test_pagination_of_one_page_shows_nothing():
    assert soup("{% pagination page %}", page=Paginator(range(3), 10).page(1)).nav is None


@pytest.mark.parametrize(
    ("query", "sort", "aria"),
    [("", "price", None), ("?sort=price", "-price", "ascending"), ("?sort=-price&page=3", "price", "descending")],
)
def test_sort_head_turns_the_order(query, sort, aria):
    head = soup('{% sort_th "Price" key="price" %}', path=f"/{query}").th
    assert head.a["href"] == f"?sort={sort}"
    assert head.get("aria-sort") == aria


def test_progress_asks_again_until_done():
    going = soup('{% progress label="Import" value=1 out_of=4 url="/p/" %}').div
    done = soup('{% progress label="Import" value=4 out_of=4 url="/p/" done=True %}').div
    assert (going["hx-get"], going.progress["value"], going.select_one(".figure").text) == ("/p/", "1", "25%")
    assert "hx-get" not in done.attrs


def test_block_tags_nest():
    html = render('{% panel title="A" %}{% notice %}{% badge "x" %}{% endnotice %}{% endpanel %}')
    assert html.count("&lt;") == 0
    assert "notice-info" in html


# Forms
