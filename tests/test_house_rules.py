"""The house tests itself: what the architecture says, read off the sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(settings.BASE_DIR)
ROOMS = (
    "accounts",
    "audit",
    "deals",
    "insights",
    "ledger",
    "listings",
    "marketplace",
    "matching",
    "rules",
    "search",
    "valuation",
)
LIMIT = 500


def sources(*parts: str) -> Iterator[Path]:
    """Give the Python files of the rooms, without migrations, narrowed to paths that hold one of `parts`."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            relative = path.relative_to(ROOT)
            if "migrations" in relative.parts:
                continue
            if not parts or any(part in (*relative.parts, relative.stem) for part in parts):
                yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def offenders(pattern: str, paths: Iterator[Path], *, allowed: tuple[str, ...] = ()) -> list[str]:
    found = []
    expression = re.compile(pattern)
    for path in paths:
        if name(path) in allowed:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if expression.search(line.split("  #")[0]):
                found.append(f"{name(path)}:{number}: {line.strip()}")
    return found


def test_state_is_moved_by_the_mover_only() -> None:
    assert offenders(r"\.state\s*=[^=]", sources(), allowed=("marketplace/kit/lifecycle.py",)) == []
    assert offenders(r"\.update\([^)]*\bstate\s*=", sources(), allowed=("marketplace/kit/lifecycle.py",)) == []


def test_views_and_tasks_do_not_touch_managers() -> None:
    outer = ("views", "api", "forms", "tasks", "serializers", "filters")
    assert offenders(r"\b[A-Z]\w+\.(_base_manager|_default_manager|objects)\b", sources(*outer)) == []


def test_services_never_take_a_request() -> None:
    found = []
    for path in sources("services"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                argument.arg == "request" for argument in (*node.args.args, *node.args.kwonlyargs)
            ):
                found.append(f"{name(path)}:{node.lineno} {node.name}")
    assert found == []


def test_what_follows_a_commit_cannot_undo_the_answer() -> None:
    """A broker that is away must not turn what is stored into an error page: sweeps find what was not sent."""
    assert offenders(r"\bon_commit\((?!.*robust=True)", sources()) == []


def test_no_signals_of_our_own() -> None:
    assert offenders(r"django\.db\.models\.signals|django\.dispatch", sources()) == []


def test_forms_stand_on_those_of_the_kit() -> None:
    """There a field that was left out says what to do."""
    assert offenders(r"^class .*\bforms\.(Model)?Form\b", sources(), allowed=("marketplace/kit/forms.py",)) == []


def test_nothing_sleeps() -> None:
    patience = (
        "marketplace/engines",
        "search/embedder.py",
        "search/index.py",
        "search/management/commands/follow_index.py",
    )  # supervision; back-off of a remote server
    found = [row for row in offenders(r"\btime\.sleep\(", sources()) if not row.startswith(patience)]
    assert found == []


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Give what runs when the module is read: decorators and defaults, but no body of a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, *child.args.defaults, *filter(None, child.args.kw_defaults)):
                yield from ast.walk(part)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from at_import(child)


def test_no_module_takes_the_day_when_it_is_read() -> None:
    """A process that lives past midnight would go on with yesterday, and so would a run of the tests."""
    clocks = re.compile(r"\b(localdate|localtime|now|utcnow|today|yesterday|tomorrow)\($")
    found = [
        f"{name(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in (*sources(), *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py")))
        for node in at_import(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and clocks.search(f"{ast.unparse(node.func)}(")
    ]
    assert found == []


def test_no_file_is_called_utils() -> None:
    assert [name(path) for path in sources() if path.stem in {"utils", "helpers", "misc"}] == []


def test_files_stay_short() -> None:
    found = []
    for path in sources():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LIMIT:
            found.append(f"{name(path)}: {lines} lines")
    assert found == []


def test_every_module_of_the_rooms_says_what_it_is_for() -> None:
    silent = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if text.strip() and ast.get_docstring(ast.parse(text)) is None:
            silent.append(name(path))
    assert silent == []


def test_imports_inside_functions_carry_a_reason() -> None:
    assert offenders(r"noqa: PLC0415\s*$", sources()) == []
    assert offenders(r"noqa: PLC0415 --\s*$", sources()) == []


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in ROOMS]


def test_lifecycles_name_their_states_completely() -> None:
    for model in own_models():
        lifecycle = getattr(model, "lifecycle", None)
        if lifecycle is None:
            continue
        field = model._meta.get_field("state")
        assert not field.editable, f"{model.__name__}.state must not be editable in forms"
        assert set(dict(field.choices)) == set(lifecycle.states.values), model.__name__
        reachable = {field.default, *(step.target for step in lifecycle.transitions.values())}
        assert reachable == set(lifecycle.states.values), f"{model.__name__}: states that nothing leads to"


def test_people_organisations_and_exchanges_are_never_deleted_with_a_row_in_tow() -> None:
    cascades = []
    for model in own_models():
        for field in model._meta.get_fields():
            if not isinstance(field, models.ForeignKey) or field.remote_field is None:
                continue
            target = field.related_model
            guarded = target._meta.label in {"accounts.User", "accounts.Organisation", "accounts.Exchange"}
            if guarded and field.remote_field.on_delete is models.CASCADE:
                cascades.append(f"{model._meta.label}.{field.name}")
    assert cascades == ["accounts.Notification.user"]


def test_constraints_are_named_after_their_room() -> None:
    wrong = [
        f"{model._meta.label}: {constraint.name}"
        for model in own_models()
        for constraint in model._meta.constraints
        if not constraint.name.startswith(f"{model._meta.app_label}_")
    ]
    assert wrong == []


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern), entry


#: Pages that anyone may open. Everything else asks who is there.
PUBLIC_PAGES = {
    "home", "health", "how_it_works", "gallery", "robots", "sitemap", "api_docs", "site_css",
    "listings:technology_list", "listings:technology", "listings:technology_csv", "listings:technology_feed",
    "listings:demand_list", "listings:demand", "listings:demand_csv", "listings:demand_feed",
    "listings:organisations", "listings:organisation", "listings:document",
    "listings:technology_suggest", "listings:demand_suggest", "matching:unsubscribe",
    "valuation:calibration", "valuation:closed_deals", "valuation:rule", "valuation:suggestion",
    "valuation:verify_report", "valuation:what_if",
    "insights:statistics", "rules:rule_list", "rules:rule",
}  # fmt: skip


def test_pages_ask_who_is_there_unless_they_are_public() -> None:
    public = set()
    for path, entry in addresses(get_resolver()):
        view = entry.callback
        module = getattr(getattr(view, "view_class", None) or getattr(view, "cls", None) or view, "__module__", "")
        if path.startswith("api/") or not module.startswith(ROOMS):
            continue
        if not getattr(view, "login_required", True):
            label = entry.lookup_str.split(".")[0]
            public.add(f"{label}:{entry.name}" if label != "marketplace" else entry.name)
    assert public - PUBLIC_PAGES == set()


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def test_templates_hold_no_inline_script_or_style() -> None:
    found = []
    pattern = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)|<style|\sstyle=|\son(click|change|submit|input|load|focus|blur|key\w+|mouse\w+)="
    )
    for path in templates():
        if "email" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_no_template_is_left_unused() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in [*templates(), *sources(), *(ROOT / "tests").rglob("*.py")]
    )
    outside = ("account/", "mfa/", "socialaccount/", "allauth/", "errors/", "django/", "400", "403", "404", "500")
    unused = []
    for path in templates():
        relative = str(path.relative_to(ROOT / "templates"))
        if relative.startswith(outside):
            continue
        if relative not in text and not (relative.startswith("components/") and path.stem in text):
            unused.append(relative)
    assert unused == []


def test_decisions_have_numbers_of_their_own() -> None:
    named = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in named] == list(range(1, len(named) + 1))
    assert [path.read_text().split(".")[0] for path in named] == [f"# {number + 1}" for number in range(len(named))]


@pytest.mark.parametrize("folder", ["data", "templates", "docs", "static", "locale"])
def test_no_path_of_a_machine_is_in_the_tree(folder: str) -> None:
    pattern = re.compile(r"(?<![\w.])/(work|root|home|tmp)/[\w.-]+")
    found = []
    for path in (ROOT / folder).rglob("*"):
        if path.is_file() and path.suffix in {".md", ".html", ".csv", ".json", ".css", ".js", ".po", ".txt"}:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []
