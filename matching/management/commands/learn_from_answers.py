"""learn_from_answers: learn a linear layer from the answers of the exchange, or withdraw the one that serves."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.selectors import person_by_email
from marketplace.kit.errors import Conflict, NotAllowed
from matching import answers, selectors, services


class Command(BaseCommand):
    """Prints JSON. Safe to repeat: without enough new answers nothing is done."""

    help = "Propose a linear layer from the answers of the exchange; it serves only if its replay shows that it helps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count the answers and replay them; store nothing")
        parser.add_argument("--withdraw", metavar="REASON", help="withdraw the layer that serves; needs --as")
        parser.add_argument(
            "--as", dest="email", metavar="EMAIL", help="manager of an exchange in whose name it is done"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor = person_by_email(options["email"]) if options["email"] else None
        if options["email"] and actor is None:
            raise CommandError(f"Nobody has the address {options['email']}.")
        try:
            report = self._do(options, actor)
        except NotAllowed as error:
            raise CommandError("Only a manager of an exchange may do this.") from error
        except Conflict as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))

    def _do(self, options: dict[str, Any], actor: User | None) -> dict[str, Any]:
        if options["withdraw"] is not None:
            return self._withdraw(options["withdraw"], actor)
        if options["dry_run"]:
            return self._look()
        lesson = services.learn_from_answers(actor=actor)
        if lesson is None:
            raise CommandError("Another process is learning.")
        report = _counts(lesson.answers)
        if lesson.layer is None:
            return {**report, "learned": False, "below": lesson.lacks}
        made = lesson.layer
        return {
            **report,
            "learned": True,
            "layer": made.pk,
            "state": made.state,
            "replay": made.replay,
            "weights": _rounded(made.model["weights"]),
        }

    def _withdraw(self, reason: str, actor: User | None) -> dict[str, Any]:
        serving = selectors.serving_layer()
        if serving is None:
            raise CommandError("No layer serves.")
        if actor is None:
            raise CommandError("Say in whose name: --as EMAIL.")
        layer = services.withdraw_layer(layer=serving, actor=actor, reason=reason)
        return {"layer": layer.pk, "state": layer.state}

    def _look(self) -> dict[str, Any]:
        found, by = answers.collect(), answers.terms()
        report = {**_counts(found), "below": services.lacking(found, by)}
        if report["below"]:
            return report
        trial = services.try_out(found, by)
        return {**report, "replay": trial.replay.as_dict(), "weights": _rounded(trial.weights.as_dict()["weights"])}


def _counts(found: answers.Answers) -> dict[str, Any]:
    """Give how many answers there are; the largest part of one company, never which."""
    return {
        "taken_up": found.taken,
        "shown": len(found.rows),
        "demands": found.demands,
        "organisations": found.organisations,
        "largest_part_of_one": round(found.most_share, 3),
    }


def _rounded(weights: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in weights.items() if abs(value) >= 0.0005}
