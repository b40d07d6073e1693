"""`genlab components`: what a recipe can name in each table, and the keys it takes there."""

from collections.abc import Iterable, Iterator
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from genlab.cli import verbs
from genlab.cli.documents import print_json
from genlab.cli.options import json_option
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import plain_table
from genlab.discovery import RegisteredComponent, Registry
from genlab.errors import ComponentError
from genlab.recipe.table_names import SETTINGS_TABLES
from genlab.spelling import did_you_mean


@click.command("components")
@click.argument("which", metavar="[SLOT[/NAME]]", default="")
@click.option("--keys", "with_keys", is_flag=True, help="The keys of all that is listed, not only of a single one.")
@json_option
@pass_session
def command(session: Session, which: str, with_keys: bool, as_json: bool) -> None:
    """List what a recipe can name, and the keys it takes.

    A slot is a table of the recipe: `[model]` with `use = "ddpm"` names the component `model/ddpm`. With a slot
    only that slot's components are listed; with a slot and a name, the keys that component takes, their types,
    defaults and limits. The tables `[train]` and `[eval]` name no component; their keys are listed by their names.

    \b
    Examples:
      genlab components
      genlab components sampler
      genlab components model/ddpm
      genlab components train
      genlab components schedule --keys
    """
    slot, _, name = which.partition("/")
    registry = session.registry()
    one = bool(name) or slot in SETTINGS_TABLES
    listed = list(_listed(registry, slot, name))
    if one or with_keys:
        described = [(fact, _keys(registry, component, fact)) for component, fact in listed]
        if as_json:
            documents = [fact | {"keys": [key._asdict() for key in keys]} for fact, keys in described]
            print_json(session, documents[0] if one and len(documents) == 1 else documents)
        else:
            session.out.print(Group(*_separated(_shown(fact, keys) for fact, keys in described)))
    elif as_json:
        print_json(session, [fact for _, fact in listed])
    else:
        rows = [(f["slot"], f["name"], f["summary"], f"{f['plugin']} ({f['distribution']})") for _, f in listed]
        session.out.print(plain_table(("slot", "name", "what it is", "from"), rows))


def _listed(registry: Registry, slot: str, name: str) -> Iterator[tuple[RegisteredComponent | None, dict[str, Any]]]:
    """Yield what is asked for, slot by slot, then the tables that are no slots: a component, or None, and its facts.

    A name may stand for several components: which one a recipe means depends on its other parts.
    """
    offered = registry.named(slot, name) if name else registry.components()
    slots = dict.fromkeys(component.slot for component in offered)
    if slot and slot not in (*slots, *SETTINGS_TABLES):
        nearest = did_you_mean(slot, (*slots, *SETTINGS_TABLES))
        raise ComponentError(f"a slot must be one of {', '.join(slots)}; got '{slot}'.{nearest}")
    for one in slots:
        yield from ((found, _facts(found)) for found in offered if found.slot == one and slot in ("", one))
    for table, summary in SETTINGS_TABLES.items():
        if slot in ("", table):
            facts = {"slot": table, "name": "", "summary": summary, "target": ""}
            yield None, facts | {"plugin": "core", "distribution": "genlab"}


def _facts(component: RegisteredComponent) -> dict[str, Any]:
    return {
        "slot": component.slot,
        "name": component.name,
        "summary": component.summary,
        "target": component.target,
        "plugin": component.plugin,
        "distribution": component.distribution,
    }


def _keys(registry: Registry, component: RegisteredComponent | None, facts: dict[str, Any]) -> list[Any]:
    target = registry.load(component) if component is not None else verbs.SETTINGS[facts["slot"]]
    return verbs.describe_keys(target, registry)


def _shown(facts: dict[str, Any], keys: list[Any]) -> RenderableType:
    title = f"{facts['slot']}/{facts['name']}" if facts["name"] else f"[{facts['slot']}]"
    source = f"{facts['target']}, from plugin {facts['plugin']} of {facts['distribution']}".removeprefix(", ")
    heading = Text(title, style="bold").append(f"  {facts['summary']}", "not bold")
    rows = [
        (key.key, key.type, Text("required", "bold") if key.default is None else key.default, key.constraint, key.doc)
        for key in keys
    ]
    table = plain_table(("key", "type", "default", "must", "what it does"), rows) if rows else "It takes no keys."
    return Group(heading, Text(source, "dim"), "", table)


def _separated(parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    for number, part in enumerate(parts):
        yield from ("", part) if number else (part,)
