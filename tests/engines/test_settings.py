"""Production has no unsafe default, and knows nothing of the demo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.test_engines import ROOT

COMPLETE = {
    "SECRET_KEY": "a-long-and-random-enough-key-for-a-site-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "example.org",
    "DATABASE_URL": "postgres://someone:secret@db.example.org/site",
    "REDIS_URL": "redis://broker.example.org/0",
    "DEFAULT_FROM_EMAIL": "nobody@example.org",
    "EMAIL_URL": "smtp://mail.example.org:25",
    "TRUSTED_PROXIES": "1",
}


def run_python(code: str, settings: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": settings, **variables}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", sorted(COMPLETE))
def test_production_does_not_start_without(missing: str) -> None:
    variables = {name: value for name, value in COMPLETE.items() if name != missing}
    done = run_python(
        "from django.conf import settings; settings.DEBUG", "marketplace.settings.production", **variables
    )
    assert done.returncode != 0
    assert f"Set the {missing} environment variable" in done.stderr


def test_production_is_not_the_demo_and_reads_no_run_file() -> None:
    code = """
import builtins, io, os, pathlib
real = io.open
def watched(file, *args, **kwargs):
    assert not str(file).endswith(("run.json", "secret_key", "demo_accounts.json")), file
    return real(file, *args, **kwargs)
builtins.open = io.open = watched
from django.conf import settings
print(settings.DEMO_MODE, settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.DATABASES["default"]["HOST"])
"""
    done = run_python(code, "marketplace.settings.production", **COMPLETE)
    assert (done.stdout.split(), done.stderr) == (["False", "False", "True", "db.example.org"], "")


@pytest.mark.parametrize(
    ("proxies", "header", "client"),
    [
        ("1", "203.0.113.9", "203.0.113.9"),
        ("1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # the client wrote the first one
        ("2", "6.6.6.6, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("0", "6.6.6.6", "10.0.0.1"),
    ],
)
def test_limits_count_by_the_client_that_the_outermost_proxy_saw(proxies: str, header: str, client: str) -> None:
    code = f"""
import django
django.setup()
from allauth.account.adapter import get_adapter
from django.test import RequestFactory
from rest_framework.throttling import BaseThrottle
request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={{"x-forwarded-for": "{header}"}})
print(get_adapter().get_client_ip(request), BaseThrottle().get_ident(request))
"""
    done = run_python(code, "marketplace.settings.production", **{**COMPLETE, "TRUSTED_PROXIES": proxies})
    assert done.stdout.split() == [client, client], done.stderr


@pytest.mark.parametrize("command", ["prepare_demo", "load_samples"])
def test_demo_commands_are_refused_in_production(command: str) -> None:
    if not list(ROOT.glob(f"*/management/commands/{command}.py")):
        pytest.skip(f"{command} is not there")
    call = f"from django.core.management import execute_from_command_line as run; run(['manage.py', '{command}'])"
    done = run_python(call, "marketplace.settings.production", **COMPLETE)
    assert done.returncode != 0
    assert "demo" in done.stderr.lower()


@pytest.mark.parametrize(("variables", "expected"), [({}, "demo"), ({"DATABASE_URL": "postgres://x"}, "production")])
def test_manage_py_uses_a_running_demo_unless_an_address_is_given(
    tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "run.json").write_text("{}")
    (tmp_path / "manage.py").write_text((ROOT / "manage.py").read_text())
    (tmp_path / "django" / "core").mkdir(parents=True)
    for folder in ("django", "django/core"):
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "django" / "core" / "management.py").write_text(
        "import os\ndef execute_from_command_line(argv): print(os.environ['DJANGO_SETTINGS_MODULE'])\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "manage.py"],
        env={"PATH": os.environ["PATH"], **variables}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"marketplace.settings.{expected}\n"
