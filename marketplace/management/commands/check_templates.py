"""Compile every template of ours, so that a wrong tag or a missing base fails before a visitor sees it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.base import Node, Template
from django.template.loader_tags import ExtendsNode, IncludeNode


class Command(BaseCommand):
    """`manage.py check_templates`: compile all, and find what they extend and include by a fixed name."""

    help = "Compile every template and look up the templates that it names."

    def handle(self, *args: Any, **options: Any) -> None:
        backend: Any = engines["django"]
        engine = backend.engine
        folders = [Path(folder) for folder in backend.template_dirs]
        ours = [
            folder for folder in folders if folder.is_relative_to(settings.BASE_DIR) and ".venv" not in folder.parts
        ]
        problems, count = [], 0
        for folder in ours:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                name = path.relative_to(folder).as_posix()
                count += 1
                try:
                    template = engine.get_template(name)
                    problems += [f"{name}: names {other}, which is not there" for other in _missing(template)]
                except TemplateSyntaxError as error:
                    problems.append(f"{name}: {error}")
                except UnicodeDecodeError:
                    problems.append(f"{name}: is not UTF-8 text")
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"{count} templates compile.")


def _missing(template: Template) -> list[str]:
    missing = []
    nodes: list[Any] = [*_nodes(template, ExtendsNode), *_nodes(template, IncludeNode)]
    for node in nodes:
        named = getattr(node.parent_name if isinstance(node, ExtendsNode) else node.template, "var", None)
        if isinstance(named, str):
            try:
                template.engine.get_template(named)
            except TemplateDoesNotExist:
                missing.append(named)
    return missing


def _nodes(template: Template, kind: type[Node]) -> list[Node]:
    return list(template.nodelist.get_nodes_by_type(kind))
