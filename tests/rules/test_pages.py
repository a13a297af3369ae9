"""The public pages of the rules, over every row that is shipped."""

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/rules/", "/en/rules/"])
def test_every_shipped_rule_is_listed_and_capital_letters_have_a_page(client, path):
    assert client.get(path).status_code == 200
    assert client.get(reverse("rules:rule", args=["valuation.exchange_rate.USD"])).status_code == 200


def test_the_list_names_rules_and_sources_in_vietnamese(client):
    page = client.get("/rules/").content.decode()
    assert "Quy chế hoạt động của sàn" in page
    assert "Operating rules of the exchange" not in page
    assert "match.push.least" not in BeautifulSoup(page, "html.parser").get_text()
