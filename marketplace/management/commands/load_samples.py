"""Load the samples into the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.samples.closed_deals import load_closed_deals
from marketplace.samples.deals import load_deals
from marketplace.samples.listings import load_listings
from marketplace.samples.people import load_people, open_accounts
from marketplace.samples.quiet import without_letters


class Command(BaseCommand):
    """`manage.py load_samples`: only in the demo. Safe to repeat: what stands is kept."""

    help = "Load the invented organisations, people, technologies, demands and deals of data/samples/."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("Samples are for the demo only.")
        people = load_people()
        with without_letters():
            listings = load_listings(people, tell=self._tell)
            load_deals(people, listings, tell=self._tell)
            load_closed_deals(people, listings, tell=self._tell)
        accounts = open_accounts(people, settings.VAR_DIR / "demo_accounts.json")
        self._tell(f"{len(accounts)} accounts, one for each role")

    def _tell(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
