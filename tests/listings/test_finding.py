"""One search box, filters and facets: what is found, counted and ordered; the page, the API, CSV and feed agree."""

import csv
import datetime
import io
import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from listings import facets, finding
from listings.models import Demand, Technology
from listings.services.publication import index_listing
from listings.services.vocabulary import rebuild_vocabulary
from search import index
from search.embedder import use_embedder
from search.models import DIMENSIONS
from tests.factories.accounts import OrganisationFactory, province
from tests.factories.listings import DemandFactory, IPRightFactory, TechnologyFactory, field

pytestmark = pytest.mark.django_db
LISTS = {"technology": "/technologies/", "demand": "/demands/"}
FACTORIES = {"technology": TechnologyFactory, "demand": DemandFactory}


class NoEmbedder:
    """Finds no vector, as while the worker or the server of vectors is away: words alone rank."""

    space = "none"

    def embed(self, texts, *, query):
        from search.embedder import EmbeddingError

        raise EmbeddingError("away")


@pytest.fixture(autouse=True)
def words_alone(settings, tmp_path):
    """Rank by words, in an index of the test's own."""
    assert DIMENSIONS
    settings.INDEX_DIR = tmp_path / "index"
    use_embedder(NoEmbedder())
    yield
    use_embedder(None)


def published(kind="technology", **fields):
    return FACTORIES[kind](published=True, indexed=True, **fields)


def ids(kind, query="", **reader):
    """Find, and give the ids in order."""
    return [row.pk for row in finding.find(kind, QueryDict(query), **reader).listings]


def page_ids(client, kind, query=""):
    page = BeautifulSoup(client.get(f"{LISTS[kind]}?{query}").content, "html.parser")
    return [int(re.search(r"/(\d+)/$", link["href"])[1]) for link in page.select(".card-title a")]


QUERIES = [
    "", "q=asen", "q=loc+asen", "q=arsenic", "sort=trl", "trl_min=6", "trl_max=6", "trl_min=3&trl_max=6", "ip=patent",
    "ip=patent&ip=software_copyright", "rights=trial", "price_max=500000000", "sector=chemistry", "field=24",
    "field=24&field=6", "region=red-river-delta", "province=01", "province=79&province=01", "organisation_kind=institute",
    "legal_class=encouraged", "language=en", "q=asen&trl_min=6", "q=asen&trl_min=6&sort=price", "q=khongcogi", "sort=price&language=vi",
]  # fmt: skip


@pytest.fixture
def stock():
    """Six technologies that differ in everything that is filtered."""
    south = OrganisationFactory(institute=True, province=province("79"))
    rows = [
        published(title="Lọc asen bằng cát phủ mangan", trl=7, with_right=True, legal_class="encouraged"),
        published(title="Cảm biến asen cầm tay", trl=4, fields=[field(10)], main_field=field(10), price_min=2 * 10**9, price_max=None),
        published(title="Arsenic removal with iron sludge", language="en", trl=9, price_min=None, price_max=None),
        published(title="Phần mềm lập lịch xưởng", summary="Lập lịch.", problem="Trễ.", solution="Quy hoạch.", applications="Xưởng.", keywords=[], ipc=[],
                  fields=[field(6)], main_field=field(6), trl=3, organisation=south, rights_offered=["trial"]),
        published(title="Sấy xoài", summary="Sấy.", problem="Ẩm.", solution="Bơm nhiệt.", applications="Xoài.", keywords=[], ipc=[], trl=None, organisation=south),
        published(title="Bể lọc asen gia đình", trl=6, price_min=None, price_max=Decimal(300_000_000)),
    ]  # fmt: skip
    IPRightFactory(technology=rows[3], kind="software_copyright")
    TechnologyFactory(title="Lọc asen bản nháp")
    TechnologyFactory(title="Lọc asen đã rút", withdrawn=True, indexed=True)
    index.catch_up()
    return rows


@pytest.mark.parametrize("query", QUERIES)
def test_page_api_csv_and_feed_give_the_same_listings(client, stock, query):
    expected = ids("technology", query, language="vi")
    shown = page_ids(client, "technology", query)
    answer = client.get(f"/api/v1/technologies/?{query}").json()
    table = b"".join(client.get(f"/technologies.csv?{query}")).decode("utf-8-sig")
    feed = ElementTree.fromstring(client.get(f"/technologies.atom?{query}").content)  # noqa: S314 -- our own
    assert shown == expected
    assert [row["id"] for row in answer["results"]] == expected
    assert answer["count"] == len(expected)
    assert [int(row["id"]) for row in csv.DictReader(io.StringIO(table))] == expected
    links = feed.findall("{*}entry/{*}link")
    assert sorted(int(re.search(r"/(\d+)/$", link.get("href"))[1]) for link in links) == sorted(expected)


@pytest.mark.parametrize("query", ["", "q=asen", "q=asen&trl_min=4", "sort=trl"])
def test_parts_together_are_the_whole(stock, query, django_assert_num_queries):
    found = finding.find("technology", QueryDict(query), language="vi")
    whole = list(found.listings)
    parts = [*found.part(0, 2), *found.part(2, 4), *found.part(4, 9)]
    assert parts == whole
    with django_assert_num_queries(0):
        shown = [(row.province, row.main_field, row.organisation.name_vi) for row in parts]
    assert shown == [(row.province, row.main_field, row.organisation.name_vi) for row in whole]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("trl_min=6", {0, 2, 5}), ("trl_min=3&trl_max=4", {1, 3}), ("ip=patent", {0}), ("ip=patent&ip=software_copyright", {0, 3}),
        ("rights=trial", {3}), ("price_max=500000000", {0, 3, 4, 5}), ("price_max=300000000", {5}), ("field=6", {3}),
        ("sector=instruments", {1}), ("sector=electrical-engineering", {3}), ("province=79", {3, 4}),
        ("region=southeast", {3, 4}), ("organisation_kind=institute", {3, 4}), ("legal_class=encouraged", {0}),
        ("language=en", {2}), ("trl_min=6&language=vi", {0, 5}), ("q=asen", {0, 1, 5}), ("q=lap+lich", {3}),
    ],
)  # fmt: skip
def test_filter_keeps_what_it_means(stock, query, places):
    found = ids("technology", query)
    assert places <= {stock.index(row) for row in stock if row.pk in found}
    if not query.startswith("q="):
        assert {stock.index(row) for row in stock if row.pk in found} == places


def test_words_are_found_without_accents_and_in_order_of_fit(stock):
    assert ids("technology", "q=cam+bien+asen")[0] == stock[1].pk
    assert ids("technology", "q=cảm biến asen") == ids("technology", "q=cam+bien+asen")


def test_words_of_nothing_find_nothing(client, stock):
    page = client.get("/technologies/?q=zzzz").content.decode()
    assert "cards" not in page
    assert page_ids(client, "technology", "q=zzzz") == []


def test_order_puts_the_unknown_last(stock):
    assert ids("technology", "sort=trl") == [stock[n].pk for n in (2, 0, 5, 1, 3, 4)]
    prices = [Technology.objects.get(pk=pk) for pk in ids("technology", "sort=price")]
    known = [row.price_min if row.price_min is not None else row.price_max for row in prices]
    assert known[-1] is None
    assert known[:-1] == sorted(known[:-1])


@pytest.mark.parametrize(
    ("kind", "sort", "name"),
    [
        ("technology", "newest", "listings_technology_newest"),
        ("technology", "trl", "listings_technology_by_trl"),
        ("technology", "price", "listings_technology_by_price"),
        ("demand", "budget", "listings_demand_by_budget"),
        ("demand", "deadline", "listings_demand_by_deadline"),
    ],
)
def test_each_order_is_that_of_an_index(kind, sort, name):
    """Of a million listings a page must read twenty."""
    with connection.cursor() as cursor:
        for dear in ("seqscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{dear} = off")
    plan = finding.find(kind, {"sort": sort}).rows[:20].explain()
    assert f"using {name} on" in plan
    assert "Sort" not in plan


def test_demands_filter_and_order():
    soon = published(
        "demand", needed_by=datetime.date(2027, 1, 1), budget_max=10**9, trl_min=4, cooperation=["service"]
    )
    late = published("demand", needed_by=datetime.date(2028, 1, 1), budget_max=None, budget_min=5 * 10**9, trl_min=8)
    free = published("demand", needed_by=None, budget_max=None, budget_min=None, trl_min=None)
    assert ids("demand", "sort=deadline") == [soon.pk, late.pk, free.pk]
    assert ids("demand", "sort=budget") == [late.pk, soon.pk, free.pk]
    assert ids("demand", "budget_min=2000000000") == [late.pk]
    assert ids("demand", "trl_max=5") == [soon.pk]
    assert ids("demand", "cooperation=service") == [soon.pk]


# --- facets


def counted(kind, query=""):
    return finding.find(kind, QueryDict(query)).counts


@pytest.mark.parametrize(
    "query", ["", "q=asen", *QUERIES[8:20:3], "q=asen&trl_min=6&region=red-river-delta", "q=khongcogi"]
)
def test_facet_counts_what_choosing_it_would_give(stock, query):
    """Each count is compared with the list that has that one value in the place of the facet's own filter."""
    found = finding.find("technology", QueryDict(query))
    assert found.counts.total == len(ids("technology", query))
    reference = found.filters.reference
    english = {"sector": reference.sector_names, "region": reference.region_names}
    for facet in (
        "sector",
        "field",
        "ip",
        "rights",
        "region",
        "province",
        "organisation_kind",
        "legal_class",
        "language",
    ):
        for value, _label in found.filters.filters[facet].extra["choices"]:
            other = QueryDict(query, mutable=True)
            other.setlist(facet, [value])
            expected = len(ids("technology", other.urlencode()))
            assert found.counts.of(facet, english.get(facet, {}).get(value, value)) == expected, (facet, value)


def test_facet_counts_one_listing_of_two_fields_once_in_their_sector():
    published(fields=[field(24), field(23)])
    assert counted("technology").by_facet["sector"] == {"Chemistry": 1}
    assert counted("technology").by_facet["field"] == {"23": 1, "24": 1}


def test_counts_beyond_the_cap_say_more_than(client, monkeypatch):
    monkeypatch.setattr(facets, "CAP", 2)
    for _ in range(3):
        published()
    assert counted("technology").exact is False
    assert "More than" in client.get("/en/technologies/").content.decode()
    monkeypatch.setattr(facets, "CAP", 3)
    assert counted("technology").exact is True


# --- the page


def test_wrong_values_are_left_out_by_the_page_and_refused_by_the_api(client, stock):
    query = "trl_min=abc&province=99&sort=sideways&page=x&language=vi"
    page = client.get(f"/technologies/?{query}")
    assert page.status_code == 200
    assert page_ids(client, "technology", query) == ids("technology", "language=vi")
    answer = client.get(f"/api/v1/technologies/?{query}")
    assert answer.status_code == 400
    assert {"trl_min", "province", "sort"} <= set(answer.json().get("errors", answer.json()))


@pytest.mark.parametrize(
    "words", ["%00", "a" * 3000, "%E2%80%AE", "<script>alert(1)</script>", "' OR 1=1 --", "AND OR (", "%"]
)
@pytest.mark.parametrize(
    "path", ["/technologies/", "/demands/", "/technologies.csv", "/demands.atom", "/api/v1/demands/"]
)
def test_odd_words_do_no_harm(client, stock, path, words):
    response = client.get(f"{path}?q={words}")
    assert response.status_code in ({200, 400} if "api" in path or words == "%00" else {200})
    body = b"".join(response) if response.streaming else response.content
    assert b"<script>alert" not in body


def test_page_numbers_out_of_range_give_the_nearest_page(client, stock):
    assert client.get("/technologies/?page=99").status_code == 200
    assert client.get("/technologies/?page=-1").status_code == 200


def test_snippet_marks_the_words_in_their_own_accents(client, stock):
    page = BeautifulSoup(client.get("/technologies/?q=loc+asen").content, "html.parser")
    assert {"lọc asen", "asen"} & {mark.text.lower() for mark in page.select(".card mark")}


def test_swapped_fragment_equals_the_fresh_page(client, stock):
    """htmx asks the same address; what it puts into #found is what a fresh page has there."""
    for query in ("q=asen&trl_min=6", "language=en", ""):
        fresh = BeautifulSoup(client.get(f"/technologies/?{query}").content, "html.parser")
        part = client.get(f"/technologies/?{query}", headers={"HX-Request": "true", "HX-Target": "found"})
        swapped = BeautifulSoup(part.content, "html.parser")
        assert "HX-Request" in part["Vary"]
        assert not swapped.select("html, h1")
        assert "".join(str(swapped).split()) == "".join(fresh.select_one("#found").decode_contents().split())


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    ("kind", "query", "queries"),
    [
        ("technology", "", 4),
        ("technology", "field=24&sector=chemistry&ip=patent&region=red-river-delta", 4),
        ("technology", "q=asen", 6),
        ("demand", "", 4),
        ("demand", "q=asen&trl_min=1", 7),  # which of the hits the filter leaves is asked first
    ],
)
def test_list_takes_constant_queries(client, number, kind, query, queries):
    for _ in range(number):
        published(kind, **({"with_right": True} if kind == "technology" else {}))
    index.catch_up()
    client.get(f"{LISTS[kind]}?{query}")
    with CaptureQueriesContext(connection) as seen:
        assert len(page_ids(client, kind, query)) == number
    assert len(seen) == queries, "\n".join(row["sql"][:150] for row in seen)


def test_csv_gives_no_formula_to_a_spreadsheet(client):
    published(title='=HYPERLINK("http://x")', summary="-1+1")
    table = b"".join(client.get("/technologies.csv")).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(table)))
    assert row["title"].startswith("'=")
    assert row["summary"].startswith("'-")


def test_list_page_has_one_form_without_script(client, stock):
    """Facets and words are GET forms: with scripts off the same address is asked."""
    page = BeautifulSoup(client.get("/technologies/?q=asen&sort=trl").content, "html.parser")
    form = page.select_one(".facets form")
    assert form["method"] == "get"
    assert form["action"] == "/technologies/"
    assert {i["name"]: i["value"] for i in form.select("input[type=hidden]")} == {"q": "asen", "sort": "trl"}


def test_demand_rows_are_demands(client):
    row = published("demand")
    assert page_ids(client, "demand") == [row.pk]
    assert Demand.objects.count() == 1


# --- spelling and suggestions


@pytest.fixture
def vocabulary(stock):
    rebuild_vocabulary()
    return stock


def test_page_asks_whether_another_word_was_meant(client, vocabulary):
    page = BeautifulSoup(client.get("/en/technologies/?q=phầm mềm&language=vi").content, "html.parser")
    assert page.select_one(".found-meant a")["href"] == "/en/technologies/?q=ph%E1%BA%A7n+m%E1%BB%81m"
    assert not BeautifulSoup(client.get("/technologies/?q=asen").content, "html.parser").select(".found-meant")


def suggested(client, typed, kind="technology"):
    answer = client.get(f"{LISTS[kind]}suggest/", {"q": typed})
    assert answer.status_code == 200
    return [
        option.get_text().strip() for option in BeautifulSoup(answer.content, "html.parser").select("[role=option]")
    ]


def test_suggestions_are_titles_and_keywords_with_or_without_marks(client, vocabulary):
    assert vocabulary[5].title in suggested(client, "be loc a")
    assert vocabulary[3].title in suggested(client, "phần mềm l")
    assert suggested(client, "a") == suggested(client, "zzzz") == []


@pytest.mark.parametrize("typed", ["nhap", "lọc asen bản", "lọc asen đã r", "da rut"])
def test_suggestions_keep_what_is_not_published(client, vocabulary, typed):
    titles = " ".join(suggested(client, typed))
    assert "bản nháp" not in titles
    assert "đã rút" not in titles


def test_suggestions_forget_a_withdrawn_title_and_keyword(client, vocabulary):
    row = published(title="Zeolit hoạt hóa", keywords=["zeolit tổng hợp"])
    index.catch_up()
    cache.clear()
    rebuild_vocabulary()
    assert suggested(client, "zeolit") == ["zeolit tổng hợp", "Zeolit hoạt hóa"]
    Technology.objects.filter(pk=row.pk).update(state="withdrawn")
    assert suggested(client, "zeolit") == ["zeolit tổng hợp"]  # until the index follows, within seconds
    row.refresh_from_db()
    index_listing(row)
    index.catch_up()
    assert suggested(client, "zeolit") == []


def test_suggestions_of_a_masked_demand_hold_no_name(client):
    row = published("demand", masked=True, title="Cần sấy mực một nắng")
    index.catch_up()
    rebuild_vocabulary()
    assert suggested(client, "say muc", "demand") == [row.title]
    assert suggested(client, str(row.organisation.name_vi)[:12], "demand") == []


@pytest.mark.parametrize("typed", ["%00", "a" * 3000, "<script>", "' OR 1=1 --", "%", "\\"])
def test_odd_words_get_no_harmful_suggestion(client, vocabulary, typed):
    assert "<script>" not in client.get(f"/technologies/suggest/?q={typed}").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_suggestions_take_constant_queries(client, django_assert_num_queries, number):
    for _ in range(number):
        published()
    index.catch_up()
    with django_assert_num_queries(2):
        assert len(suggested(client, "lọc")) >= 1


def test_keyboard_skips_the_filters_where_something_was_found(client):
    TechnologyFactory(published=True)
    found = BeautifulSoup(client.get(reverse("listings:technology_list")).content, "html.parser")
    link = found.select_one("#found .skip-past")
    assert link is not None
    assert found.select_one(link["href"])["tabindex"] == "-1"
    empty = BeautifulSoup(client.get(reverse("listings:demand_list")).content, "html.parser")
    assert empty.select("#found .skip-past") == []


def test_what_the_filters_leave_is_judged_and_not_what_they_took_away():
    clear = published(title="Lọc asen trong nước giếng bằng oxit sắt", summary="Lọc asen trong nước giếng.", trl=4)
    published(title="Máy sấy trái cây", summary="Dùng bơm nhiệt, nước ngưng được thu lại.", trl=8)
    for number in range(8):
        published(title=f"Phần mềm kế toán {number}", summary="Sổ sách.", trl=5)
    index.catch_up()
    said = "q=lọc asen trong nước giếng"
    every, some = (finding.find("technology", QueryDict(query)) for query in (said, f"{said}&trl_min=8"))
    assert every.answering[0] == clear.pk
    assert every.has_good_match
    assert some.ranking is not None
    assert some.ranking.has_good_match
    assert not some.has_good_match
