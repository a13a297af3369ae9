"""Set a report's document as a PDF."""

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg_be_vietnam_pro
import typst

TEMPLATE = Path(__file__).with_name("report.typ")


@cache
def _fonts() -> typst.Fonts:
    folder = Path(fontpkg_be_vietnam_pro.__path__[0]) / "files"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


def render_pdf(document: dict[str, Any], *, at: datetime.datetime) -> bytes:
    """Set a document (`valuation.reporting.document`) on A4. The same document and moment give the same bytes.

    `at` (aware) becomes the creation date. Everything typed by people goes in as data, never as markup.
    """
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(), font_paths=_fonts(), sys_inputs={"document": json.dumps(document, ensure_ascii=False)}
    )
    pdf = compiler.compile(format="pdf", timestamp=int(at.timestamp()))
    assert isinstance(pdf, bytes)
    return pdf
