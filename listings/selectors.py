"""Reads of listings, narrowed to the viewer."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Organisation, Role, User
from accounts.policies import belongs_to
from accounts.selectors import administered_ids, is_unclaimed, people_in
from audit.selectors import history_of
from listings.choices import IPStatus, Tier
from listings.lifecycle import WITH_OPERATOR, ListingState
from listings.models import (
    Demand,
    DisclosureGrant,
    Document,
    Field,
    FieldIpc,
    IPRight,
    Listing,
    Review,
    RightOwner,
    Technology,
)
from listings.policies import Viewer, can_edit, can_stand_in, can_submit, editing_roles
from rules.working_days import WorkingDays, term

L = TypeVar("L", Technology, Demand)
#: Imported listings in these states wait for their absent organisation, hence for the exchange.
STANDING_IN = (ListingState.DRAFT, ListingState.CHANGES_REQUESTED)


def narrowed(queryset: QuerySet[L], viewer: Viewer) -> QuerySet[L]:
    """Keep published listings, and for a person those of the own organisations and of the served exchanges.

    An exchange sees what reached it, and of the rest what it stands in for: imported, with nobody to administer its
    organisation.
    """
    visible = Q(state=ListingState.PUBLISHED)
    if isinstance(viewer, User):
        visible |= Q(organisation_id__in=viewer.organisation_ids())
        if exchanges := viewer.exchange_ids():
            visible |= Q(exchange_id__in=exchanges) & (_reached_exchange(queryset.model) | _unclaimed())
    return queryset.filter(visible)


def is_visible(viewer: Viewer, technology: Technology) -> bool:
    """Tell whether the person may see the technology at all."""
    return narrowed(Technology.objects.filter(pk=technology.pk), viewer).exists()


def _reached_exchange(model: Any) -> Q:
    """Neither a draft nor with the TTO, nor given back by the TTO before the exchange had it in review, nor changed by
    its side since it was withdrawn.
    """
    reviewed = Review.objects.filter(stage=Review.Stage.OPERATOR, **{model.kind: OuterRef("pk")})
    inside = [ListingState.DRAFT, ListingState.AWAITING_OWNER]
    return (
        ~Q(state__in=inside)
        & (~Q(state=ListingState.CHANGES_REQUESTED) | Q(Exists(reviewed)))
        & (~Q(state=ListingState.WITHDRAWN) | Q(content_version=F("withdrawn_version")))
    )


def _unclaimed() -> Q:
    return ~Q(source_name="") & Q(is_sample=False) & ~Q(organisation_id__in=administered_ids())


def stands_in(actor: User, listing: Listing) -> bool:
    """Tell whether the person acts for the listing's organisation because nobody administers it yet."""
    return can_stand_in(actor, listing) and not can_edit(actor, listing) and is_unclaimed(listing.organisation)


def people_behind(listing: Listing) -> Iterable[User]:
    """Give who is told of decisions: the author or, once he is not of the organisation, those who can edit.

    Where nobody can edit, those who administer the organisation. While an imported one has nobody, it is the author
    all the same: the operator who brought it in.
    """
    if belongs_to(listing.author, listing.organisation_id):
        return [listing.author]
    told = list(people_in(listing.organisation_id, *editing_roles(listing)))
    if told:
        return told
    return [listing.author] if listing.is_imported else list(people_in(listing.organisation_id, Role.ADMIN))


def has_owner_to_ask(technology: Technology) -> bool:
    """Tell whether a TTO looks at it before the exchange: not where the exchange stands in for absent people."""
    if not technology.organisation.needs_tto_approval:
        return False
    return not (technology.is_imported and is_unclaimed(technology.organisation))


def may_submit(actor: User, listing: Listing) -> bool:
    """Tell whether the person sends the listing on: its own people, or the exchange standing in for them."""
    return can_submit(actor, listing) or stands_in(actor, listing)


def visible_technologies(viewer: Viewer) -> QuerySet[Technology]:
    """Give the technologies that the viewer may see, newest first, joined for lists."""
    return narrowed(Technology.objects.with_list_related_data(), viewer).order_by("-published_at", "-pk")


def visible_demands(viewer: Viewer) -> QuerySet[Demand]:
    """Give the demands that the viewer may see, newest first, joined for lists."""
    return narrowed(Demand.objects.with_list_related_data(), viewer).order_by("-published_at", "-pk")


def published_technologies() -> QuerySet[Technology]:
    """Give what the public may find, newest first, joined for lists."""
    return Technology.objects.published().with_list_related_data().order_by("-published_at", "-pk")


def published_demands() -> QuerySet[Demand]:
    """Give what the public may find, newest first, joined for lists."""
    return Demand.objects.published().with_list_related_data().order_by("-published_at", "-pk")


def published_counts() -> dict[str, int]:
    """Give how many technologies and demands the public may find."""
    return {"technology": Technology.objects.published().count(), "demand": Demand.objects.published().count()}


def verified_organisations() -> QuerySet[Organisation]:
    """Give the organisations that have a public page."""
    return Organisation.objects.verified().order_by("name_vi", "pk")


def organisations_with_counts() -> QuerySet[Organisation]:
    """Give the verified organisations with how many technologies, and demands under their name, each has published."""

    def published(model: type[Technology] | type[Demand], **shown: Any) -> Coalesce:
        rows = model.objects.published().filter(organisation=OuterRef("pk"), **shown).order_by()
        counted = rows.values("organisation").annotate(rows=Count("pk")).values("rows")
        return Coalesce(Subquery(counted), 0)

    return (
        Organisation.objects.verified()
        .select_related("province")
        .annotate(technology_count=published(Technology), demand_count=published(Demand, masked=False))
        .order_by("-technology_count", "-demand_count", "name_vi", "pk")
    )


def _owners(path: str) -> "Prefetch[Any]":
    """Join the owners of rights with the organisations that some of them are here."""
    return Prefetch(path, RightOwner.objects.select_related("organisation"))


def technology_detail(viewer: Viewer) -> QuerySet[Technology]:
    """Give visible technologies with everything that the page shows."""
    return visible_technologies(viewer).prefetch_related(
        "fields", "advantages", _owners("ip_rights__owners"), "documents"
    )


def demand_detail(viewer: Viewer) -> QuerySet[Demand]:
    """Give visible demands with everything that the page shows."""
    return visible_demands(viewer).prefetch_related("fields")


def among(queryset: QuerySet[L], ids: Sequence[int]) -> QuerySet[L]:
    """Keep the rows with these ids, sent as one array."""
    return queryset.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])) if ids else queryset.none()


def in_order(queryset: QuerySet[L], ids: Sequence[int]) -> QuerySet[L]:
    """Order by the place of each row in a sequence of ids; rows that are not in it come last."""
    place = Func(
        Value(list(ids), output_field=ArrayField(BigIntegerField())),
        F("pk"),
        function="array_position",
        output_field=IntegerField(),
    )
    return queryset.order_by(place, "pk")


def my_technologies(user: User) -> QuerySet[Technology]:
    """Give the technologies of the person's organisations that he works on: the own ones, as TTO officer all."""
    mine = Q(author=user, organisation_id__in=user.organisation_ids())
    mine |= Q(organisation_id__in=user.organisation_ids(Role.TTO_OFFICER, Role.REPRESENTATIVE))
    return Technology.objects.filter(mine).with_list_related_data().order_by("-updated_at", "-pk")


def my_demands(user: User) -> QuerySet[Demand]:
    """Give the demands of the person's companies."""
    return (
        Demand.objects.filter(organisation_id__in=user.organisation_ids())
        .with_list_related_data()
        .order_by("-updated_at", "-pk")
    )


def waiting_for_owner(user: User) -> QuerySet[Technology]:
    """Give the technologies that wait for this TTO officer, oldest first."""
    return (
        Technology.objects.filter(
            state=ListingState.AWAITING_OWNER, organisation_id__in=user.organisation_ids(Role.TTO_OFFICER)
        )
        .exclude(author=user)
        .with_list_related_data()
        .order_by("submitted_at", "pk")
    )


def _queue(model: type[L], operator: User) -> QuerySet[L]:
    return (
        model.objects.filter(state__in=WITH_OPERATOR, exchange_id__in=operator.exchange_ids())
        .exclude(organisation_id__in=operator.organisation_ids())
        .with_list_related_data()
        .order_by("submitted_at", "pk")
    )


def review_queue_technologies(operator: User) -> QuerySet[Technology]:
    """Give the technologies that wait for, or are in, review at the operator's exchanges, oldest first."""
    return _queue(Technology, operator)


def review_queue_demands(operator: User) -> QuerySet[Demand]:
    """Give the demands that wait for, or are in, review at the operator's exchanges, oldest first."""
    return _queue(Demand, operator)


def review_queue(operator: User) -> list[Any]:
    """Give both kinds that wait for, or are in, review at the operator's exchanges, oldest first."""
    waiting: list[Any] = [*review_queue_technologies(operator), *review_queue_demands(operator)]
    return sorted(waiting, key=lambda listing: (listing.submitted_at, listing.kind, listing.pk))


def imported_drafts(model: type[L], operator: User) -> QuerySet[L]:
    """Give the imported drafts that the operator's exchanges stand in for, oldest first; those sent back, too."""
    return (
        model.objects.filter(_unclaimed(), state__in=STANDING_IN, exchange_id__in=operator.exchange_ids())
        .exclude(organisation_id__in=operator.organisation_ids())
        .with_list_related_data()
        .order_by("pk")
    )


def imported_counts(operator: User) -> dict[str, int]:
    """Give how many drafts of each kind the operator's exchanges stand in for."""
    return {
        "technology": imported_drafts(Technology, operator).count(),
        "demand": imported_drafts(Demand, operator).count(),
    }


def open_reviews_by_listing(listings: Sequence[Technology | Demand]) -> dict[tuple[str, int], Review]:
    """Give the running reviews of several listings by (kind, id), with one query and their reviewers joined."""
    ids: dict[str, list[int]] = {"technology": [], "demand": []}
    for listing in listings:
        ids[listing.kind].append(listing.pk)
    reviews = (
        Review.objects.filter(decided_at=None)
        .filter(Q(technology_id__in=ids["technology"]) | Q(demand_id__in=ids["demand"]))
        .select_related("reviewer")
        .order_by("pk")
    )
    return {
        ("technology", r.technology_id) if r.technology_id else ("demand", r.demand_id): r  # type: ignore[misc]
        for r in reviews
    }


def judged_ids(listings: Iterable[Listing]) -> set[int]:
    """Give the ids of those listings, all of one kind, about which a review was decided."""
    found = list(listings)
    if not found:
        return set()
    kind = f"{found[0].kind}_id"  # type: ignore[attr-defined]
    decided = Review.objects.filter(decided_at__isnull=False, **{f"{kind}__in": [listing.pk for listing in found]})
    return set(decided.exclude(decision=Review.Decision.RELEASE).values_list(kind, flat=True))


def open_review(listing: Listing) -> Review | None:
    """Give the review that runs now, if one does."""
    return listing.reviews.filter(decided_at=None).select_related("reviewer").first()  # type: ignore[attr-defined]


def decided_reviews(listing: Listing) -> QuerySet[Review]:
    """Give past decisions, newest first."""
    return (
        listing.reviews.filter(decided_at__isnull=False)  # type: ignore[attr-defined]
        .exclude(decision=Review.Decision.RELEASE)
        .select_related("reviewer")
        .order_by("-decided_at", "-pk")
    )


@dataclass(frozen=True)
class ReviewClock:
    """How long the exchange has for a review: so many working days, by the calendar of public holidays."""

    days: int
    calendar: WorkingDays

    def due(self, listing: Listing) -> datetime.date | None:
        """Give the day by which the exchange answers; None for what was not submitted."""
        if listing.submitted_at is None:
            return None
        return self.calendar.after(timezone.localdate(listing.submitted_at), self.days)


def review_clock(listings: Iterable[Listing] = ()) -> ReviewClock:
    """Give the clock for these listings: `review.answer` working days from submission."""
    submitted = [timezone.localdate(listing.submitted_at) for listing in listings if listing.submitted_at]
    return ReviewClock(*term("review.answer", since=min(submitted, default=timezone.localdate())))


def answer_due(listing: Listing) -> datetime.date | None:
    """Give the day by which the exchange answers one listing; None when it was not submitted."""
    return review_clock([listing]).due(listing) if listing.submitted_at else None


def advantages_as_rows(technology: Technology) -> list[dict[str, Any]]:
    """Give the stored advantages as `save_technology` takes them."""
    names = ("claim", "metric", "ours", "alternative_name", "alternative", "unit")
    return [{name: getattr(advantage, name) for name in names} for advantage in technology.advantages.all()]


def rights_of(technology: Technology) -> list[IPRight]:
    """Give the IP rights in their order, with their owners."""
    return list(technology.ip_rights.prefetch_related(_owners("owners")).order_by("filing_date", "pk"))


def rights_as_rows(technology: Technology) -> list[dict[str, Any]]:
    """Give the stored IP rights with their owners as `save_technology` takes them, in the order of `rights_of`."""
    names = ("kind", "number", "office", "title", "filing_date", "grant_date", "expiry_date", "status")
    return [
        {
            **{name: getattr(right, name) for name in names},
            "owners": [
                {"name": owner.name, "share_pct": owner.share_pct, "organisation_id": owner.organisation_id}
                for owner in right.owners.all()
            ],
        }
        for right in rights_of(technology)
    ]


def has_grant(viewer: Viewer, technology: Technology) -> bool:
    """Tell whether one of the viewer's organisations may open the documents under NDA.

    A deal that runs keeps what its agreement opened, whatever becomes of the verification; a firm at work is verified.
    """
    if not isinstance(viewer, User):
        return False
    mine = viewer.organisation_ids()
    at_work = Q(basis__startswith=DisclosureGrant.OF_APPRAISAL)
    verified = Q(organisation__in=Organisation.objects.verified().filter(pk__in=mine))
    opened = DisclosureGrant.objects.filter(~at_work | verified, organisation__in=mine)
    return opened.filter(technology=technology, revoked_at=None).exists()


def newest_in(published: QuerySet[L], *, language: str, count: int) -> list[L]:
    """Give the newest published listings in a language; where there are too few, the newest of the others follow."""
    newest = published.order_by("-published_at", "-pk")
    found = list(newest.filter(language=language)[:count])
    return found + list(newest.exclude(language=language)[: count - len(found)])


def documents_of(technology: Technology) -> QuerySet[Document]:
    """Give the documents that were not removed, the most open first, with the technology joined."""
    openness = Case(*(When(tier=tier, then=place) for place, tier in enumerate(Tier)), output_field=IntegerField())
    return technology.documents.filter(removed_at=None).select_related("technology").order_by(openness, "pk")


def document(pk: int) -> Document | None:
    """Give a document that was not removed, with its technology; whether it may be opened is the policy's question."""
    return Document.objects.filter(pk=pk, removed_at=None).select_related("technology").first()


def removed_document(pk: int) -> Document | None:
    """Give a document that was removed, with its technology."""
    return Document.objects.filter(pk=pk, removed_at__isnull=False).select_related("technology").first()


def removed_documents_of(technology: Technology) -> QuerySet[Document]:
    """Give the documents that were removed and whose files are kept, the oldest first."""
    return technology.documents.filter(removed_at__isnull=False, destroyed_at=None).order_by("pk")


def was_shown(document: Document) -> bool:
    """Tell whether others than the owner's people and the exchange could open a document before it was removed."""
    technology = document.technology
    if document.tier != Tier.NDA and technology.published_at is not None:
        return True
    granted = DisclosureGrant.objects.filter(technology=technology)
    if document.removed_at is not None:
        granted = granted.filter(granted_at__lt=document.removed_at)
    return granted.filter(Q(revoked_at=None) | Q(revoked_at__gt=document.uploaded_at)).exists()


def field_list() -> QuerySet[Field]:
    """Give WIPO's fields by number."""
    return Field.objects.order_by("nr")


def fields_for_ipc(symbols: Sequence[str]) -> list[Field]:
    """Give the fields to which IPC symbols belong, most frequent first (longest matching prefix of the concordance)."""
    found: dict[int, int] = {}
    prefixes = [(row.prefix.rstrip("%"), row.field_id) for row in FieldIpc.objects.all().order_by("pk")]
    for symbol in symbols:
        compact = symbol.replace(" ", "")
        matches = [(len(p.replace(" ", "")), nr) for p, nr in prefixes if compact.startswith(p.replace(" ", ""))]
        if matches:
            best = max(matches)[1]
            found[best] = found.get(best, 0) + 1
    by_nr = Field.objects.in_bulk(list(found))
    return [by_nr[nr] for nr in sorted(found, key=lambda nr: (-found[nr], nr)) if nr in by_nr]


def novelty_at_risk(technology: Technology, *, on: datetime.date | None = None) -> list[Any]:
    """Give the inventions (patents and utility solutions) that are not filed by `on`: no filing date, and never granted.

    Publishing detail before filing destroys novelty (IP Law art. 60; the grace period is a dated rule).
    """
    day = on or timezone.localdate()
    inventions = technology.ip_rights.filter(kind__in=["patent", "utility_solution"]).order_by("pk")
    return [
        right
        for right in inventions
        if (right.filing_date > day if right.filing_date else right.status == IPStatus.PENDING)
    ]


def rights_over(technology: Technology) -> list[IPRight]:
    """Give the rights that protect no longer; one query, none where the rights were prefetched."""
    return [right for right in technology.ip_rights.all() if right.is_over]


def unmatched_ids(model: type[L]) -> QuerySet[L]:
    """Give published listings, oldest first; matching compares with what it has done."""
    return model.objects.published().order_by("pk")


def listing_history(listing: Listing) -> Any:
    """Give the audit events of a listing, oldest first."""
    return history_of(listing)
