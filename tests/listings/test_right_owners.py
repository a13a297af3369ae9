"""An owner of a right that is an organisation here stays it when renamed, and is no other."""

import pytest
from django.urls import reverse

from accounts.models import Organisation
from accounts.services import edit_organisation
from deals.models import Deal
from deals.selectors import co_owners
from listings.models import IPRight, RightOwner, Technology
from listings.services import save_technology
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db


def test_a_name_borne_for_a_while_makes_nobody_disappear():
    """Renamed to a co-owner's name, joined to it, and renamed back: the co-owner is named again."""
    technology = TechnologyFactory()
    own, officer = technology.organisation, person("tto_officer", technology.organisation)
    admin = person("admin", own)
    name = own.name_en
    edit_organisation(organisation=own, actor=admin, version=1, name_en="Công ty Đồng Sở Hữu")
    technology.refresh_from_db()
    owners = [{"name": "Công ty Đồng Sở Hữu", "share_pct": 40}, {"name": own.name_vi, "share_pct": 60}]
    right = {"kind": "patent", "status": "granted", "number": "1", "owners": owners}
    save_technology(technology=technology, actor=officer, version=1, ip_rights=[right])
    own.refresh_from_db()
    edit_organisation(organisation=own, actor=admin, version=2, name_en=name)
    deal = Deal(
        technology=Technology.objects.get(),
        licensor=Organisation.objects.get(pk=own.pk),
        licensee=OrganisationFactory(),
    )
    assert co_owners(deal) == ("Công ty Đồng Sở Hữu",)
    save_technology(technology=Technology.objects.get(), actor=officer, version=2, ip_rights=[right])
    joined = RightOwner.objects.order_by("share_pct").values_list("organisation", flat=True)
    assert list(joined) == [None, own.pk]


@pytest.mark.parametrize("door", ["form", "api"])
def test_a_right_that_is_saved_after_a_rename_stays_the_owners(client, door):
    technology = TechnologyFactory()
    own, officer = technology.organisation, person("tto_officer", technology.organisation)
    IPRightFactory(technology=technology)
    was = own.name_vi
    edit_organisation(organisation=own, actor=person("admin", own), version=1, name_vi="Đại học Đổi Tên", name_en="")
    client.force_login(officer)
    if door == "form":
        right = IPRight.objects.get()
        data = {
            "version": 1, "kind": right.kind, "status": right.status, "number": "1-9", "office": "VN",
            "owners-TOTAL_FORMS": 1, "owners-INITIAL_FORMS": 0, "owners-0-name": was, "owners-0-share_pct": "100",
        }  # fmt: skip
        assert client.post(reverse("listings:technology_right", args=[technology.pk, 1]), data).status_code == 302
    else:
        owners = [{"name": was, "share_pct": "100"}]
        data = {"version": 1, "ip_rights": [{"kind": "patent", "status": "granted", "number": "1-9", "owners": owners}]}
        answer = client.patch(f"/api/v1/technologies/{technology.pk}/", data, content_type="application/json")
        assert answer.status_code == 200
    owner = RightOwner.objects.get()
    assert (owner.right.number, owner.name, owner.organisation) == ("1-9", was, own)
