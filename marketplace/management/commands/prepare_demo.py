"""Bring the demo's database and files up to date before its processes start."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from tools import fonts, messages


class Command(BaseCommand):
    """`manage.py prepare_demo`: translations, fonts, static files, migrations, reference tables, samples.

    Only in demo settings. A step whose sources have not changed since it last succeeded is skipped.
    """

    help = "Prepare what the demo needs. Refused outside demo settings."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("prepare_demo runs only in demo settings (`make demo`).")
        base, self.stamps = settings.BASE_DIR, settings.VAR_DIR / "stamps"
        self.stamps.mkdir(parents=True, exist_ok=True)
        self._step("translations", messages.compile_catalogues)
        self._step("fonts", fonts.build)
        static = [base / "static", settings.VAR_DIR / "fonts", base / "requirements.txt"]
        self._when_changed(
            "static files", static, lambda: call_command("collectstatic", interactive=False, verbosity=0)
        )
        self._step("migrations", lambda: call_command("migrate", interactive=False, verbosity=0))
        self._step("reference tables", lambda: call_command("load_reference", verbosity=0))
        if "load_samples" in get_commands():
            self._step("samples", lambda: call_command("load_samples"))

    def _step(self, name: str, act: Callable[[], object]) -> None:
        started = time.monotonic()
        self.stdout.write(f"          {name} … ", ending="")
        self.stdout.flush()
        act()
        self.stdout.write(f"{time.monotonic() - started:.1f} s")

    def _when_changed(self, name: str, sources: list[Path], act: Callable[[], object]) -> None:
        digest = hashlib.sha256()
        for source in sources:
            for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if path.is_file():
                    digest.update(str(path.relative_to(source.parent)).encode())
                    digest.update(path.read_bytes())
        stamp = self.stamps / name.replace(" ", "-")
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return
        self._step(name, act)
        stamp.write_text(digest.hexdigest())
