"""Tell how far the vectors are, or make them here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from search import embeddings, spaces


class Command(BaseCommand):
    """Print each vector space with its progress."""

    help = "Print which vector space serves and how far each is. With --make, make the missing vectors now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --make."""
        parser.add_argument("--make", action="store_true", help="make what is missing, then let the wanted space serve")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["make"]:
            while embeddings.embed_documents():
                pass
            embeddings.recompute_means()
            spaces.switch()
        for row in spaces.overview():
            state = "serves" if row.serving else "is being made" if row.wanted else "will be dropped"
            note = "" if row.has_embedder else "  nothing embeds queries in it: set FORMER_EMBEDDER"
            self.stdout.write(f"{row.space}  {state}  {row.done} of {row.total}{note}")
