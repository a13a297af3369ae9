"""Counts and lists over all rooms, narrowed to the viewer."""

import datetime
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Max, Q, QuerySet, When
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts import selectors as account_selectors
from accounts.models import Exchange, Notification, User
from audit.models import Event
from deals import selectors as deal_selectors
from deals import tracking_selectors
from deals.acts import next_act
from deals.forms.tracking import period_label
from deals.lifecycle import MAIN_LINE, DealState
from deals.models import Contract, Deal, Obligation
from deals.tracking_due import Deadlines
from listings import selectors as listing_selectors
from listings.lifecycle import ListingState
from listings.models import Demand, Field, Technology
from marketplace.kit.money import exact, language_of
from matching import selectors as match_selectors
from matching.choices import Side as MatchSide
from rules import policies as rule_policies
from rules import words as rule_words
from rules.selectors import choices, number, open_proposals
from valuation import appraisal_selectors
from valuation.appraisal_steps import next_words
from valuation.closed_selectors import groups as published_groups

SHOWN = 5
#: Ends of deals that did not come through, with the state that each has at least been in.
LOST = {
    DealState.DECLINED: DealState.ENQUIRY, DealState.LAPSED: DealState.ENQUIRY, DealState.TERMINATED: DealState.SIGNED,
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """Something that waits for the person: what, since when, where to do it.

    `language` is that of the title where an owner wrote it, and empty for the site's own words. `about` names the row
    that is acted on, as the news that calls to it does.
    """

    title: str
    note: str
    url: str
    since: datetime.datetime | datetime.date | None = None
    is_late: bool = False
    language: str = ""
    about: str = ""


@dataclass(frozen=True)
class Group:
    """Tasks of one kind; `total` may be more than are shown."""

    title: str
    tasks: list[Task]
    total: int
    url: str = ""


def waiting_for(user: User) -> list[Group]:
    """Give what waits for the person, by kind, the oldest first; empty kinds are left out."""
    groups = [
        _returned(user),
        _for_tto(user),
        _queue(user),
        _organisations(user),
        _rules(user),
        _disputes(user),
        _deals(user),
        _appraisals(user),
        _owed(user),
        _statements(user),
        _to_invoice(user),
        _to_pay_out(user),
        _matches(user),
        _drafts(user),
    ]
    return [group for group in groups if group is not None and group.total]


def _group(title: str, rows: QuerySet[Any], make: Any, *, url: str = "") -> Group:
    found = list(rows[: SHOWN + 1])
    total = len(found) if len(found) <= SHOWN else rows.count()
    return Group(title, [make(row) for row in found[:SHOWN]], total, url)


def _of_listing(listing: Technology | Demand, note: str, *, url: str = "", **more: Any) -> Task:
    """Give a task named by a listing's title; `url` is the listing's own page unless it says another."""
    more = {"about": Notification.name_of(listing), **more}
    return Task(listing.title, note, url or listing.get_absolute_url(), language=listing.language, **more)


def _to_manage(listing: Technology | Demand) -> str:
    """Give the page where its people act on a listing that is not published."""
    return reverse(f"listings:{listing.kind}_manage", args=[listing.pk])


def _returned(user: User) -> Group:
    listings = [
        listing
        for rows in (listing_selectors.my_technologies(user), listing_selectors.my_demands(user))
        for listing in rows.filter(state=ListingState.CHANGES_REQUESTED)[: SHOWN + 1]
    ]
    words = _("Read what to mend, then submit again.")
    tasks = [_of_listing(row, words, url=_to_manage(row), since=row.updated_at) for row in listings]
    return Group(_("Changes requested"), tasks[:SHOWN], len(tasks), reverse("listings:my_listings"))


def _drafts(user: User) -> Group:
    rows = listing_selectors.my_technologies(user).filter(state=ListingState.DRAFT, author=user)
    return _group(
        _("Your drafts"),
        rows,
        lambda row: _of_listing(row, _("Go on where you stopped."), url=_to_manage(row), since=row.updated_at),
        url=reverse("listings:my_listings"),
    )


def _for_tto(user: User) -> Group:
    return _group(
        _("For your approval"),
        listing_selectors.waiting_for_owner(user),
        lambda row: _of_listing(row, str(row.author), url=_to_manage(row), since=row.submitted_at),
        url=reverse("listings:owner_queue"),
    )


def _queue(user: User) -> Group | None:
    if not user.is_operator:
        return None
    rows = (listing_selectors.review_queue_technologies(user), listing_selectors.review_queue_demands(user))
    found = sorted(
        (listing for queue in rows for listing in queue[:SHOWN]), key=lambda listing: (listing.submitted_at, listing.pk)
    )
    tasks = [
        _of_listing(
            row,
            str(row.organisation),
            url=reverse(f"listings:{row.kind}_review", args=[row.pk]),
            since=row.submitted_at,
        )
        for row in found[:SHOWN]
    ]
    total = sum(queue.count() for queue in rows)
    return Group(_("To review"), tasks, total, reverse("listings:review_queue"))


def _organisations(user: User) -> Group | None:
    if not user.is_operator:
        return None
    return _group(
        _("Organisations to verify"),
        account_selectors.verification_queue(user),
        lambda row: Task(
            str(row), row.get_kind_display(), reverse("accounts:organisation", args=[row.pk]), row.created_at
        ),
        url=reverse("accounts:organisation_queue"),
    )


def _rules(user: User) -> Group | None:
    if not user.is_operator:
        return None
    waiting = list(open_proposals())
    chosen = choices(waiting)
    rows = [
        row for row in waiting
        if not chosen[row.pk].problem and rule_policies.can_decide_all(user, chosen[row.pk].together)
    ]  # fmt: skip
    url = reverse("rules:proposals")
    tasks = [Task(rule_words.name_of(row.code), str(row.proposed_by), url, row.proposed_at) for row in rows[:SHOWN]]
    return Group(_("Rule changes that wait for a second person"), tasks, len(rows), url)


def _disputes(user: User) -> Group | None:
    if not user.is_operator:
        return None
    return _group(
        _("Disputes"),
        deal_selectors.disputes_for(user),
        lambda row: _of_listing(
            row.deal.technology,
            row.get_state_display(),
            url=reverse("deals:disputes", args=[row.deal_id]),
            since=row.opened_at,
            about=Notification.name_of(row),
        ),
        url=reverse("deals:dispute_list"),
    )


def _appraisals(user: User) -> Group:
    today = timezone.localdate()
    queues = (appraisal_selectors.waiting_for_consent(user), appraisal_selectors.waiting_for_firm(user))
    tasks = [
        _of_listing(
            row.technology, f"{next_words(row)} · {row.client}", url=reverse("valuation:appraisal", args=[row.pk]),
            since=row.state_since, is_late=row.due_on is not None and row.due_on < today,
            about=Notification.name_of(row),
        )
        for rows in queues
        for row in rows[:SHOWN]
    ]  # fmt: skip
    total = sum(rows.count() for rows in queues) if tasks else 0
    return Group(_("Appraisals"), tasks[:SHOWN], total, reverse("valuation:appraisal_list"))


def _deals(user: User) -> Group:
    return _group(
        _("Deals that wait for your side"),
        deal_selectors.deals_waiting_for(user),
        lambda row: _of_listing(
            row.technology,
            next_act(row),
            url=row.get_absolute_url(),
            since=row.state_since,
            about=Notification.name_of(row),
        ),
        url=reverse("deals:deal_list"),
    )


def _due_by() -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=int(number("obligation.reminder.first")))


def _obligations(title: str, rows: QuerySet[Obligation]) -> Group:
    """A group of obligations, each with its day and the way to its contract."""
    days = Deadlines()
    return _group(
        title,
        rows,
        lambda row: _of_listing(
            row.contract.deal.technology,
            f"{row.get_kind_display()} {row.name or (period_label(row) if row.period_start else '')}".strip(),
            url=reverse("deals:tracking", args=[row.contract.deal_id]),
            since=days.last_day(row.asked_on),
            is_late=row.asked_on < days.first_in_time,
            about=Notification.name_of(row),
        ),
    )


def _owed(user: User) -> Group | None:
    """What the person's side owes and the person may see to."""
    if not user.organisation_ids():
        return None
    return _obligations(_("Due under your contracts"), tracking_selectors.due_for(user, by=_due_by()))


def _to_invoice(user: User) -> Group | None:
    """Agreed sums that fall due and whose invoice the person's side has not issued."""
    if not user.organisation_ids():
        return None
    return _obligations(_("Invoices to issue"), tracking_selectors.sums_to_invoice(user, by=_due_by()))


def _to_pay_out(user: User) -> Group | None:
    """Parts of payments that the person's side has received and not paid on."""
    if not user.organisation_ids():
        return None
    return _group(
        _("Parts to pay to inventors and intermediaries"),
        tracking_selectors.payouts_to_make(user),
        lambda row: _of_listing(
            row.payment.invoice.contract.deal.technology,
            f"{row.name}, {exact(row.amount, language_of(get_language()))}",
            url=f"{reverse('deals:tracking', args=[row.payment.invoice.contract.deal_id])}#shares",
            since=row.payment.paid_on,
            about=Notification.name_of(row),
        ),
    )


def _statements(user: User) -> Group | None:
    """What the licensee filed and the licensor has not answered, and what the licensor asks the licensee about."""
    if not user.organisation_ids():
        return None
    return _group(
        _("Royalty statements that wait for your answer"),
        tracking_selectors.statements_waiting_for(user),
        lambda row: _of_listing(
            row.contract.deal.technology,
            period_label(row),
            url=reverse("deals:statement", args=[row.pk]),
            since=row.filed_at,
            about=Notification.name_of(row),
        ),
    )


def _matches(user: User) -> Group | None:
    counts = {side: match_selectors.my_matches(user, side).count() for side in MatchSide.values}
    total = sum(counts.values())
    tasks = [
        Task(
            ngettext("%(count)d new match", "%(count)d new matches", count) % {"count": count},
            _("For your demands") if side == MatchSide.DEMAND else _("For your technologies"),
            f"{reverse('matching:match_list')}?side={side}",
        )
        for side, count in counts.items()
        if count
    ]
    return Group(_("Matches to answer"), tasks, total, reverse("matching:match_list"))


@dataclass(frozen=True)
class Statistics:
    """What the public may know. Money is told of groups of closed deals only (room valuation), never as a running sum."""

    technologies: int
    demands: int
    organisations: int
    matches_shortlisted: int
    deals_running: int
    contracts_signed: int
    closed_deal_groups: int
    by_field: list[tuple[str, int]]
    by_month: list[tuple[datetime.date, int]]
    funnel: list[tuple[str, int]]


def statistics(*, exchange: Exchange | None = None) -> Statistics:
    """Count what is public: over all exchanges, or at one. No number lets a party's terms be told.

    Masked demands count over all exchanges only: where few are masked, the number of one would tell whose they are.
    """
    place = {} if exchange is None else {"exchange": exchange}
    technologies = Technology.objects.published().filter(**place)
    demands = Demand.objects.published().filter(**place, **({} if exchange is None else {"masked": False}))
    deals = Deal.objects.filter(**place)
    signed = Contract.objects.filter(superseded_at=None, signed_on__isnull=False, deal__in=deals)
    fields = Field.objects.annotate(
        count=Count("technologys", filter=Q(technologys__in=technologies), distinct=True)
    ).order_by("-count", "nr")[:10]
    return Statistics(
        technologies=technologies.count(),
        demands=demands.count(),
        organisations=account_selectors.visible_organisations_count(exchange=exchange),
        matches_shortlisted=match_selectors.shortlisted_count(exchange=exchange),
        deals_running=deals.exclude(state__in=Deal.lifecycle.final).count(),
        contracts_signed=signed.count(),
        closed_deal_groups=published_groups().count(),
        by_field=[(str(field), field.count) for field in fields if field.count],
        by_month=_by_month(technologies),
        funnel=_funnel(deals),
    )


def _by_month(technologies: QuerySet[Technology]) -> list[tuple[datetime.date, int]]:
    start = (timezone.localdate().replace(day=1) - datetime.timedelta(days=330)).replace(day=1)
    rows = (
        technologies.filter(published_at__date__gte=start)
        .annotate(month=TruncMonth("published_at"))
        .values("month")
        .annotate(count=Count("pk"))
        .order_by("month")
    )
    return [(row["month"].date(), row["count"]) for row in rows]


def _funnel(deals: QuerySet[Deal]) -> list[tuple[str, int]]:
    """Count the deals that came at least as far as each state of the main line.

    One under way counts from where it stands; one that ended without coming through, from the furthest state it was in.
    """
    by_state = dict(deals.values_list("state").annotate(count=Count("pk")).order_by("state"))
    reached = Counter({place: by_state.get(state, 0) for place, state in enumerate(MAIN_LINE)})
    reached[MAIN_LINE.index(DealState.EFFECTIVE)] += by_state.get(DealState.COMPLETED, 0)
    reached.update(_furthest(deals.filter(state__in=LOST)))
    counts = [sum(count for place, count in reached.items() if place >= step) for step in range(len(MAIN_LINE))]
    return [(str(state.label), count) for state, count in zip(MAIN_LINE, counts, strict=True)]


def _furthest(ended: QuerySet[Deal]) -> Counter[int]:
    """Count ended deals by the furthest place in the main line that the log says of them; by where such must have been
    where it says nothing.
    """
    events = Event.objects.filter(subject_type=Deal._meta.label_lower, subject_id__in=ended.values("pk"))
    places = [When(data__to=state, then=place) for place, state in enumerate(MAIN_LINE)]
    furthest = events.values("subject_id").annotate(place=Max(Case(*places, default=0))).order_by("subject_id")
    told = dict(furthest.values_list("subject_id", "place"))
    return Counter(
        max(told.get(pk, 0), MAIN_LINE.index(LOST[DealState(state)]))
        for pk, state in ended.order_by("pk").values_list("pk", "state")
    )
