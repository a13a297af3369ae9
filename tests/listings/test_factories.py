"""The factories make what they promise."""

import pytest

from listings.lifecycle import ListingState
from listings.selectors import open_review
from tests.factories.accounts import person
from tests.factories.listings import DemandFactory, DocumentFactory, IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("factory", [TechnologyFactory, DemandFactory])
@pytest.mark.parametrize("trait", ["published", "submitted", "in_review", "changes_requested", "rejected", "withdrawn"])
def test_listing_factory_traits_give_valid_rows(factory, trait):
    listing = factory(**{trait: True})
    listing.full_clean()
    assert listing.state == trait
    assert listing.author.has_org_role(listing.organisation_id)
    assert [f.nr for f in listing.fields.all()] == [24]
    assert (open_review(listing) is not None) == (trait == "in_review")


def test_technology_factory_adds_rights_and_advantages():
    technology = TechnologyFactory(with_right=True, with_advantages=True)
    (right,) = technology.ip_rights.all()
    assert [(o.name, o.share_pct) for o in right.owners.all()] == [(technology.organisation.name_vi, 100)]
    assert technology.advantages.count() == 2


def test_technology_factory_bare_is_an_empty_draft():
    technology = TechnologyFactory(bare=True)
    assert (technology.state, technology.summary, technology.main_field) == (ListingState.DRAFT, "", None)
    DemandFactory(bare=True).full_clean()
    DocumentFactory().full_clean()


def test_right_factory_takes_owners():
    right = IPRightFactory(owners=[("Viện A", "60"), ("Công ty B", "40")])
    assert sorted(o.share_pct for o in right.owners.all()) == [40, 60]


def test_person_sits_where_told():
    operator = person(role="operator")
    assert operator.is_operator
    assert not person().seats
