"""`genlab schema`: what an editor needs to check and complete recipes."""

import json
from pathlib import Path

import click

from genlab.cli import verbs
from genlab.cli.session import Session, pass_session


@click.command("schema")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there; by default it goes to standard output.",
)
@pass_session
def command(session: Session, out: Path | None) -> None:
    """Write a JSON Schema of recipes, for editors.

    It covers the components that are installed now, with their keys, defaults and documentation. An editor that reads
    TOML with Taplo (such as Visual Studio Code with Even Better TOML) then marks faults and offers keys in every
    recipe whose first line names the file: `#:schema genlab.schema.json`.

    \b
    Examples:
      genlab schema --out genlab.schema.json
      genlab schema --plugin-file my-parts.py > genlab.schema.json
    """
    text = json.dumps(verbs.recipe_schema(session.registry()), indent=2, ensure_ascii=False)
    if out is None:
        session.out.print(text, soft_wrap=True)
        return
    out.write_text(f"{text}\n", encoding="utf-8")
    session.out.print(str(out), soft_wrap=True)
