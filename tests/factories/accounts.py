"""Users, organisations, exchanges and seats. Provinces are reference data and stand already."""

import datetime
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.lifecycle import VerificationState
from accounts.models import (
    EXCHANGE_ROLES,
    Exchange,
    Invitation,
    Membership,
    Notification,
    Organisation,
    Province,
    Role,
    User,
)

PASSWORD = "cau-noi-hai-bo-2026"


def province(code: str = "01") -> Province:
    """Give a province of the reference table."""
    return Province.objects.get(code=code)


class UserFactory(DjangoModelFactory):
    """A person without a seat; `PASSWORD` signs in."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"nguoi{n}@nhipcau.example")
    full_name = factory.Sequence(lambda n: f"Nguyễn Văn Mẫu {n}")
    language = "vi"
    password = factory.django.Password(PASSWORD)


class ExchangeFactory(DjangoModelFactory):
    """An exchange in Hà Nội."""

    class Meta:
        model = Exchange

    code = factory.Sequence(lambda n: f"SAN{n}")
    name_vi = factory.Sequence(lambda n: f"Sàn giao dịch công nghệ số {n}")
    name_en = factory.Sequence(lambda n: f"Technology exchange no. {n}")
    province = factory.LazyFunction(province)


class OrganisationFactory(DjangoModelFactory):
    """A verified company. Traits: university, institute, intermediary, valuation_firm, unverified."""

    class Meta:
        model = Organisation

    class Params:
        university = factory.Trait(
            kind=Organisation.Kind.UNIVERSITY,
            name_vi=factory.Sequence(lambda n: f"Trường Đại học Mẫu {n}"),
            name_en=factory.Sequence(lambda n: f"Sample University {n}"),
        )
        institute = factory.Trait(
            kind=Organisation.Kind.INSTITUTE, name_vi=factory.Sequence(lambda n: f"Viện Nghiên cứu Mẫu {n}")
        )
        intermediary = factory.Trait(kind=Organisation.Kind.INTERMEDIARY)
        valuation_firm = factory.Trait(kind=Organisation.Kind.VALUATION_FIRM)
        unverified = factory.Trait(state=VerificationState.UNVERIFIED)

    kind = Organisation.Kind.COMPANY
    name_vi = factory.Sequence(lambda n: f"Công ty Cổ phần Mẫu {n}")
    name_en = factory.Sequence(lambda n: f"Sample Company {n}")
    tax_code = factory.Sequence(lambda n: f"99{n:08d}")
    province = factory.LazyFunction(province)
    exchange = factory.SubFactory(ExchangeFactory)
    state = VerificationState.VERIFIED


class MembershipFactory(DjangoModelFactory):
    """A representative's seat in a company. Traits: one for each role; operator and manager sit at an exchange."""

    class Meta:
        model = Membership

    class Params:
        researcher = factory.Trait(role=Role.RESEARCHER)
        tto_officer = factory.Trait(role=Role.TTO_OFFICER)
        signatory = factory.Trait(role=Role.SIGNATORY)
        admin = factory.Trait(role=Role.ADMIN)
        appraiser = factory.Trait(role=Role.APPRAISER)
        broker = factory.Trait(role=Role.BROKER)
        operator = factory.Trait(role=Role.OPERATOR, organisation=None, exchange=factory.SubFactory(ExchangeFactory))
        manager = factory.Trait(role=Role.MANAGER, organisation=None, exchange=factory.SubFactory(ExchangeFactory))

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    exchange = None
    role = Role.REPRESENTATIVE


class InvitationFactory(DjangoModelFactory):
    """A representative's seat in a company, offered by its administrator to an address of nobody."""

    class Meta:
        model = Invitation

    organisation = factory.SubFactory(OrganisationFactory)
    exchange = None
    role = Role.REPRESENTATIVE
    email = factory.Sequence(lambda n: f"moi{n}@nhipcau.example")
    invited_by = factory.LazyAttribute(lambda made: person("admin", made.organisation))
    expires_at = factory.LazyFunction(lambda: timezone.now() + datetime.timedelta(days=30))


class NotificationFactory(DjangoModelFactory):
    """An unread sentence for a person."""

    class Meta:
        model = Notification

    user = factory.SubFactory(UserFactory)
    kind = "listing.published"
    text = "“Tin mẫu” đã được công bố."
    url = "/"


def person(
    role: str | None = None, organisation: Organisation | None = None, exchange: Exchange | None = None, **fields: Any
) -> User:
    """Make a person, seated in `role` at an organisation or exchange (a new one when none is given); no role, no seat.

    `person(role="researcher", organisation=university)`, `person(role="operator", exchange=university.exchange)`.
    """
    user = UserFactory(**fields)
    if role is not None:
        seat(user, role, organisation=organisation, exchange=exchange)
    return user


def seat(
    user: User, role: str, *, organisation: Organisation | None = None, exchange: Exchange | None = None
) -> Membership:
    """Give a person one more seat; forget the seats that were read before."""
    user.forget_seats()
    if role in EXCHANGE_ROLES:
        return MembershipFactory(user=user, role=role, organisation=None, exchange=exchange or ExchangeFactory())
    return MembershipFactory(user=user, role=role, organisation=organisation or OrganisationFactory())
