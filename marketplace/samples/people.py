"""Sample exchanges, organisations and people, and one demo account for each role."""

import json
import secrets
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.lifecycle import VerificationState
from accounts.models import Exchange, Membership, Organisation, Role, User
from accounts.services import create_token
from audit.services import record
from marketplace.samples import source

#: Who shows which role: (what the account is called, role, code of the organisation or exchange).
ACCOUNTS = (
    ("researcher", Role.RESEARCHER, "USN"),
    ("tto_officer", Role.TTO_OFFICER, "USN"),
    ("signatory_supply", Role.SIGNATORY, "USN"),
    ("operator", Role.OPERATOR, "HN"),
    ("manager", Role.MANAGER, "HN"),
    ("representative", Role.REPRESENTATIVE, "CVX"),
    ("signatory", Role.SIGNATORY, "CVX"),
    ("admin", Role.ADMIN, "CVX"),
    ("appraiser", Role.APPRAISER, ""),
    ("broker", Role.BROKER, ""),
)


class People:
    """The rows that the other samples refer to, by code or e-mail."""

    def __init__(self) -> None:
        self.exchanges: dict[str, Exchange] = {}
        self.organisations: dict[str, Organisation] = {}
        self.users: dict[str, User] = {}

    def with_role(self, role: str, *, organisation: str = "", exchange: str = "") -> User:
        """Give the first sample person with a role, at one place if named. Raises LookupError."""
        for row in source.read("people"):
            for seat in row["memberships"]:
                place_fits = (not organisation or seat.get("organisation") == organisation) and (
                    not exchange or seat.get("exchange") == exchange
                )
                if seat["role"] == role and place_fits:
                    return self.users[row["email"]]
        raise LookupError(f"no sample person is {role} at {organisation or exchange or 'any place'}")

    def operator_for(self, exchange: str, organisation: str) -> User:
        """Give an operator of an exchange without a seat in an organisation."""
        for row in source.read("people"):
            seats = row["memberships"]
            serves = any(s.get("exchange") == exchange and s["role"] == Role.OPERATOR for s in seats)
            if serves and not any(s.get("organisation") == organisation for s in seats):
                return self.users[row["email"]]
        raise LookupError(f"no sample operator of {exchange} without a stake in {organisation}")


@transaction.atomic
def load_people() -> People:
    """Bring in exchanges, organisations and people; what stands already is kept."""
    people = People()
    tables = source.read("organisations")
    for row in tables["exchanges"]:
        people.exchanges[row["code"]], _made = Exchange.objects.get_or_create(
            code=row["code"],
            defaults={
                "name_vi": row["name_vi"],
                "name_en": row["name_en"],
                "province_id": row["province"],
                "is_sample": True,
            },
        )
    for row in tables["organisations"]:
        people.organisations[row["code"]] = _organisation(row, people)
    for row in source.read("people"):
        people.users[row["email"]] = _person(row, people)
    return people


def _organisation(row: dict[str, Any], people: People) -> Organisation:
    organisation, made = Organisation.objects.get_or_create(
        tax_code=row["tax_code"],
        defaults={
            "kind": row["kind"],
            "name_vi": row["name_vi"],
            "name_en": row["name_en"],
            "province_id": row["province"],
            "exchange": people.exchanges[row["exchange"]],
            "about_vi": row["about_vi"],
            "about_en": row["about_en"],
            "has_state_capital": row["kind"] in Organisation.WITH_TTO,
            "state": VerificationState(row["verification"]),
            "is_sample": True,
        },
    )
    if made:
        record(tag="organisation.create", subject=organisation, actor=None, data={"sample": row["code"]})
    return organisation


def _person(row: dict[str, Any], people: People) -> User:
    user = User.objects.filter(email=row["email"]).first()
    if user is None:
        user = User.objects.create_user(
            row["email"], None, full_name=row["full_name"], language=row["language"], is_sample=True
        )
    for seat in row["memberships"]:
        place: dict[str, Any] = (
            {"exchange": people.exchanges[seat["exchange"]]}
            if "exchange" in seat
            else {"organisation": people.organisations[seat["organisation"]]}
        )
        Membership.objects.get_or_create(user=user, role=seat["role"], **place)
    return user


def open_accounts(people: People, path: Path) -> list[dict[str, str]]:
    """Give one account per role a password and an API token and write them to `path` (readable by the owner only).

    A file that stands already is kept: its passwords still work.
    """
    if path.exists():
        return list(json.loads(path.read_text(encoding="utf-8")))
    password = f"nhip-cau-{secrets.token_hex(4)}"
    accounts = []
    for label, role, place in ACCOUNTS:
        where = {"exchange": place} if place in people.exchanges else {"organisation": place}
        user = people.with_role(role, **where)
        user.set_password(password)
        user.save(update_fields=["password"])
        _verify_email(user)
        accounts.append(
            {
                "role": label,
                "name": user.full_name,
                "email": user.email,
                "password": password,
                "token": create_token(user=user),
            }
        )
    path.touch(mode=0o600)
    path.write_text(json.dumps(accounts, ensure_ascii=False, indent=1), encoding="utf-8")
    return accounts


def _verify_email(user: User) -> None:
    """Sign-in asks for a confirmed address; the sample's is."""
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
