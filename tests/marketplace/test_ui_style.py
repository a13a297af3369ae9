import math
import re
from pathlib import Path

import pytest
from django.conf import settings

from marketplace import bundle
from marketplace.ui.icons import PATHS

ROOT = settings.BASE_DIR


def test_bundle_holds_every_style_sheet(tmp_path):
    text = bundle.join("site.css", ROOT / "static")
    assert len(bundle.source_files("site.css", ROOT / "static")) == 2 + len(
        list((ROOT / "static/components").glob("*.css"))
    )
    assert "/*" not in text
    assert text.count("{") == text.count("}")


def test_classes_of_components_are_styled_with_tokens_only():
    sheets = [*(ROOT / "static/components").glob("*.css"), ROOT / "static/base.css"]
    colours = [
        f"{sheet.name}: {match}"
        for sheet in sheets
        for match in re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", sheet.read_text())
    ]
    assert colours == ["form.css: #fff"]  # the ground of a QR code


def _tokens() -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    number = r"([\d.]+) ([\d.]+) ([\d.]+)"
    text = (ROOT / "static/tokens.css").read_text()
    pairs = {
        match[1]: (tuple(map(float, match.groups()[1:4])), tuple(map(float, match.groups()[4:7])))
        for match in re.finditer(rf"--([\w-]+): light-dark\(oklch\({number}\), oklch\({number}\)\)", text)
    }
    alone = {
        match[1]: (tuple(map(float, match.groups()[1:4])),) * 2
        for match in re.finditer(rf"--([\w-]+): oklch\({number}\);", text)
    }
    return pairs | alone


def _luminance(colour):
    """Relative luminance of an OKLCH colour (Björn Ottosson's matrices), clipped to sRGB."""
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return sum(weight * min(max(part, 0), 1) for weight, part in ((0.2126, red), (0.7152, green), (0.0722, blue)))


def _contrast(one, other):
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "grounds", "least"),
    [
        ("ink", ["paper", "surface", "sunken", "amber-wash", "jade-wash", "lacquer-wash", "indigo-wash"], 7),
        ("ink-soft", ["paper", "surface"], 7),
        ("ink-soft", ["sunken", "amber-wash"], 4.5),
        ("link", ["paper", "surface"], 7),
        ("link", ["sunken", "indigo-wash", "amber-wash"], 4.5),
        ("on-lacquer", ["lacquer", "lacquer-deep"], 4.5),
        ("lacquer-text", ["paper", "surface", "lacquer-wash"], 4.5),
        ("jade-text", ["paper", "surface", "jade-wash"], 4.5),
        ("amber-text", ["paper", "surface", "amber-wash"], 4.5),
        ("line-strong", ["paper", "surface"], 3),
        ("lacquer-mark", ["paper", "surface"], 3),
        ("jade-mark", ["paper", "surface"], 3),
        ("indigo-mark", ["paper", "surface"], 3),
    ],
)
def test_colours_have_the_contrast_they_need(text, grounds, least):
    tokens = _tokens()
    low = {
        (ground, mode): round(ratio, 2)
        for ground in grounds
        for mode, (fore, back) in zip(("light", "dark"), zip(tokens[text], tokens[ground], strict=True), strict=True)
        if (ratio := _contrast(fore, back)) < least
    }
    assert low == {}


def test_every_static_file_named_in_templates_exists():
    names = {
        match.group(1)
        for path in (ROOT / "templates").rglob("*.html")
        for match in re.finditer(r"\{% static '([^']+)' %\}", path.read_text())
    }
    own = {
        name
        for name in names
        if not name.startswith(("fonts/", "account/", "mfa/", "django_htmx/")) and name not in bundle.SOURCES
    }
    assert [name for name in sorted(own) if not (Path(ROOT) / "static" / name).exists()] == []


def test_templates_name_icons_that_exist():
    pattern = re.compile(r'icon="([^"]+)"|\{% icon "([^"]+)"')
    unknown = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "templates").rglob("*.html")
        for name in (match[1] or match[2] for match in pattern.finditer(path.read_text()))
        if name not in PATHS
    ]
    assert unknown == []
