"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from genlab.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_OUT = Path("runs")


def override_option(command: F) -> F:
    """Add `-s KEY=VALUE`, which changes the recipe from the command line."""
    return click.option(
        "-s",
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a key of the recipe, e.g. -s eval.repeats=4 or -s sampler.use=ddim. The value is read as TOML; "
        "a bare word is a string. Repeatable.",
    )(command)


def split_option(text: str, default: str | None = "test") -> Callable[[F], F]:
    """Add `--split`, one of the three; without a default the command chooses."""
    return click.option(
        "--split",
        type=click.Choice(["train", "validation", "test"]),
        default=default,
        show_default=default is not None,
        help=text,
    )


def data_option(text: str) -> Callable[[F], F]:
    """Add `--data FILE`, which is read in place of the recipe's data."""
    return click.option("--data", "data", type=click.Path(path_type=Path), metavar="FILE", help=text)


def json_option(command: F) -> F:
    """Add `--json`, which prints one JSON document on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")(command)


def out_option(text: str) -> Callable[[F], F]:
    """Add `--out DIR`, the folder of runs."""
    return click.option(
        "--out", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_OUT, show_default=True, help=text
    )


def verbose_option(command: F) -> F:
    """Add `-v` to a command too, so that it may stand behind the command's name."""

    def remember(ctx: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            ctx.ensure_object(Session).verbose = True

    return click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Say more: checkpoints, where an error happened.",
    )(command)
