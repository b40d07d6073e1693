"""`genlab new`: the beginnings of a project."""

from pathlib import Path

import click

from genlab.cli import verbs
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import facts


@click.group("new")
def command() -> None:
    """Write the files of a new plugin.

    \b
    Examples:
      genlab new plugin my-flow
    """


@command.command("plugin")
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the plugin's own folder is made; by default here.",
)
@pass_session
def plugin(session: Session, name: str, out: Path) -> None:
    """Write a small plugin that works: a model, its posteriors, a sampler, a recipe and tests.

    NAME is lower case with hyphens: `my-flow` makes a folder `genlab-my-flow` with the package `genlab_my_flow` and
    the components model/my-flow, family/my-flow and sampler/my-flow. It is typed, it passes `genlab check`, and it is
    all yours to change. Nothing is overwritten.

    \b
    Examples:
      genlab new plugin my-flow
      genlab new plugin my-flow --out projects
    """
    registry = session.registry()
    taken = {plugin.name for plugin in registry.plugins} | {component.name for component in registry.components()}
    root = verbs.write_plugin(name, out, taken=taken)
    session.out.print(str(root), soft_wrap=True)
    steps = [
        ("install", f"pip install -e '{root}[test]'"),
        ("test", f"pytest {root}"),
        ("use", f"genlab run {root.name.removeprefix('genlab-')}"),
    ]
    session.err.print(facts(steps))
