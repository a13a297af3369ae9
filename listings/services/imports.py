"""Bring records of another register in: an act of the exchange, in batches that stand or fall as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import TextField
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Exchange, Organisation, Province, User
from accounts.names import names_of
from accounts.policies import has_no_stake
from accounts.selectors import administered_ids
from accounts.services import import_organisations
from audit.services import record_all
from listings import policies, selectors
from listings.choices import LegalClass
from listings.importer.mapping import Record, Refused
from listings.importer.problems import Problem, RecordRefusedError, problems_of
from listings.lifecycle import WITH_OPERATOR, ListingState
from listings.models import Demand, Field, IPRight, RightOwner, Technology
from listings.services.drafts import checked_right, join_owners
from listings.services.import_owners import Owners
from listings.services.publication import index_listings
from marketplace.kit.errors import require
from marketplace.kit.lifecycle import move_all
from search.text import fold

Status = Literal["added", "changed", "unchanged", "refused"]
MODELS: dict[str, type[Technology] | type[Demand]] = {"technology": Technology, "demand": Demand}
REFERENCES = {"exchange", "organisation", "author", "main_field", "province"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record."""

    row: int
    source_id: str
    status: Status
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """One run: into which exchange, from which source, in whose name, and how.

    `actor` is an operator or manager of the exchange, or None for the system; `author` is the person to whom the
    records are attributed. With `organisation`, all records are of that organisation; otherwise each is of the one
    that it names, made when it is absent.
    """

    kind: str
    exchange: Exchange
    source: str
    author: User
    actor: User | None
    publish: bool = True
    organisation: Organisation | None = None


def import_records(*, run: Import, records: Sequence[Record | Refused]) -> list[Outcome]:
    """Store a batch and tell what became of each record, in order. The same batch again changes nothing.

    A record that the models or the database refuse is reported and the others stand. Sends no notifications and
    queues no tasks: the sweeps match, price and embed what was published. Raises NotAllowed.
    """
    require(run.actor is None or policies.can_import(run.actor, run.exchange.pk))
    try:
        return _import_batch(run=run, records=records)
    except (IntegrityError, DataError, ValidationError) as error:
        if len(records) > 1:
            return [outcome for one in records for outcome in import_records(run=run, records=[one])]
        problems = problems_of(error, {}) if isinstance(error, ValidationError) else [Problem.of("", str(error))]
        return [Outcome(records[0].row, records[0].source_id, "refused", tuple(problems))]


def refresh_statistics() -> None:
    """Tell PostgreSQL's planner how much came in, rather than wait for autovacuum: lists count over these tables."""
    models: list[Any] = [Technology, Demand, Technology.fields.through, Demand.fields.through, IPRight, Organisation]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE " + ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models))


@transaction.atomic
def _import_batch(*, run: Import, records: Sequence[Record | Refused]) -> list[Outcome]:
    """One transaction. Imports into the same exchange take turns, batch by batch."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 13))", [f"import:{run.exchange.pk}"])
    batch = _Batch(run, [one for one in records if isinstance(one, Record)], thorough=len(records) == 1)
    outcomes = []
    for one in records:
        if isinstance(one, Refused):
            outcomes.append(Outcome(one.row, one.source_id, "refused", one.problems))
            continue
        try:
            outcomes.append(Outcome(one.row, one.source_id, batch.plan(one)))
        except RecordRefusedError as refusal:
            outcomes.append(Outcome(one.row, one.source_id, "refused", refusal.problems))
    batch.store()
    return outcomes


@dataclass(slots=True)
class _Planned:
    """A listing to be added or changed: checked, not saved."""

    record: Record
    listing: Any
    is_new: bool
    organisation: Organisation
    fields: list[Field]
    rights: list[tuple[IPRight, list[RightOwner]]]
    changed: list[str]
    moved: dict[str, list[int]] = field(default_factory=dict)


class _Batch:
    """Plans a batch record by record, then stores it as a whole.

    Check constraints are the database's to hold; when it refuses a batch, each record is tried alone, and then
    (`thorough`) the models say in words what is wrong.
    """

    def __init__(self, run: Import, records: Sequence[Record], *, thorough: bool) -> None:
        self.run = run
        self.thorough = thorough
        self.model: Any = MODELS[run.kind]
        stored = (
            self.model.objects.filter(
                exchange=run.exchange, source_name=run.source, source_id__in={one.source_id for one in records}
            )
            .select_related("organisation")
            .select_for_update(of=("self",))
        )
        self.stored: dict[str, Any] = {listing.source_id: listing for listing in stored.order_by("pk")}
        owners = {listing.organisation_id for listing in self.stored.values()}
        self.claimed = set(
            administered_ids().filter(organisation_id__in=owners).values_list("organisation_id", flat=True)
        )
        self.judged = selectors.judged_ids(self.stored.values()) if run.publish else set()
        self.fields = {row.nr: row for row in Field.objects.order_by("nr")}
        provinces = {
            fold(name): province
            for province in Province.objects.order_by("code")
            for name in (province.code, province.name_vi, province.name_en)
        }
        self.owners = Owners(run.exchange, provinces)
        self.planned: dict[str, _Planned] = {}
        self.drafts: list[Any] = []  # stored before, to be published now

    def plan(self, one: Record) -> Status:
        """Decide what becomes of a record. Raises RecordRefusedError."""
        run = self.run
        if one.source_id in self.planned:
            raise RecordRefusedError(Problem.of("id", _("Another row has the same id."), one.source_id))
        listing = self.stored.get(one.source_id)
        if listing is not None and listing.source_data.get("fingerprint") == one.fingerprint:
            if not run.publish or listing.state != ListingState.DRAFT:
                return "unchanged"
            self._allow_publication(listing)
            self._require_verified(listing.organisation)
            self.drafts.append(listing)
            return "changed"
        is_new = listing is None
        if listing is None:
            listing = self.model(
                exchange=run.exchange, author=run.author, source_name=run.source, source_id=one.source_id
            )
        else:
            self._allow_change(listing)
            if run.publish and listing.state == ListingState.DRAFT:
                self._allow_publication(listing)
        values = {name: self._default(name) if value is None else value for name, value in one.values.items()}
        if "province" in values:
            values["province"] = self.owners.province(values["province"])
        before = {name: getattr(listing, name) for name in values}
        for name, value in values.items():
            setattr(listing, name, value)
        fields = self._fields(one, listing)
        listing.main_field = fields[0] if fields else None
        self._check(listing)
        changed = sorted(name for name, value in before.items() if getattr(listing, name) != value)
        rights = self._rights(one, listing)
        organisation = self._organisation(one, None if is_new else listing)
        self.planned[one.source_id] = _Planned(one, listing, is_new, organisation, fields, rights, changed)
        return "added" if is_new else "changed"

    def store(self) -> None:
        """Save what was planned: organisations, listings, fields, rights, log, publication, index."""
        run, plans = self.run, list(self.planned.values())
        unsaved = {id(plan.organisation): plan.organisation for plan in plans if plan.organisation.pk is None}
        import_organisations(
            organisations=list(unsaved.values()), exchange=run.exchange, source=run.source, actor=run.actor
        )
        for plan in plans:
            if not plan.is_new and plan.listing.organisation_id != plan.organisation.pk:
                plan.moved = {"organisation": [plan.listing.organisation_id, plan.organisation.pk]}
            plan.listing.organisation = plan.organisation
            if not plan.is_new:
                if plan.listing.withdrawn_version == plan.listing.content_version:
                    plan.listing.withdrawn_version += 1  # the exchange brings the change in: it knows it
                plan.listing.version += 1
                plan.listing.content_version += 1
            plan.listing.source_data = {
                "record": plan.record.original,
                "fingerprint": plan.record.fingerprint,
                "content_version": plan.listing.content_version,
                "organisation": plan.record.organisation,
            }
        new, old = [plan for plan in plans if plan.is_new], [plan for plan in plans if not plan.is_new]
        self.model.objects.bulk_create([plan.listing for plan in new])
        for plan in old:
            plan.listing.save()
        self._store_lists(new, old)
        self._log("create", new, [{"organisation": plan.organisation.pk} for plan in new])
        self._log("import_changed", old, [{"values": plan.changed, **plan.moved} for plan in old])
        if run.publish:
            drafts = self.drafts + [plan.listing for plan in plans if plan.listing.state == ListingState.DRAFT]
            data = [{"source": run.source, "content_version": listing.content_version} for listing in drafts]
            move_all(drafts, "import_published", actor=run.actor, data=data, published_at=timezone.now())
        index_listings(self.model, [one.pk for one in [*self.drafts, *(plan.listing for plan in plans)]])

    def _store_lists(self, new: Sequence[_Planned], old: Sequence[_Planned]) -> None:
        through = self.model.fields.through
        name = f"{self.run.kind}_id"
        for plan in old:
            plan.listing.fields.clear()
        through.objects.bulk_create(
            [through(**{name: plan.listing.pk, "field_id": field.nr}) for plan in [*new, *old] for field in plan.fields]
        )
        if self.model is Technology:
            IPRight.objects.filter(technology__in=[plan.listing for plan in old]).delete()
            rights = [(plan, right, owners) for plan in [*new, *old] for right, owners in plan.rights]
            for plan, right, _owners in rights:
                right.technology = plan.listing
            IPRight.objects.bulk_create([right for _plan, right, _owners in rights])
            names = names_of({plan.organisation for plan, _right, _owners in rights})
            for plan, right, owners in rights:
                join_owners(plan.organisation, owners, names)
                for owner in owners:
                    owner.right = right
            RightOwner.objects.bulk_create([owner for _plan, _right, owners in rights for owner in owners])

    def _log(self, verb: str, plans: Sequence[_Planned], data: Sequence[dict[str, Any]]) -> None:
        record_all(
            tag=f"{self.run.kind}.{verb}",
            subjects=[plan.listing for plan in plans],
            actor=self.run.actor,
            data=[
                {"source": self.run.source, "source_id": plan.record.source_id, **more}
                for plan, more in zip(plans, data, strict=True)
            ],
        )

    def _allow_change(self, listing: Any) -> None:
        if listing.state in WITH_OPERATOR or listing.state == ListingState.AWAITING_OWNER:
            raise RecordRefusedError(
                Problem.of("", _("The listing is under review; it was not changed."), listing.source_id)
            )
        if listing.state == ListingState.REJECTED:
            raise RecordRefusedError(
                Problem.of("", _("The listing was rejected; it was not changed."), listing.source_id)
            )
        if listing.is_published and listing.legal_class != LegalClass.UNKNOWN:
            message = _("The exchange reviewed the listing as it stands; it was not changed. Withdraw it first.")
            raise RecordRefusedError(Problem.of("", message, listing.source_id))
        self._require_unedited(listing)

    def _require_unedited(self, listing: Any) -> None:
        if listing.source_data.get("content_version", listing.content_version) != listing.content_version:
            message = _("The listing was edited here since its last import; it was not changed.")
            raise RecordRefusedError(Problem.of("", message, listing.source_id))

    def _allow_publication(self, listing: Any) -> None:
        """Of a draft that an earlier run left: while it stands as it came, and nobody else decides about it."""
        self._require_unedited(listing)
        if listing.organisation_id in self.claimed:
            message = _("People of its organisation decide about this draft now; it was not published.")
            raise RecordRefusedError(Problem.of("organisation", message, listing.organisation))
        if listing.pk in self.judged:
            message = _("The exchange has judged this draft before: it goes through review. It was not published.")
            raise RecordRefusedError(Problem.of("", message, listing.source_id))
        self._require_no_stake(listing.organisation)

    def _default(self, name: str) -> Any:
        field = self.model._meta.get_field(name)
        return None if field.null else field.get_default()

    def _check(self, listing: Any) -> None:
        """Ask the model. References are rows just read, and uniqueness is the batch's own question.

        Forms and the API count the characters of long texts; here nobody has done so yet.
        """
        problems = [
            Problem.of(column.name, _("At most %(limit)d characters, this has %(length)d.") % {"limit": column.max_length, "length": length}, text)
            for column in listing._meta.concrete_fields
            if isinstance(column, TextField) and column.max_length
            and (length := len(text := getattr(listing, column.attname) or "")) > column.max_length
        ]  # fmt: skip
        if problems:
            raise RecordRefusedError(*problems)
        try:
            listing.clean_fields(exclude=REFERENCES)
            listing.clean()
            if self.thorough:
                listing.validate_constraints(exclude={*REFERENCES, "source_id"})
        except ValidationError as error:
            raise RecordRefusedError(*problems_of(error, vars(listing))) from error

    def _rights(self, one: Record, listing: Any) -> list[tuple[IPRight, list[RightOwner]]]:
        made = []
        for row in one.ip_rights:
            try:
                right, owners = checked_right(listing, row)
                if self.thorough:
                    right.validate_constraints(exclude={"technology"})
            except ValidationError as error:
                raise RecordRefusedError(*problems_of(error, row, "ip_rights.")) from error
            made.append((right, owners))
        return made

    def _fields(self, one: Record, listing: Any) -> list[Field]:
        unknown = [number for number in one.fields if number not in self.fields]
        if unknown:
            raise RecordRefusedError(Problem.of("fields", _("There is no such field of technology."), unknown[0]))
        if one.fields:
            return [self.fields[number] for number in one.fields]
        by_ipc = selectors.fields_for_ipc(listing.ipc) if isinstance(listing, Technology) and listing.ipc else []
        return by_ipc or [self.fields[number] for number in one.guessed if number in self.fields]

    def _organisation(self, one: Record, listing: Any | None) -> Organisation:
        """Give the record's organisation, perhaps a new one that `store` saves; a stored listing's is asked about first."""
        if listing is None:
            return self._checked(self.run.organisation or self.owners.named(one))
        owner: Organisation = listing.organisation
        if self.run.organisation is None and listing.source_data.get("organisation") == one.organisation:
            return self._checked(owner)  # the source says what it said: whatever it is called here, it is the same
        named = self.run.organisation or self.owners.named(one)
        if named.pk != owner.pk and (listing.published_at is not None or owner.pk in self.claimed):
            message = _("The record names another organisation than its listing, which is %(organisation)s's.")
            raise RecordRefusedError(Problem.of("organisation", message % {"organisation": owner}, named))
        return self._checked(named)

    def _checked(self, organisation: Organisation) -> Organisation:
        run = self.run
        if organisation.pk is None:
            return organisation
        if organisation.exchange_id != run.exchange.pk:
            message = _("The organisation is served by another exchange.")
            raise RecordRefusedError(Problem.of("organisation", message, organisation))
        self._require_no_stake(organisation)
        self._require_verified(organisation)
        return organisation

    def _require_no_stake(self, organisation: Organisation) -> None:
        if self.run.actor is not None and not has_no_stake(self.run.actor, organisation.pk):
            message = _("You belong to this organisation: another operator must import its records.")
            raise RecordRefusedError(Problem.of("organisation", message, organisation))

    def _require_verified(self, organisation: Organisation) -> None:
        if self.run.publish and not organisation.is_verified:
            message = _("The organisation is not verified yet. Verify it first.")
            raise RecordRefusedError(Problem.of("organisation", message, organisation))
