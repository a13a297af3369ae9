"""Seat a person at an exchange."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import selectors
from accounts.models import EXCHANGE_ROLES, Exchange, Role
from accounts.seat_services import seat_at_exchange
from marketplace.kit.errors import Conflict


class Command(BaseCommand):
    """`manage.py seat_operator EMAIL --exchange CODE [--role manager]`: how the first operator comes to be."""

    help = "Seat a person who has signed up at an exchange; the log says that the system did it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--exchange", required=True, help="code of the exchange")
        parser.add_argument("--role", choices=[role.value for role in EXCHANGE_ROLES], default=Role.OPERATOR.value)

    def handle(self, *args: Any, **options: Any) -> None:
        person = selectors.holder_of(options["email"])
        if person is None:
            raise CommandError(f"Nobody has signed up with {options['email']} and confirmed it.")
        try:
            exchange = selectors.exchange_by_code(options["exchange"])
        except Exchange.DoesNotExist as error:
            raise CommandError(f"No exchange has the code {options['exchange']}.") from error
        try:
            seat_at_exchange(exchange=exchange, user=person, role=options["role"])
        except Conflict as conflict:
            raise CommandError(conflict.message) from conflict
        self.stdout.write(f"{person.email} is {options['role']} at {exchange.code}.")
        if person.must_set_up_mfa:
            self.stdout.write("The role counts once the person has set up two-step sign-in.")
