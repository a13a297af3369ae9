"""Check that everything the site ships with (requirements.txt) has a licence that Apache-2.0 may stand beside."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Permissive, or copyleft for the library's own files only (used unchanged, replaceable by the user).
ALLOWED = (
    r"MIT(-0| License)?",
    r"BSD( License)?|BSD[ -][23]-Clause|[23]-Clause BSD License|0BSD",
    r"Apache-2\.0|Apache Software License|Apache License 2\.0",
    r"PSF-2\.0|Python Software Foundation License",
    r"ISC( License \(ISCL\))?|Zlib|CC0-1\.0|The Unlicense \(Unlicense\)|OFL-1\.1",
    r"MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\)",
    r"LGPL-3\.0-only",
)
# Checked by hand: the classifier says less than the licence file in the package.
BY_HAND = {
    "qrcode": "BSD-3-Clause and MIT (licence file)",
}


def is_allowed(licence: str) -> bool:
    """Say whether each part of a licence expression is on the list."""
    parts = [part.strip(" ()") if part.count("(") != part.count(")") else part.strip() for part in _split(licence)]
    return bool(parts) and all(any(re.fullmatch(pattern, part) for pattern in ALLOWED) for part in parts)


def _split(licence: str) -> list[str]:
    return [part for part in re.split(r";| AND | OR ", licence) if part.strip()]


def main() -> int:
    """Read the licence of each installed package that requirements.txt names."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--packages", *names]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    refused = [row for row in rows if not is_allowed(row["License"]) and row["Name"] not in BY_HAND]
    for row in refused:
        print(f"{row['Name']} {row['Version']}: {row['License']} is not on the list in tools/licences.py")
    if not refused:
        print(f"The licences of {len(rows)} packages are on the list.")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
