"""Hand out what is stored about a person."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from accounts import people_selectors


class Command(BaseCommand):
    """`manage.py export_person EMAIL [--output FILE]`: a person's data as JSON, for whoever asked for it."""

    help = "Write everything that is stored about a person as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--output", type=Path, help="a new file that only you may read; default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        person = people_selectors.person_of(options["email"])
        if person is None:
            raise CommandError(f"Nobody has signed up with {options['email']}.")
        found = people_selectors.data_of(person)
        text = json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2, sort_keys=True)
        if options["output"] is None:
            self.stdout.write(text)
            return
        try:
            options["output"].touch(mode=0o600, exist_ok=False)
        except FileExistsError as error:
            raise CommandError(f"{options['output']} is there already.") from error
        options["output"].write_text(text + "\n", encoding="utf-8")
