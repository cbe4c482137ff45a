"""The reference page (参考手册): every command, setting, role, table and rule, read from the code itself.

`python -m portal.reference` writes docs/reference.md, docs/datasets.md, docs/indicators.md and the roster files' schemas.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import typer
from typer.models import CommandInfo, OptionInfo, ParameterInfo

from ingestion.datasets.page import datasets_page
from portal.cli import app
from registry.rules import load_rules
from registry.settings import Settings
from registry.tables import WRITERS, Table
from registry.tables.declaration import Table as Declared
from risk.indicators.page import indicators_page
from scheduling.schema import SCHEMAS, schema_text


def reference() -> str:
    """The whole page in Markdown."""
    parts = [
        "# Reference\n\nMade by `python -m portal.reference` from the code; a test fails when it is out of date.",
        "## Commands\n\n" + "\n".join(_commands(app, "wurao")),
        "## Settings\n\nEnvironment variables, or the same names without `WURAO_` in `settings.toml` of the data folder.\n\n"
        "| setting | default | what it is |\n|---|---|---|\n" + "\n".join(_settings()),
        "## Database roles and tables\n\nOne stage writes a table; the database itself refuses the others.\n\n"
        "| table | written by | may change | what it holds |\n|---|---|---|---|\n" + "\n".join(_tables()),
        "## Rules\n\n| rule | place | from | to | value | basis |\n|---|---|---|---|---|---|\n"
        + "\n".join(_rules()),
    ]
    return "\n\n".join(parts) + "\n"


def _commands(group: typer.Typer, path: str) -> Iterator[str]:
    for command in sorted(group.registered_commands, key=_name):
        options = " ".join(f"`{_option(name, hint)}`" for name, hint in _hints(command).items())
        sentence = (inspect.getdoc(command.callback) or "").splitlines()[0]
        yield f"- **`{path} {_name(command)}`** {sentence} {options}".rstrip()
    for below in sorted(group.registered_groups, key=lambda g: g.name or ""):
        if below.typer_instance:
            yield from _commands(below.typer_instance, f"{path} {below.name}")


def _hints(command: CommandInfo) -> dict[str, Any]:
    hints = get_type_hints(command.callback, include_extras=True) if command.callback else {}
    return {name: hint for name, hint in hints.items() if name != "return"}


def _option(name: str, hint: Any) -> str:
    """`--by` for an option, `PLAN` for an argument, as the command line itself shows them."""
    declared = [info for info in getattr(hint, "__metadata__", ()) if isinstance(info, ParameterInfo)]
    if declared and isinstance(declared[0], OptionInfo):
        # Inside Annotated, typer keeps the first name given in `default`.
        named = [
            n for n in (declared[0].default, *(declared[0].param_decls or ())) if str(n).startswith("--")
        ]
        return str(named[0]) if named else f"--{name.replace('_', '-')}"
    return name.upper()


def _name(command: CommandInfo) -> str:
    return command.name or getattr(command.callback, "__name__", "").replace("_", "-")


def _settings() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        default = "`./data`" if name == "data" else f"`{field.default}`"
        yield f"| `WURAO_{name.upper()}` | {default} | {field.description} |"


def _tables() -> Iterator[str]:
    said = {mapper.class_.__tablename__: mapper.class_ for mapper in Declared.registry.mappers}
    for table in sorted(Table.metadata.tables.values(), key=lambda t: (t.info["writer"], t.name)):
        sentence = (inspect.getdoc(said[table.name]) or "").splitlines()[0]
        yield f"| `{table.name}` | `{table.info['writer']}` | {', '.join(table.info['changes'])} | {sentence} |"
    yield f"\nRoles: {', '.join(f'`{role}`' for role in WRITERS)}."


def _rules() -> Iterator[str]:
    for key, many in sorted(load_rules().rules.items()):
        for rule in many:
            value = str(rule.value).replace("|", "/").replace("\n", " ")
            shown = value if len(value) <= 160 else value[:157] + "…"
            basis = rule.basis.replace("|", "/").replace("\n", " ")
            yield f"| `{key}` | {rule.place} | {rule.since} | {rule.until or ''} | {shown} {rule.unit} | {basis} |"


if __name__ == "__main__":
    Path("docs/reference.md").write_text(reference())
    Path("docs/datasets.md").write_text(datasets_page())
    Path("docs/indicators.md").write_text(indicators_page(load_rules()))
    for kind, record in SCHEMAS.items():
        Path(f"docs/{kind}.schema.json").write_text(schema_text(record))
