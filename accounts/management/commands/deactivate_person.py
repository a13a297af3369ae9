"""Close an account, or open it again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import people_selectors, people_services
from marketplace.kit.errors import Conflict


class Command(BaseCommand):
    """`manage.py deactivate_person EMAIL [--undo]`: nobody signs in with the account; nothing is erased."""

    help = "Close an account, or open it again; the log says that the system did it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--undo", action="store_true", help="open it again")

    def handle(self, *args: Any, **options: Any) -> None:
        person = people_selectors.person_of(options["email"])
        if person is None:
            raise CommandError(f"Nobody has signed up with {options['email']}.")
        act = people_services.reactivate_person if options["undo"] else people_services.deactivate_person
        try:
            act(person=person)
        except Conflict as conflict:
            raise CommandError(conflict.message) from conflict
        self.stdout.write(f"Account {person.pk} is {'open again' if options['undo'] else 'closed'}.")
