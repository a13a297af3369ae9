"""Bring the demo's database and files up to date before its processes start."""

import hashlib
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.reloader import translation_file_changed

from tools import fonts, messages


class Command(BaseCommand):
    """`manage.py prepare_demo`: translations, fonts, static files, migrations, reference tables, samples.

    Only in demo settings. Static files are packed by a second process meanwhile, and only when they have changed.
    """

    help = "Prepare what the demo needs. Refused outside demo settings."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("prepare_demo runs only in demo settings (`make demo`).")
        logging.getLogger("fontTools").setLevel(logging.WARNING)
        self._step("translations", self._translate)
        self._step("fonts", fonts.build)
        packing = self._start_packing()
        self._step("migrations", lambda: call_command("migrate", interactive=False, verbosity=0))
        self._step("reference tables", lambda: call_command("load_reference", verbosity=0))
        if "load_samples" in get_commands():
            self._step("samples", lambda: call_command("load_samples"))
        if packing is not None:
            self._step("static files", packing)

    def _translate(self) -> None:
        """Compile the catalogues, and forget those that this process has read: samples notify people in their language."""
        for path in messages.compile_catalogues():
            translation_file_changed(None, path)

    def _step(self, name: str, act: Callable[[], object]) -> None:
        started = time.monotonic()
        self.stdout.write(f"          {name} … ", ending="")
        self.stdout.flush()
        act()
        self.stdout.write(f"{time.monotonic() - started:.1f} s")

    def _start_packing(self) -> Callable[[], None] | None:
        """Start to collect and compress the static files; give what waits for the end, None when they are current."""
        sources = (settings.BASE_DIR / "static", settings.VAR_DIR / "fonts", settings.BASE_DIR / "requirements.txt")
        digest = hashlib.sha256()
        for source in sources:
            for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if path.is_file():
                    digest.update(f"{path.relative_to(source.parent)}\0".encode() + path.read_bytes())
        stamp = Path(settings.STATIC_ROOT) / ".packed"
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return None
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "collectstatic", "--noinput", "--verbosity=0"]
        child = subprocess.Popen(command)

        def wait() -> None:
            if child.wait() != 0:
                raise CommandError("The static files could not be packed; see above.")
            stamp.write_text(digest.hexdigest())

        return wait
