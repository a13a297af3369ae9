"""Users, organisations, exchanges and memberships."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.countries import HOME, country_choices, country_name
from accounts.lifecycle import INVITATION, ORGANISATION, InvitationState, VerificationState
from marketplace.kit.validators import plain_text


class Province(models.Model):
    """One of the provinces in force since 1 July 2025. Source: data/provinces.csv."""

    code = models.CharField(max_length=2, primary_key=True)
    name_vi = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    region_vi = models.CharField(max_length=80)
    region_en = models.CharField(max_length=80)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_vi


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; the e-mail is stored in lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user as Django's own commands want one; it may do no more than others, for people act by seats."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail."""

    email = models.EmailField(_("e-mail"), unique=True, max_length=254)
    full_name = models.CharField(_("full name"), max_length=150, validators=[plain_text])
    language = models.CharField(
        _("language"), max_length=2, choices=[("vi", "Tiếng Việt"), ("en", "English")], default="vi"
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    anonymised_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case")]

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_short_name(self) -> str:
        """Give the name to greet by."""
        return self.full_name or self.email

    @cached_property
    def seats(self) -> list["Membership"]:
        """Give the active memberships that count; those in an exchange count with two-step sign-in (OPERATORS_NEED_MFA)."""
        return [seat for seat in self.all_seats if seat.exchange_id is None or not self.must_set_up_mfa]

    @cached_property
    def must_set_up_mfa(self) -> bool:
        """Tell whether the person serves an exchange and lacks the two-step sign-in without which that does not count."""
        return (
            settings.OPERATORS_NEED_MFA
            and any(seat.exchange_id is not None for seat in self.all_seats)
            and not self.authenticator_set.exclude(type="recovery_codes").exists()  # type: ignore[attr-defined]  # allauth.mfa
        )

    @cached_property
    def all_seats(self) -> list["Membership"]:
        """Give the person's active memberships with organisation and exchange, read once per request."""
        return list(
            self.memberships.filter(is_active=True).select_related("organisation", "exchange").order_by("pk")
            if self.is_active
            else []
        )

    def forget_seats(self) -> None:
        """Have the seats read anew when they are next asked for; whoever gives the person one calls this."""
        for name in ("all_seats", "must_set_up_mfa", "seats"):
            self.__dict__.pop(name, None)

    def has_org_role(self, organisation_id: int | None, *roles: str) -> bool:
        """Tell whether the person sits in the organisation, in one of `roles` (any role when none is named)."""
        return organisation_id is not None and any(
            seat.organisation_id == organisation_id and (not roles or seat.role in roles) for seat in self.seats
        )

    def has_exchange_role(self, exchange_id: int | None, *roles: str) -> bool:
        """Tell whether the person serves the exchange, in one of `roles` (any when none is named)."""
        return exchange_id is not None and any(
            seat.exchange_id == exchange_id and (not roles or seat.role in roles) for seat in self.seats
        )

    def organisation_ids(self, *roles: str) -> list[int]:
        """Give the ids of the person's organisations, narrowed to `roles` when named."""
        return sorted(
            {s.organisation_id for s in self.seats if s.organisation_id is not None and (not roles or s.role in roles)}
        )

    def exchange_ids(self, *roles: str) -> list[int]:
        """Give the ids of the exchanges that the person serves, narrowed to `roles` when named."""
        return sorted(
            {s.exchange_id for s in self.seats if s.exchange_id is not None and (not roles or s.role in roles)}
        )

    @property
    def is_operator(self) -> bool:
        """Tell whether the person serves any exchange."""
        return any(seat.exchange_id is not None for seat in self.seats)


class Exchange(models.Model):
    """A technology exchange (sàn giao dịch công nghệ) with its home province."""

    code = models.SlugField(max_length=20, unique=True)
    name_vi = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    province = models.ForeignKey(Province, on_delete=models.PROTECT, related_name="exchanges")
    email = models.EmailField(blank=True)
    is_sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_vi


VIETNAMESE_TAX_CODE = re.compile(r"\d{10}(-\d{3})?")
FOREIGN_TAX_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{1,29}")


TAX_CODE_TAKEN = _(
    "A verified organisation has this tax code. Ask its administrator for a role there or, if the code is yours, write to the "
    "exchange."
)


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Questions about organisations."""

    def verified(self) -> "OrganisationQuerySet":
        """Keep the verified ones."""
        return self.filter(state=VerificationState.VERIFIED)

    def with_tax_code_of(self, organisation: "Organisation") -> "OrganisationQuerySet":
        """Keep the others with the tax code of an organisation; none where it has none."""
        if not organisation.tax_code:
            return self.none()
        same = self.filter(country=organisation.country, tax_code=organisation.tax_code)
        return same.exclude(pk=organisation.pk)


class Organisation(models.Model):
    """A university, institute, company, intermediary or valuation firm.

    A tax code is only claimed until it is verified: several may claim the same one, one is verified with it.
    """

    class Kind(models.TextChoices):
        UNIVERSITY = "university", _("University")
        INSTITUTE = "institute", _("Research institute")
        COMPANY = "company", _("Company")
        INTERMEDIARY = "intermediary", _("Intermediary")
        VALUATION_FIRM = "valuation_firm", _("Valuation firm")

    #: Kinds whose own TTO approves a listing before the operator sees it.
    WITH_TTO: ClassVar[Iterable[str]] = (Kind.UNIVERSITY, Kind.INSTITUTE)

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    name_vi = models.CharField(_("name in Vietnamese"), max_length=250, validators=[plain_text])
    name_en = models.CharField(_("name in English"), max_length=250, blank=True, validators=[plain_text])
    country = models.CharField(_("country"), max_length=2, choices=country_choices, default=HOME)
    tax_code = models.CharField(_("tax code"), max_length=30, blank=True)
    province = models.ForeignKey(
        Province,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="organisations",
        verbose_name=_("province"),
    )
    exchange = models.ForeignKey(
        Exchange, on_delete=models.PROTECT, related_name="organisations", verbose_name=_("exchange that serves it")
    )
    about_vi = models.TextField(_("about, in Vietnamese"), blank=True, max_length=4000, validators=[plain_text])
    about_en = models.TextField(_("about, in English"), blank=True, max_length=4000, validators=[plain_text])
    website = models.URLField(_("website"), blank=True)
    state = models.CharField(
        max_length=20, choices=VerificationState, default=VerificationState.UNVERIFIED, editable=False
    )
    has_state_capital = models.BooleanField(_("has state capital"), default=False)
    verification_note = models.TextField(blank=True, max_length=2000, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    lifecycle = ORGANISATION
    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name_vi", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "tax_code"],
                condition=Q(state=VerificationState.VERIFIED) & ~Q(tax_code=""),
                name="accounts_organisation_one_verified_per_tax_code",
                violation_error_message=TAX_CODE_TAKEN,
            ),
            models.CheckConstraint(
                condition=Q(country=HOME, province__isnull=False) | (~Q(country=HOME) & Q(province__isnull=True)),
                name="accounts_organisation_province_at_home",
                violation_error_message=_("An organisation in Viet Nam has a province, one abroad has none."),
            ),
        ]

    def __str__(self) -> str:
        return (self.name_en or self.name_vi) if get_language() == "en" else self.name_vi

    def clean(self) -> None:
        """Ask for province and tax code as the country has them. Raises ValidationError by field."""
        super().clean()
        problems: dict[str, Any] = {}
        if self.is_foreign:
            if self.province_id is not None:
                problems["province"] = _("Only an organisation in Viet Nam has a province here. Leave it empty.")
            if self.tax_code and not FOREIGN_TAX_CODE.fullmatch(self.tax_code):
                problems["tax_code"] = _("A tax or registration number has 2 to 30 letters, digits, spaces, and . / -")
        else:
            if self.province_id is None:
                problems["province"] = _("Choose the province of the organisation.")
            if self.tax_code and not VIETNAMESE_TAX_CODE.fullmatch(self.tax_code):
                problems["tax_code"] = _("A tax code has 10 digits, and -001 to -999 for a branch.")
        if problems:
            raise ValidationError(problems)

    @property
    def is_foreign(self) -> bool:
        """Tell whether the organisation is established outside Viet Nam."""
        return self.country != HOME

    @property
    def country_name(self) -> str:
        """Name the country in the reader's language."""
        return country_name(self.country)

    @property
    def place(self) -> str:
        """Say where the organisation is: the province in Viet Nam, else the country."""
        return self.country_name if self.province is None else str(self.province)

    @property
    def about(self) -> str:
        """Give the description in the reader's language, or in the other one."""
        return (self.about_en or self.about_vi) if get_language() == "en" else (self.about_vi or self.about_en)

    @property
    def needs_tto_approval(self) -> bool:
        """Tell whether the organisation's own TTO approves first."""
        return self.kind in self.WITH_TTO

    @property
    def is_verified(self) -> bool:
        """Tell whether an operator has verified the organisation."""
        return self.state == VerificationState.VERIFIED


class Role(models.TextChoices):
    """What a person does in an organisation or at an exchange."""

    RESEARCHER = "researcher", _("Researcher")
    TTO_OFFICER = "tto_officer", _("TTO officer")
    REPRESENTATIVE = "representative", _("Representative")
    SIGNATORY = "signatory", _("Signatory")
    ADMIN = "admin", _("Administrator")
    APPRAISER = "appraiser", _("Appraiser")
    BROKER = "broker", _("Broker")
    OPERATOR = "operator", _("Operator")
    MANAGER = "manager", _("Exchange manager")


EXCHANGE_ROLES = (Role.OPERATOR, Role.MANAGER)
ORGANISATION_ROLES = tuple(role for role in Role if role not in EXCHANGE_ROLES)


def _seat_fits_role() -> Q:
    at_organisation = Q(
        organisation__isnull=False, exchange__isnull=True, role__in=[r.value for r in ORGANISATION_ROLES]
    )
    at_exchange = Q(organisation__isnull=True, exchange__isnull=False, role__in=[r.value for r in EXCHANGE_ROLES])
    return at_organisation | at_exchange


class Membership(models.Model):
    """A person's seat, with one role, in an organisation or at an exchange. Its holder has accepted it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships"
    )
    exchange = models.ForeignKey(Exchange, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=_seat_fits_role(),
                name="accounts_membership_seat_fits_role",
            ),
            models.UniqueConstraint(
                fields=["user", "organisation", "role"],
                condition=Q(organisation__isnull=False),
                name="accounts_membership_one_per_organisation_role",
            ),
            models.UniqueConstraint(
                fields=["user", "exchange", "role"],
                condition=Q(exchange__isnull=False),
                name="accounts_membership_one_per_exchange_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.organisation or self.exchange}"


class Invitation(models.Model):
    """A seat offered to whoever confirms that an e-mail address is his; he has it (a Membership) once he accepts.

    `email` is in lower case, and need not belong to anybody yet. `mailed_at`: when the address was told, on the site or
    by a letter; `letter_at`: when a letter of its own left. Until `retry_at` it waits. The address is blanked some days
    after `ended_at` (`privacy.invitation.days`).
    """

    email = models.EmailField(max_length=254, blank=True)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations"
    )
    exchange = models.ForeignKey(Exchange, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=InvitationState, default=InvitationState.PENDING, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, editable=False)
    mailed_at = models.DateTimeField(null=True, editable=False)
    letter_at = models.DateTimeField(null=True, editable=False)
    tried = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)

    lifecycle = INVITATION

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=_seat_fits_role(), name="accounts_invitation_seat_fits_role"),
            models.UniqueConstraint(
                fields=["email", "organisation", "role"],
                condition=Q(organisation__isnull=False, state=InvitationState.PENDING),
                name="accounts_invitation_one_per_organisation_role",
            ),
            models.UniqueConstraint(
                fields=["email", "exchange", "role"],
                condition=Q(exchange__isnull=False, state=InvitationState.PENDING),
                name="accounts_invitation_one_per_exchange_role",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state=InvitationState.PENDING), name="accounts_invitation_pending"
            ),
            models.Index(
                fields=["id"],
                condition=Q(state=InvitationState.PENDING, mailed_at__isnull=True),
                name="accounts_invitation_unmailed",
            ),
            models.Index(
                fields=["email", "letter_at"],
                condition=Q(letter_at__isnull=False),
                name="accounts_invitation_letters",
            ),
            models.Index(fields=["ended_at"], condition=~Q(email=""), name="accounts_invitation_addresses"),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()} · {self.place}"

    @property
    def place(self) -> Organisation | Exchange:
        """Give the organisation or exchange of the seat."""
        place = self.organisation or self.exchange
        assert place is not None
        return place


class Notification(models.Model):
    """A sentence for one person, in that person's language, with where to go. Mailed once (`mailed_at`).

    `awaits` names what the person is called to act on, and is empty for plain news; read once that was done.
    `tried`: how often the mail did not leave; it is tried again from `retry_at` on.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=60)
    text = models.TextField(max_length=2000)
    url = models.CharField(max_length=300)
    awaits = models.CharField(max_length=80, blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    tried = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["user", "-id"], name="accounts_notification_newest"),
            models.Index(fields=["id"], condition=Q(mailed_at__isnull=True), name="accounts_notification_unmailed"),
            models.Index(
                fields=["awaits"],
                condition=Q(read_at__isnull=True) & ~Q(awaits=""),
                name="accounts_notification_awaits",
            ),
        ]

    @staticmethod
    def name_of(row: models.Model) -> str:
        """Name a row as `awaits` does."""
        return f"{row._meta.label_lower}:{row.pk}"
