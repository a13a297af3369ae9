"""Keep searches, and tell their new finds: one mail, never twice.

A digest and what it tells are written in one transaction; a unique constraint keeps a find from being told again for
the same search. The mail is claimed in a transaction of its own before it leaves: whoever is killed in between has
told nothing twice, and what the mail would have said stands on the page of saved searches.
"""

import datetime
import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.models import User
from listings import presenters
from listings.finding import Found, find
from listings.models import Demand, Technology
from marketplace.kit.errors import Conflict, require
from marketplace.kit.letters import REFUSALS, LetterRefused, refusal
from marketplace.kit.single import single
from matching import policies, selectors
from matching.choices import Often
from matching.models import Digest, DigestItem, SavedSearch
from matching.tasks import mail_digest as mail_digest_task

logger = logging.getLogger(__name__)

MOST = 50  # saved searches of one person
TOLD = 20  # finds of one search that one mail names; of the others it gives the number and the list's address
LOOKED_BACK = datetime.timedelta(days=60)
SALT = "matching.unsubscribe"
WEEK_BEGINS = datetime.time(7)  # on Monday, local time
SWEEP_SECONDS = 120.0
UNQUERIED = {"sort"}  # parts of an address that do not change what is found


def canonical(found: Found) -> str:
    """Write what an address finds in a fixed order, wrong values and the order of the list left out."""
    values = {name: value for name, value in found.filters.values.items() if name not in UNQUERIED}
    return urlencode(
        [
            (name, str(each))
            for name, value in sorted(values.items())
            for each in (sorted(map(str, value)) if isinstance(value, list) else [value])
        ]
    )


def name_of(found: Found) -> str:
    """Name a search by its words and filters, in the active language."""
    chosen = [label for label, _address in presenters.chosen(found, QueryDict())]
    every = _("All technologies") if found.kind == "technology" else _("All demands")
    return " · ".join(filter(None, [found.words, *chosen]))[:200] or every


def _name_now(search: SavedSearch) -> str:
    """Name a kept search in the active language, whatever the one in which it was kept."""
    return name_of(find(search.kind, QueryDict(search.query), ranked=False))


@transaction.atomic
def save_search(*, kind: str, query: Mapping[str, Any], often: str, actor: User) -> SavedSearch:
    """Keep a search for the person; the same search again only changes how often it is mailed."""
    found = find(kind, query, ranked=False)
    User.objects.select_for_update(of=("self",)).get(pk=actor.pk)
    written = canonical(found)
    search = SavedSearch.objects.filter(user=actor, kind=kind, query=written).first()
    if search is None:
        if SavedSearch.objects.filter(user=actor).count() >= MOST:
            raise Conflict(_("You have %(count)d saved searches. Delete one first.") % {"count": MOST})
        search = SavedSearch(user=actor, kind=kind, query=written, name=name_of(found))
    search.often = often
    search.full_clean()
    search.save()
    return search


@transaction.atomic
def change_search(*, search: SavedSearch, often: str, actor: User) -> SavedSearch:
    """Change how often the finds are mailed."""
    search = SavedSearch.objects.select_for_update(of=("self",)).get(pk=search.pk)
    require(policies.owns_search(actor, search))
    search.often = often
    search.full_clean()
    search.save(update_fields=["often"])
    return search


@transaction.atomic
def delete_search(*, search: SavedSearch, actor: User) -> None:
    """Forget a search, and what was told for it."""
    search = SavedSearch.objects.select_for_update(of=("self",)).get(pk=search.pk)
    require(policies.owns_search(actor, search))
    search.delete()


# --- unsubscribing by the link in a mail


def token_for(user: User, search: SavedSearch | None = None) -> str:
    """Sign a token that ends the mails of one search, or of all of a person."""
    return signing.dumps({"user": user.pk, "search": search.pk if search else None}, salt=SALT)


def read_token(token: str) -> dict[str, int | None]:
    """Give what a token ends. Raises signing.BadSignature."""
    return dict(signing.loads(token, salt=SALT))


@transaction.atomic
def unsubscribe(*, token: str) -> int:
    """End the mails that a token names; give how many searches were mailed until now. Raises signing.BadSignature."""
    meant = read_token(token)
    searches = SavedSearch.objects.filter(user_id=meant["user"] or 0).exclude(often=Often.NEVER)
    if meant["search"] is not None:
        searches = searches.filter(pk=meant["search"])
    return searches.update(often=Often.NEVER)


# --- digests


def week_start(now: datetime.datetime) -> datetime.datetime:
    """Give the Monday morning, local time, from which this week's mails are due."""
    local = timezone.localtime(now)
    monday = local.date() - datetime.timedelta(days=local.weekday())
    start = timezone.make_aware(datetime.datetime.combine(monday, WEEK_BEGINS))
    return start if start <= now else start - datetime.timedelta(days=7)


def sweep_alerts(*, now: datetime.datetime | None = None) -> int:
    """Mail what lies unmailed and write the digests that are due; give how many digests were written.

    Of several sweeps at once only one works, no longer than its time: who is left is first in the next one.
    """
    now = now or timezone.now()
    end, written = time.monotonic() + SWEEP_SECONDS, 0
    with single("matching.alerts") as mine:
        if not mine:
            return 0
        _mail_unmailed(now, end=end)
        for user_id in selectors.people_with_due_searches(week=week_start(now), now=now):
            if time.monotonic() > end:
                break
            try:
                written += write_digest(user_id=user_id, now=now) is not None
            except Exception:
                logger.exception("No digest was written for person %s", user_id)
        _mail_unmailed(now, end=end)
    return written


def _mail_unmailed(now: datetime.datetime, *, end: float) -> None:
    for pk in selectors.unmailed_digest_ids(now=now):
        if time.monotonic() > end:
            break
        try:
            mail_digest(pk=pk)
        except Exception:
            logger.exception("Digest %s was not mailed", pk)


@transaction.atomic
def write_digest(*, user_id: int, now: datetime.datetime) -> Digest | None:
    """Write one digest of the new finds of a person's due searches; None when there are none.

    The searches are locked: of two that run at once the second finds nothing due, or nothing new.
    """
    week = week_start(now)
    searches = list(
        selectors.due_searches(week=week, now=now)
        .filter(user_id=user_id)
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    found: list[tuple[SavedSearch, list[Technology | Demand]]] = []
    more: dict[int, int] = {}
    for search in searches:
        rows, others = new_finds(search, now=now)
        found.append((search, rows))
        if others:
            more[search.pk] = others
    SavedSearch.objects.filter(pk__in=[search.pk for search in searches]).update(checked_at=now)
    SavedSearch.objects.filter(pk__in=more).update(flooded_at=now)
    if not any(rows for _search, rows in found):
        return None
    is_weekly = any(search.often == Often.WEEKLY and rows for search, rows in found)
    period = Digest.period_of(week) if is_weekly else ""
    digest = Digest.objects.create(user_id=user_id, period=period, more={str(pk): more[pk] for pk in sorted(more)})
    items = [DigestItem(digest=digest, search=search, **{search.kind: row}) for search, rows in found for row in rows]
    DigestItem.objects.bulk_create(items)
    transaction.on_commit(partial(mail_digest_task.delay, digest.pk), robust=True)
    return digest


def new_finds(search: SavedSearch, *, now: datetime.datetime) -> tuple[list[Technology | Demand], int]:
    """Give what the search finds, was published since it was saved, and was not told yet; the newest first, and how many
    there are beside these.
    """
    found = find(search.kind, QueryDict(search.query), language=search.user.language)
    since = max(search.created_at, now - LOOKED_BACK, *filter(None, [search.flooded_at]))
    told = search.items.values_list(search.kind, flat=True)
    rows = found.rows.filter(published_at__gt=since).exclude(pk__in=list(told))
    first = list(rows.order_by("-published_at", "-pk")[: TOLD + 1])
    return first[:TOLD], rows.count() - TOLD if len(first) > TOLD else 0


def mail_digest(*, pk: int) -> bool:
    """Mail a digest once, in the reader's language, without what was withdrawn meanwhile; tell whether a mail left."""
    with transaction.atomic():
        digest = (
            Digest.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("user")
            .filter(pk=pk, mailed_at=None)
            .first()
        )
        if digest is None:
            return False
        digest.mailed_at = timezone.now()
        digest.save(update_fields=["mailed_at"])
    try:
        with override(digest.user.language):
            mail = _letter(digest)
            return bool(mail and mail.send())
    except Exception as error:
        # It did not leave: the sweep tries again.
        Digest.objects.filter(pk=pk).update(mailed_at=None, tried=F("tried") + 1, tried_at=timezone.now())
        if isinstance(error, REFUSALS):
            raise LetterRefused(refusal(error)) from None
        raise


def _letter(digest: Digest) -> EmailMessage | None:
    user = digest.user
    english = user.language == "en"
    parts: dict[int, dict[str, Any]] = {}
    count = 0
    for item in selectors.items_of(digest):
        listing = item.technology or item.demand
        if listing is None or not listing.is_published or item.search.often == Often.NEVER:
            continue
        count += 1
        if item.search_id not in parts:
            others = digest.more.get(str(item.search_id), 0)
            parts[item.search_id] = {"name": _name_now(item.search), "rows": [], "more": others}
            count += others
        part = parts[item.search_id]
        part["url"] = settings.SITE_URL + item.search.get_absolute_url()
        part["stop_url"] = settings.SITE_URL + reverse("matching:unsubscribe", args=[token_for(user, item.search)])
        part["rows"].append(
            {
                **presenters.brief(listing, english=english),
                "url": settings.SITE_URL + listing.get_absolute_url(),
            }
        )
    if not user.is_active or not parts:
        return None
    stop_all = settings.SITE_URL + reverse("matching:unsubscribe", args=[token_for(user)])
    subject = ngettext("%(count)d new listing for your searches", "%(count)d new listings for your searches", count)
    context = {"parts": list(parts.values()), "manage_url": settings.SITE_URL + reverse("matching:searches")}
    return EmailMessage(
        subject % {"count": count},
        render_to_string("matching/digest.txt", context),
        None,
        [user.email],
        headers={
            "List-Unsubscribe": f"<{stop_all}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "X-Digest": str(digest.pk),
        },
    )
