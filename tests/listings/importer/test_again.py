"""A second run over what people have done meanwhile: nobody's decision is undone, nothing changes hands unseen."""

import pytest
from django.core.management import CommandError

from accounts.models import Organisation
from accounts.seat_services import accept, invite
from accounts.services import edit_organisation
from audit.models import Event
from listings.lifecycle import ListingState
from listings.models import Technology
from listings.services import (
    claim_review,
    publish_listing,
    request_changes,
    save_technology,
    submit_listing,
    take_back_listing,
    withdraw_listing,
)
from search.models import Document
from tests.factories.accounts import OrganisationFactory, person, seat
from tests.listings.importer.records import GOOD, problems_in, run

CHANGED = {**GOOD, "title": "Máy sấy lạnh"}
REVIEWED = {"legal_class": "encouraged", "ip_checked": True, "is_complete": True, "no_secrets": True}


@pytest.fixture
def operator(exchange):
    return exchange.memberships.get().user


@pytest.fixture
def refuse(put, tmp_path):
    """Run and give what the report says; the run refuses every record and leaves each listing as it was."""

    def again(rows, *more):
        before = [list(table.objects.order_by("pk").values()) for table in (Technology, Organisation, Event, Document)]
        report = tmp_path / "report.csv"
        with pytest.raises(CommandError):
            run(put(rows), "--report", str(report), *more)
        after = [list(table.objects.order_by("pk").values()) for table in (Technology, Organisation, Event, Document)]
        assert after == before
        return [row["message"] for row in problems_in(report)]

    return again


def handed_over(operator):
    """Seat an administrator, who is a representative, too, in the organisation of the only listing."""
    organisation = Technology.objects.get().organisation
    owner = person()
    offered = invite(place=organisation, email=owner.email, role="admin", actor=operator)
    accept(invitation=offered, actor=owner)
    seat(owner, "representative", organisation=organisation)
    return owner


@pytest.mark.parametrize("rows", [[GOOD], [CHANGED]])
def test_draft_that_its_owner_edited_is_not_published(put, operator, refuse, rows):
    run(put([GOOD]), "--draft")
    owner = handed_over(operator)
    save_technology(technology=Technology.objects.get(), actor=owner, version=1, values={"summary": "Chưa xong"})
    assert "đã được sửa trên sàn" in refuse(rows)[0]


@pytest.mark.parametrize("rows", [[GOOD], [CHANGED]])
def test_draft_of_an_organisation_with_people_is_theirs_to_publish(put, operator, refuse, rows):
    run(put([GOOD]), "--draft")
    handed_over(operator)
    assert "Người của tổ chức" in refuse(rows)[0]


def test_draft_that_a_review_judged_goes_through_review(put, operator, refuse):
    run(put([GOOD]), "--draft")
    listing = submit_listing(listing=Technology.objects.get(), actor=operator, novelty_acknowledged=True)
    claim_review(listing=listing, actor=operator)
    request_changes(listing=listing, actor=operator, reason="Thiếu bằng chứng")
    submit_listing(listing=listing, actor=operator, novelty_acknowledged=True)
    take_back_listing(listing=listing, actor=person(role="representative", organisation=listing.organisation))
    assert "phải qua kiểm duyệt" in refuse([GOOD])[0]


def test_draft_is_not_published_by_who_has_a_stake(put, operator, refuse):
    run(put([GOOD]), "--draft")
    seat(operator, "broker", organisation=Technology.objects.get().organisation)
    assert "bạn thuộc tổ chức này" in refuse([GOOD], "--as", operator.email)[0].casefold()


def test_what_was_reviewed_is_changed_only_once_withdrawn_and_reviewed_again(put, operator, refuse):
    run(put([GOOD]), "--draft")
    listing = submit_listing(listing=Technology.objects.get(), actor=operator, novelty_acknowledged=True)
    claim_review(listing=listing, actor=operator)
    publish_listing(listing=listing, actor=operator, **REVIEWED)
    assert "đã duyệt tin" in refuse([CHANGED])[0]
    withdraw_listing(listing=listing, actor=operator, reason="Nguồn đã đổi")
    run(put([CHANGED]))
    listing = Technology.objects.get()
    assert (listing.state, listing.title) == (ListingState.WITHDRAWN, "Máy sấy lạnh")


def test_published_listing_stays_with_its_organisation(put, operator, refuse):
    run(put([GOOD]))
    other = OrganisationFactory(exchange=operator.seats[0].exchange, name_vi="Viện Khác")
    assert "tổ chức khác" in refuse([{**CHANGED, "organisation": "Viện Khác"}])[0]
    assert "tổ chức khác" in refuse([{**CHANGED, "organisation": "Viện Mới"}])[0]
    assert "tổ chức khác" in refuse([CHANGED], "--organisation", str(other.pk))[0]


def test_draft_with_an_owner_stays_with_it_and_one_without_moves_on_record(put, operator, refuse):
    run(put([GOOD]), "--draft")
    before = Technology.objects.get().organisation
    run(put([{**CHANGED, "organisation": "Viện Mới"}]), "--draft")
    listing = Technology.objects.get()
    assert listing.organisation.name_vi == "Viện Mới"
    event = Event.objects.filter(tag="technology.import_changed").get()
    assert event.data["organisation"] == [before.pk, listing.organisation_id]
    handed_over(operator)
    assert "tổ chức khác" in refuse([GOOD], "--draft")[0]


def test_organisation_that_was_renamed_here_is_still_the_one_that_its_source_names(put, operator, capsys):
    run(put([GOOD]))
    owner = handed_over(operator)
    organisation = Technology.objects.get().organisation
    edit_organisation(organisation=organisation, actor=owner, version=1, name_vi="Viện Công nghệ Sấy", name_en="")
    Organisation.objects.update(state="verified")
    run(put([CHANGED]))
    assert "0 added, 1 changed" in capsys.readouterr().out
    assert Organisation.objects.count() == 1
    assert Technology.objects.get().title == "Máy sấy lạnh"
