"""Write and rewrite drafts. A step saves as it goes: every save takes only the fields of its step."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Exchange, Organisation, User
from accounts.names import names_of
from audit.services import record
from listings import policies
from listings.models import Advantage, Demand, Field, IPRight, RightOwner, Technology
from listings.services.locking import lock
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.names import as_compared

PROTECTED = frozenset({
    "id", "state", "version", "content_version", "exchange", "organisation", "author", "published_at", "submitted_at",
    "is_sample", "source_name", "source_id", "source_data", "legal_class", "draft_key",
})  # fmt: skip
HUNDRED = Decimal(100)


@transaction.atomic
def create_technology(
    *,
    organisation: Organisation,
    actor: User,
    title: str,
    language: str,
    exchange: Exchange | None = None,
    draft_key: UUID | None = None,
    advantages: Sequence[Mapping[str, Any]] = (),
    ip_rights: Sequence[Mapping[str, Any]] = (),
    **values: Any,
) -> Technology:
    """Start a technology as a draft; the same `draft_key` again gives the draft that it started before.

    `advantages` and `ip_rights` as `save_technology` takes them. Raises NotAllowed, ValidationError.
    """
    require(policies.can_list_technology(actor, organisation))
    technology, new = _create(
        Technology, organisation, actor, draft_key, exchange=exchange, values=values, title=title, language=language
    )
    if new:
        _replace_advantages(technology, advantages)
        _replace_rights(technology, ip_rights)
    return technology


@transaction.atomic
def create_demand(
    *,
    organisation: Organisation,
    actor: User,
    title: str,
    language: str,
    exchange: Exchange | None = None,
    draft_key: UUID | None = None,
    **values: Any,
) -> Demand:
    """Start a demand as a draft; the same `draft_key` again gives the draft that it started before.

    Raises NotAllowed, ValidationError.
    """
    require(policies.can_post_demand(actor, organisation))
    demand, _new = _create(
        Demand, organisation, actor, draft_key, exchange=exchange, values=values, title=title, language=language
    )
    return demand


def _create(
    model: Any,
    organisation: Organisation,
    actor: User,
    draft_key: UUID | None,
    *,
    exchange: Exchange | None,
    values: Any,
    **base: Any,
) -> tuple[Any, bool]:
    """Give the draft, and whether it is new."""
    assert not PROTECTED & set(values)
    if draft_key is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [str(draft_key)])
        started = model.objects.filter(draft_key=draft_key).first()
        if started is not None:
            require(started.author_id == actor.pk)
            return started, False
    fields = values.pop("fields", None)
    listing = model(
        organisation=organisation,
        exchange=exchange or organisation.exchange,
        author=actor,
        draft_key=draft_key,
        **base,
        **values,
    )
    if listing.province_id is None:
        listing.province = organisation.province
    listing.full_clean()
    listing.save()
    _set_fields(listing, fields)
    record(tag=f"{model.kind}.create", subject=listing, actor=actor, data={"organisation": organisation.pk})
    return listing, True


def _set_fields(listing: Technology | Demand, fields: Iterable[Field] | None) -> None:
    """Set the fields; the first becomes the main one unless a main field is among them.

    Where none are given, a main field is one of them all the same: lists filter by these alone.
    """
    if fields is None:
        if listing.main_field is not None:
            listing.fields.add(listing.main_field)
        return
    chosen = list(fields)
    listing.fields.set(chosen)
    if listing.main_field is None or listing.main_field not in chosen:
        listing.main_field = chosen[0] if chosen else None
        listing.save(update_fields=["main_field"])


@transaction.atomic
def save_technology(
    *,
    technology: Technology,
    actor: User,
    version: int,
    values: Mapping[str, Any] | None = None,
    fields: Iterable[Field] | None = None,
    advantages: Sequence[Mapping[str, Any]] | None = None,
    ip_rights: Sequence[Mapping[str, Any]] | None = None,
) -> Technology:
    """Save one step of a draft: single values, and whole lists where given (a list replaces the stored one).

    `advantages` are rows of Advantage's fields. `ip_rights` are rows of IPRight's fields with `owners`, a list of
    {"name", "share_pct"[, "organisation"]}. Raises NotAllowed, Conflict (not editable now), Stale (someone saved since
    `version`), ValidationError (nothing is saved then).
    """
    technology = _begin(technology, actor, version)
    if fields is not None:
        fields = list(fields)
    _write(technology, values or {}, fields)
    if advantages is not None:
        _replace_advantages(technology, advantages)
    if ip_rights is not None:
        _replace_rights(technology, ip_rights)
    _finish(technology, actor, {
        "values": sorted(values or {}),
        "lists": [n for n, v in (("fields", fields), ("advantages", advantages), ("ip_rights", ip_rights)) if v is not None],
    })  # fmt: skip
    return technology


@transaction.atomic
def save_demand(
    *,
    demand: Demand,
    actor: User,
    version: int,
    values: Mapping[str, Any] | None = None,
    fields: Iterable[Field] | None = None,
) -> Demand:
    """Save one step of a draft demand. Raises as `save_technology` does."""
    demand = _begin(demand, actor, version)
    if fields is not None:
        fields = list(fields)
    _write(demand, values or {}, fields)
    _finish(demand, actor, {"values": sorted(values or {}), "lists": ["fields"] if fields is not None else []})
    return demand


def _begin(listing: Any, actor: User, version: int) -> Any:
    listing = lock(listing)
    require(policies.can_edit(actor, listing))
    if not listing.is_editable:
        raise Conflict(_("This cannot be edited in its present state. Take it back or withdraw it first."))
    if listing.version != version:
        raise Stale(
            _("Someone else saved this meanwhile. Compare what is stored now with what you typed, and save again.")
        )
    return listing


def _write(listing: Any, values: Mapping[str, Any], fields: Sequence[Field] | None) -> None:
    assert not PROTECTED & set(values)
    for name, value in values.items():
        setattr(listing, name, value)
    listing.full_clean()
    listing.save()
    _set_fields(listing, fields)


def _finish(listing: Any, actor: User, data: Mapping[str, Any]) -> None:
    listing.version += 1
    listing.content_version += 1
    listing.save(update_fields=["version", "content_version", "updated_at"])
    record(tag=f"{listing.kind}.edit", subject=listing, actor=actor, data=data)


def _replace_advantages(technology: Technology, rows: Sequence[Mapping[str, Any]]) -> None:
    technology.advantages.all().delete()
    for position, row in enumerate(rows):
        advantage = Advantage(technology=technology, position=position, **row)
        advantage.full_clean()
        advantage.save()


def _replace_rights(technology: Technology, rows: Sequence[Mapping[str, Any]]) -> None:
    joined = RightOwner.objects.filter(right__technology=technology, organisation__isnull=False).order_by("pk")
    before = {as_compared(owner.name): owner.organisation for owner in joined.select_related("organisation")}
    technology.ip_rights.all().delete()
    for row in rows:
        right, owners = checked_right(technology, row)
        right.validate_constraints()
        right.save()
        for owner in owners:
            owner.organisation = owner.organisation or before.get(as_compared(owner.name))
        join_owners(technology.organisation, owners)
        RightOwner.objects.bulk_create(owners)


def join_owners(own: Organisation, owners: Sequence[RightOwner], names: Mapping[int, set[str]] | None = None) -> None:
    """Join a technology's own organisation to the owner that bears its name, so that it stays the same when renamed.

    A link that no name of the organisation, present or formerly verified, supports is dropped. `names`: the names of
    the organisations by id, where the caller has read them.
    """
    linked = {owner.organisation for owner in owners if owner.organisation is not None}
    if names is None:
        names = names_of({own, *linked})
    for owner in owners:
        word = as_compared(owner.name)
        if word in names[own.pk]:
            owner.organisation = own
        elif owner.organisation_id is not None and word not in names[owner.organisation_id]:
            owner.organisation = None


def checked_right(technology: Technology, row: Mapping[str, Any]) -> tuple[IPRight, list[RightOwner]]:
    """Make a right with its owners, unsaved, from a row as `save_technology` takes it. Raises ValidationError."""
    values = dict(row)
    owners = values.pop("owners", [])
    right = IPRight(technology=technology, **values)
    right.clean_fields(exclude={"technology"})
    entries = [RightOwner(right=right, **owner) for owner in owners]
    for entry in entries:
        entry.clean_fields(exclude={"right", "organisation"})
    total = sum((Decimal(entry.share_pct) for entry in entries), Decimal(0))
    if entries and total != HUNDRED:
        raise ValidationError(
            {"owners": _("The owners' shares of “%(right)s” sum to %(total)s %%, not 100 %%.")
             % {"right": right, "total": total.normalize()}}
        )  # fmt: skip
    return right, entries
