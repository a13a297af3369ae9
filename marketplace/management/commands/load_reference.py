"""Load the reference tables of data/ into the database."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services import load_provinces
from listings.services.reference import load_fields
from rules.services import load_rules
from valuation.services import load_royalty_rates


class Command(BaseCommand):
    """`manage.py load_reference`: provinces, fields, dated rules, royalty rates. Idempotent."""

    help = "Load provinces, fields of technology, dated rules and royalty rates from data/."

    def handle(self, *args: Any, **options: Any) -> None:
        data = settings.BASE_DIR / "data"
        try:
            rules = load_rules(path=data / "rules.csv")
        except ValidationError as error:
            raise CommandError(f"The dated rules of the file are refused: {' '.join(error.messages)}") from error
        loaded = {
            "provinces": load_provinces(path=data / "provinces.csv"),
            "fields": load_fields(fields=data / "fields.csv", ipc=data / "field_ipc.csv"),
            "rules": rules,
            "royalty rates": load_royalty_rates(path=data / "royalty_rates.csv"),
        }
        if options["verbosity"] > 0:
            self.stdout.write(", ".join(f"{count} {name}" for name, count in loaded.items()))
