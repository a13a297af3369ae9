"""Make .venv and install the pinned, hashed requirements. Standard library only: it runs on a bare machine.

    python3 tools/bootstrap.py run    what the site needs (requirements.txt)
    python3 tools/bootstrap.py dev    that and what tests and checks need (requirements-dev.txt)

A second run changes nothing and takes no time. A .venv that is a symbolic link is taken as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
BOOTSTRAP = ROOT / "requirements-bootstrap.txt"


def say(text: str) -> None:
    """Tell what happens now."""
    print(f"==> {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a step that must succeed."""
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, env=environment)


def has_pip(python: str | Path) -> bool:
    """Say whether this Python runs and has pip."""
    return subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    """Make .venv with pip in it; where Debian has split that off, borrow the pip of the system."""
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    ):
        return
    say("Making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", "--without-pip", VENV)
    if not has_pip(sys.executable):
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(f"This Python can make no virtual environment ({made.stdout.strip()}): install python3-venv.")


def pip_command() -> list[str | Path]:
    """Give the command that installs into .venv."""
    return [PYTHON, "-m", "pip"] if has_pip(PYTHON) else [sys.executable, "-m", "pip", "--python", PYTHON]


def digest(*files: Path) -> str:
    """Fingerprint the files that an installation depends on."""
    parts = [sys.version, *(path.read_text() for path in files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def install(kind: str) -> None:
    """Bring .venv to the state of requirements.txt (`run`) or requirements-dev.txt (`dev`), which holds both."""
    files = {"run": ROOT / "requirements.txt", "dev": ROOT / "requirements-dev.txt"}
    for enough in dict.fromkeys((kind, "dev")):
        stamp = VENV / f".installed-{enough}"
        if stamp.exists() and stamp.read_text() == digest(BOOTSTRAP, *files.values()):
            return
    started = time.monotonic()
    make_venv()
    for stamp in VENV.glob(".installed-*"):
        stamp.unlink()
    say("Fetching the installer")
    run(*pip_command(), "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", BOOTSTRAP)
    say(f"Installing {files[kind].name}")
    uv = VENV / "bin" / "uv"
    run(
        uv,
        "pip",
        "install",
        "--python",
        PYTHON,
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "-r",
        files[kind],
    )
    (VENV / f".installed-{kind}").write_text(digest(BOOTSTRAP, *files.values()))
    say(f"Installed in {time.monotonic() - started:.0f} s")


def main() -> None:
    """Check the machine, then install."""
    if sys.version_info < (3, 11):  # noqa: UP036 -- an older Python must read this too
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 …")
    if VENV.is_symlink():
        return
    try:
        install(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"Stopped: `{' '.join(map(str, error.cmd[:6]))} …` failed. Mend what it says above and run make again."
        )


if __name__ == "__main__":
    main()
