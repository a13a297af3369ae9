"""What the page of a demand asks of its reader, by who reads it."""

import pytest
from django.utils import translation

from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import DemandFactory

pytestmark = pytest.mark.django_db
HELP = 'href="/en/my/matches/?side=supply"'


def page_of(client, demand, user=None):
    if user is not None:
        client.force_login(user)
    with translation.override("en"):
        return client.get(demand.get_absolute_url()).content.decode()


def test_stranger_and_other_organisations_are_asked_to_help(client):
    demand = DemandFactory(published=True)
    for user in (None, person("researcher", OrganisationFactory())):
        assert HELP in page_of(client, demand, user)


def test_seeker_and_exchange_are_not_asked(client):
    demand = DemandFactory(published=True)
    for user in (person("representative", demand.organisation), person("operator", exchange=demand.exchange)):
        assert HELP not in page_of(client, demand, user)
