"""End a person's seats."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import selectors
from accounts.models import Role
from accounts.seat_services import end_membership


class Command(BaseCommand):
    """`manage.py end_seat EMAIL --exchange CODE | --organisation KEY [--role ROLE]`: also that of a last manager."""

    help = "End a person's seats at an exchange or in an organisation; the log says that the system did it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        place = parser.add_mutually_exclusive_group(required=True)
        place.add_argument("--exchange", help="code of the exchange")
        place.add_argument(
            "--organisation", help="id of the organisation, or the tax code with which it is verified (abroad: US:CODE)"
        )
        parser.add_argument("--role", choices=[role.value for role in Role], help="default: every role there")

    def handle(self, *args: Any, **options: Any) -> None:
        person = selectors.anybody_by_email(options["email"])
        if person is None:
            raise CommandError(f"Nobody has signed up with {options['email']}.")
        seats = selectors.seats_to_end(
            person, exchange=options["exchange"], organisation=options["organisation"], role=options["role"]
        )
        if not seats:
            raise CommandError("The person has no such seat.")
        for seat in seats:
            end_membership(membership=seat, actor=None)
            self.stdout.write(f"Ended: {person.email}, {seat.role}.")
