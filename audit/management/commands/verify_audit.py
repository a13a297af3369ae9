"""Recompute every hash of the log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.models import Event, Seal
from audit.services import faults


class Command(BaseCommand):
    """`manage.py verify_audit`: exit 1 and name each fault when the log was altered."""

    help = "Recompute the hash chains of the audit log and its seals."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(faults())
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{len(found)} faults in the audit log")
        self.stdout.write(f"{Event.objects.count()} events and {Seal.objects.count()} seals agree.")
