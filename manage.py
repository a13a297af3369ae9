#!/usr/bin/env python
"""Run a management command.

Settings come from DJANGO_SETTINGS_MODULE. Without it, and without DATABASE_URL, a running demo (var/run.json)
is used; otherwise production settings, which name every variable that they miss.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Choose the settings and hand over to Django."""
    demo_is_running = (Path(__file__).resolve().parent / "var" / "run.json").exists()
    demo = demo_is_running and "DATABASE_URL" not in os.environ
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"marketplace.settings.{'demo' if demo else 'production'}")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- settings must be chosen first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
