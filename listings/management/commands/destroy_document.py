"""Destroy the file of a document that should never have been uploaded."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.selectors import person_by_email
from listings import selectors
from listings.services import destroy_document
from marketplace.kit.errors import MarketplaceError


class Command(BaseCommand):
    """`manage.py destroy_document ID --as EMAIL --reason WORDS`: for the exchange, also where others could open it."""

    help = "Delete the file of a removed document for good; its hash stays, and the log says who did it and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--as", dest="email", required=True, metavar="EMAIL", help="operator of the exchange")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        actor = person_by_email(options["email"])
        if actor is None:
            raise CommandError(f"There is nobody with the e-mail {options['email']}.")
        document = selectors.removed_document(options["id"])
        if document is None:
            raise CommandError("There is no removed document with this id: its people remove it first.")
        try:
            destroy_document(document=document, actor=actor, reason=options["reason"])
        except MarketplaceError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Destroyed: document {document.pk}, SHA-256 {document.sha256}.")
