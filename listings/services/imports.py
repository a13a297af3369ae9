"""Bring records of another register in: an act of the exchange, in batches that stand or fall as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Exchange, Organisation, Province, User
from accounts.policies import has_no_stake
from accounts.services import import_organisation
from audit.services import record as audit
from listings import policies, selectors
from listings.importer.mapping import Record, Refused
from listings.importer.problems import Problem
from listings.importer.texts import cut
from listings.lifecycle import WITH_OPERATOR, ListingState
from listings.models import Demand, Field, Technology
from listings.services.drafts import replace_rights, set_fields
from listings.services.publication import index_listing
from marketplace.kit.errors import require
from marketplace.kit.lifecycle import move
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


class _RefusedError(Exception):
    """The record cannot be stored."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


def import_records(*, run: Import, records: Sequence[Record | Refused]) -> list[Outcome]:
    """Store a batch and tell what became of each record, in order. The same batch again changes nothing.

    A record that the models or the database refuse is reported and the others stand. Sends no notifications and
    queues no tasks: the sweeps match, price and embed what was published. Raises NotAllowed.
    """
    require(run.actor is None or policies.can_import(run.actor, run.exchange.pk))
    try:
        return _import_batch(run=run, records=records)
    except (IntegrityError, DataError) as error:
        if len(records) == 1:
            only = records[0]
            return [Outcome(only.row, only.source_id, "refused", (Problem.of("", str(error)),))]
        return [outcome for one in records for outcome in import_records(run=run, records=[one])]


@transaction.atomic
def _import_batch(*, run: Import, records: Sequence[Record | Refused]) -> list[Outcome]:
    """One transaction. Imports into the same exchange take turns, batch by batch."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 13))", [f"import:{run.exchange.pk}"])
    batch = _Batch(run, [one for one in records if isinstance(one, Record)])
    outcomes = []
    for one in records:
        if isinstance(one, Refused):
            outcomes.append(Outcome(one.row, one.source_id, "refused", one.problems))
            continue
        try:
            outcomes.append(Outcome(one.row, one.source_id, batch.store(one)))
        except _RefusedError as refusal:
            outcomes.append(Outcome(one.row, one.source_id, "refused", refusal.problems))
    batch.index()
    return outcomes


class _Batch:
    """What is known before the first record of a batch is stored."""

    def __init__(self, run: Import, records: Sequence[Record]) -> None:
        self.run = run
        self.model: Any = MODELS[run.kind]
        stored = (
            self.model.objects.filter(
                exchange=run.exchange, source_name=run.source, source_id__in={one.source_id for one in records}
            )
            .select_related("organisation")
            .select_for_update(of=("self",))
        )
        self.stored: dict[str, Any] = {listing.source_id: listing for listing in stored.order_by("pk")}
        self.fields = {field.nr: field for field in Field.objects.order_by("nr")}
        self.provinces = {
            fold(name): province
            for province in Province.objects.order_by("code")
            for name in (province.code, province.name_vi, province.name_en)
        }
        self.organisations = self._known_organisations({one.organisation.get("name", "") for one in records})
        self.touched: list[int] = []

    def _known_organisations(self, names: set[str]) -> dict[str, Organisation]:
        """Give the organisations of the exchange by folded name, and by tax code."""
        if self.run.organisation is not None:
            return {}
        known: dict[str, Organisation] = {}
        own = Organisation.objects.filter(exchange=self.run.exchange, is_sample=False).order_by("-pk")
        for organisation in own.only("name_vi", "name_en", "tax_code", "state", "exchange"):
            known[f"name:{fold(organisation.name_en)}"] = organisation
            known[f"name:{fold(organisation.name_vi)}"] = organisation
        for organisation in Organisation.objects.exclude(tax_code="").order_by("pk"):
            known[f"tax:{organisation.tax_code}"] = organisation
        return known

    def store(self, one: Record) -> Status:
        """Add or change a listing. Raises _RefusedError; nothing is stored then."""
        run = self.run
        listing = self.stored.get(one.source_id)
        if listing is not None and listing.source_data.get("fingerprint") == one.fingerprint:
            if run.publish and listing.state == ListingState.DRAFT:
                self._publish(listing)
                return "changed"
            return "unchanged"
        if listing is not None:
            self._allow_change(listing)
        is_new = listing is None
        if listing is None:
            listing = self.model(
                exchange=run.exchange, author=run.author, source_name=run.source, source_id=one.source_id
            )
        values = {name: value for name, value in one.values.items() if name != "province"}
        before = {name: getattr(listing, name) for name in values}
        for name, value in values.items():
            setattr(listing, name, self._default(name) if value is None else value)
        if "province" in one.values:
            listing.province = self._province(one.values["province"])
        fields = self._fields(one, listing)
        listing.main_field = fields[0] if fields else None
        self._check(listing)
        listing.organisation = self._organisation(one)
        listing.source_data = {"record": one.original, "fingerprint": one.fingerprint}
        if not is_new:
            listing.version += 1
            listing.content_version += 1
        listing.source_data["content_version"] = listing.content_version
        with transaction.atomic():
            listing.save()
            set_fields(listing, fields)
            if isinstance(listing, Technology) and (one.ip_rights or not is_new):
                try:
                    replace_rights(listing, one.ip_rights)
                except ValidationError as error:
                    raise _RefusedError(*_problems(error, one.values, "ip_rights.")) from error
        data: dict[str, Any] = {"source": run.source, "source_id": one.source_id}
        if is_new:
            audit(
                tag=f"{run.kind}.create",
                subject=listing,
                actor=run.actor,
                data={**data, "organisation": listing.organisation_id},
            )
        else:
            data["values"] = sorted(name for name in values if before[name] != getattr(listing, name))
            audit(tag=f"{run.kind}.import_changed", subject=listing, actor=run.actor, data=data)
        self.stored[one.source_id] = listing
        if listing.is_published:
            self.touched.append(listing.pk)
        elif run.publish and listing.state == ListingState.DRAFT:
            self._publish(listing)
        return "added" if is_new else "changed"

    def _publish(self, listing: Any) -> None:
        if not listing.organisation.is_verified:
            raise _RefusedError(
                Problem.of(
                    "organisation", _("The organisation is not verified yet. Verify it first."), listing.organisation
                )
            )
        data = {"source": self.run.source, "content_version": listing.content_version}
        move(listing, "import_published", actor=self.run.actor, data=data, published_at=timezone.now())
        self.touched.append(listing.pk)

    def index(self) -> None:
        """Make what was published or changed findable."""
        rows = self.model.objects.filter(pk__in=self.touched).order_by("pk")
        for listing in rows.prefetch_related("advantages") if self.model is Technology else rows:
            index_listing(listing, embed_soon=False)

    def _allow_change(self, listing: Any) -> None:
        if listing.state in WITH_OPERATOR or listing.state == ListingState.AWAITING_OWNER:
            raise _RefusedError(
                Problem.of("", _("The listing is under review; it was not changed."), listing.source_id)
            )
        if listing.state == ListingState.REJECTED:
            raise _RefusedError(Problem.of("", _("The listing was rejected; it was not changed."), listing.source_id))
        if listing.source_data.get("content_version", listing.content_version) != listing.content_version:
            message = _("The listing was edited here since its last import; it was not changed.")
            raise _RefusedError(Problem.of("", message, listing.source_id))

    def _default(self, name: str) -> Any:
        field = self.model._meta.get_field(name)
        return None if field.null else field.get_default()

    def _check(self, listing: Any) -> None:
        """Ask the model. References are rows just read, and uniqueness is the batch's own question."""
        try:
            listing.clean_fields(exclude=REFERENCES)
            listing.clean()
            listing.validate_constraints(exclude={*REFERENCES, "source_id"})
        except ValidationError as error:
            raise _RefusedError(*_problems(error, vars(listing))) from error

    def _province(self, name: Any) -> Province | None:
        if not name:
            return None
        province = self.provinces.get(fold(str(name)))
        if province is None:
            raise _RefusedError(Problem.of("province", _("There is no such province."), name))
        return province

    def _fields(self, one: Record, listing: Any) -> list[Field]:
        unknown = [number for number in one.fields if number not in self.fields]
        if unknown:
            raise _RefusedError(Problem.of("fields", _("There is no such field of technology."), unknown[0]))
        if one.fields:
            return [self.fields[number] for number in one.fields]
        by_ipc = selectors.fields_for_ipc(listing.ipc) if isinstance(listing, Technology) and listing.ipc else []
        return by_ipc or [self.fields[number] for number in one.guessed if number in self.fields]

    def _organisation(self, one: Record) -> Organisation:
        run = self.run
        organisation = run.organisation
        details = one.organisation
        if organisation is None:
            organisation = self.organisations.get(f"tax:{details.get('tax_code')}")
        if organisation is None:
            name = cut(details.get("name", ""), 250)
            if not name:
                raise _RefusedError(Problem.of("organisation", _("The record names no organisation.")))
            organisation = self.organisations.get(f"name:{fold(name)}") or self._new_organisation(name, details)
        if organisation.exchange_id != run.exchange.pk:
            message = _("The organisation is served by another exchange.")
            raise _RefusedError(Problem.of("organisation", message, organisation))
        if run.actor is not None and not has_no_stake(run.actor, organisation.pk):
            message = _("You belong to this organisation: another operator must import its records.")
            raise _RefusedError(Problem.of("organisation", message, organisation))
        if run.publish and not organisation.is_verified:
            message = _("The organisation is not verified yet. Verify it first.")
            raise _RefusedError(Problem.of("organisation", message, organisation))
        return organisation

    def _new_organisation(self, name: str, details: dict[str, str]) -> Organisation:
        run = self.run
        more: dict[str, Any] = {key: details[key] for key in ("name_en", "tax_code", "website") if details.get(key)}
        if details.get("province"):
            more["province"] = self._province(details["province"])
        try:
            made = import_organisation(
                name=name, kind=details.get("kind") or Organisation.Kind.COMPANY, exchange=run.exchange,
                source=run.source, actor=run.actor, **more,
            )  # fmt: skip
        except ValidationError as error:
            raise _RefusedError(*_problems(error, details, "organisation.")) from error
        self.organisations[f"name:{fold(name)}"] = made
        if made.tax_code:
            self.organisations[f"tax:{made.tax_code}"] = made
        return made


def _problems(error: ValidationError, values: Any, prefix: str = "") -> list[Problem]:
    """Give a problem for each message."""
    if not hasattr(error, "error_dict"):
        return [Problem.of(prefix.rstrip("."), message) for message in error.messages]
    return [
        Problem.of(f"{prefix}{name}" if name != "__all__" else prefix.rstrip("."), message, values.get(name, ""))
        for name, messages in error.message_dict.items()
        for message in messages
    ]
