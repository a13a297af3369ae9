"""Enter an exchange."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.seat_services import open_exchange


class Command(BaseCommand):
    """`manage.py open_exchange CODE --name-vi … --name-en … --province 01`: safe to repeat."""

    help = "Enter an exchange, or do nothing when its code is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("--name-vi", required=True)
        parser.add_argument("--name-en", required=True)
        parser.add_argument("--province", required=True, help="code as in data/provinces.csv")
        parser.add_argument("--email", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        details = {name: options[name] for name in ("name_vi", "name_en", "email")}
        try:
            exchange, made = open_exchange(code=options["code"], province_id=options["province"], **details)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"{exchange.code}: {'entered' if made else 'is there already'}.")
