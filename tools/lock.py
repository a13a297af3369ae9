"""Compile pyproject.toml into requirements files with hashes, naming no registry.

python -m tools.lock            keep every pin that still fits
python -m tools.lock --upgrade  take the newest releases that fit
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = (
    "--universal", "--generate-hashes", "--python-version", "3.11", "--quiet",
    "--custom-compile-command", "make lock",
)  # fmt: skip


def compile_requirements(output: str, *sources: str, text: str = "") -> None:
    """Write one requirements file."""
    command = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "compile",
        *COMMON,
        *sources,
        *sys.argv[1:],
        "-o",
        output,
    ]
    subprocess.run(command, check=True, cwd=ROOT, input=text.encode(), env={**os.environ, "UV_NO_PROGRESS": "1"})
    print(f"wrote {output}: {(ROOT / output).read_text().count('==')} packages")


def main() -> None:
    """Compile all three: the development set is held to the versions of the first."""
    compile_requirements("requirements.txt", "pyproject.toml")
    compile_requirements("requirements-dev.txt", "pyproject.toml", "--group", "dev", "-c", "requirements.txt")
    compile_requirements("requirements-bootstrap.txt", "-", "--no-annotate", text="uv\n")


if __name__ == "__main__":
    main()
