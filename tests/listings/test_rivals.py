"""Two at once, in real transactions: one gets through, the other is told, nothing happens twice."""

import threading

import pytest
from django.db import connection, connections

from audit.models import Event
from listings import services
from listings.models import Demand, Review, Technology
from marketplace.kit.errors import Conflict, Stale
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run acts in threads of their own that start together; give what each returned or raised."""
    gate = threading.Barrier(len(acts))
    results = [None] * len(acts)

    def run(index, act):
        try:
            gate.wait(timeout=10)
            results[index] = act()
        except Exception as error:  # noqa: BLE001 -- the error is the result
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert connection.vendor == "postgresql"
    return results


def lost(results, kind):
    return [type(result) for result in results if isinstance(result, Exception)] == [kind] * (len(results) - 1)


@pytest.mark.parametrize("factory", [TechnologyFactory, DemandFactory])
def test_two_operators_claim_at_once(factory):
    listing = factory(submitted=True)
    operators = [person(role="operator", exchange=listing.exchange) for _ in range(2)]
    results = at_once(*(lambda user=user: services.claim_review(listing=listing, actor=user) for user in operators))
    assert lost(results, Conflict)
    assert Review.objects.count() == 1


def test_two_saves_of_the_same_version():
    technology = TechnologyFactory()
    results = at_once(*(
        lambda text=text: services.save_technology(
            technology=technology, actor=technology.author, version=1, values={"problem": text}
        )
        for text in ("một", "hai")
    ))  # fmt: skip
    assert lost(results, Stale)
    technology.refresh_from_db()
    assert (technology.version, technology.problem in {"một", "hai"}) == (2, True)


def test_double_submit():
    demand = DemandFactory()
    results = at_once(*(lambda: services.submit_listing(listing=demand, actor=demand.author, version=1) for _ in "ab"))
    assert lost(results, Conflict)
    assert Event.objects.filter(tag="demand.submit").count() == 1
    assert Demand.objects.get().state == "submitted"


def test_double_start():
    import uuid

    organisation = OrganisationFactory()
    user = person(role="representative", organisation=organisation)
    key = uuid.uuid4()
    results = at_once(*(
        lambda: services.create_technology(organisation=organisation, actor=user, title="Một", language="vi", draft_key=key)
        for _ in "ab"
    ))  # fmt: skip
    assert results[0] == results[1]
    assert Technology.objects.count() == 1


def test_publish_and_take_back_at_once():
    technology = TechnologyFactory(submitted=True)
    operator = person(role="operator", exchange=technology.exchange)
    results = at_once(
        lambda: services.claim_review(listing=technology, actor=operator),
        lambda: services.take_back_listing(listing=technology, actor=technology.author),
    )
    assert lost(results, Conflict)
    technology.refresh_from_db()
    assert technology.state in {"in_review", "draft"}
    assert Review.objects.count() == (technology.state == "in_review")
