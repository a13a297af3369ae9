"""Keep of imported records what their mappings keep, no more."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from listings.importer.mapping import built_in, load_mapping
from listings.importer.problems import MappingError
from listings.services.kept_records import trim_records


class Command(BaseCommand):
    """`manage.py trim_records [MAPPING …]`: without names, by every shipped mapping. Safe to repeat."""

    help = "Remove the columns that a mapping does not keep from the records that were imported with it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mappings", nargs="*", metavar="MAPPING", help="name of data/mappings, or a file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            mappings = [load_mapping(name) for name in options["mappings"] or built_in()]
        except MappingError as error:
            raise CommandError(str(error)) from error
        for mapping in mappings:
            self.stdout.write(f"{mapping.source}: {sum(trim_records(mapping=mapping))} records trimmed")
