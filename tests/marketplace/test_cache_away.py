"""The cache is a convenience: while Valkey is away, pages answer all the same."""

import logging

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from listings.services.publication import index_listing
from search import index
from tests.factories.accounts import person
from tests.factories.listings import TechnologyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_cache(settings, caplog) -> None:
    caplog.set_level(logging.CRITICAL, logger="django_redis.cache")
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}
    assert cache.get("anything") is None


@pytest.mark.usefixtures("no_cache")
def test_search_answers_without_the_cache(client: Client) -> None:
    technology = TechnologyFactory(published=True, title="Máy bơm nước chạy bằng điện mặt trời")
    index_listing(technology)
    index.catch_up()
    page = client.get("/technologies/?q=may+bom+nuoc")
    assert page.status_code == 200
    assert technology.title in page.content.decode().replace("<mark>", "").replace("</mark>", "")


@pytest.mark.usefixtures("no_cache")
def test_passwords_cannot_be_guessed_without_limit_while_nobody_counts(client: Client) -> None:
    who: User = person(role="researcher")
    assert client.post("/account/login/", {"login": who.email, "password": "wrong"}).status_code == 429
