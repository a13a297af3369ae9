"""Replace a person's name and addresses for good."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import people_selectors, people_services
from marketplace.kit.errors import Conflict


class Command(BaseCommand):
    """`manage.py anonymise_person EMAIL [--dry-run]`: cannot be undone; refused while a deal or a law keeps the name."""

    help = "Replace a person's name and addresses for good; the log says that the system did it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--dry-run", action="store_true", help="only say what keeps the name")

    def handle(self, *args: Any, **options: Any) -> None:
        person = people_selectors.person_of(options["email"])
        if person is None:
            raise CommandError(f"Nobody has signed up with {options['email']}.")
        if options["dry_run"]:
            self.stdout.write("\n".join(people_selectors.why_kept(person)) or "Nothing keeps the name.")
            return
        try:
            people_services.anonymise_person(person=person)
        except Conflict as conflict:
            raise CommandError(conflict.message) from conflict
        self.stdout.write(f"The name and addresses of account {person.pk} are replaced.")
