"""Parts of pages that are made from the code: what a recipe can name, the hooks, the command line."""

import inspect
from collections.abc import Iterable, Iterator

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from genlab.cli.main import COMMANDS, cli
from genlab.discovery import Registry, discover
from genlab.discovery.loading import RegisteredComponent
from genlab.plugin import Hooks
from genlab.recipe import describe_keys
from genlab.testing import Check, checks
from genlab.testing.check import ANY_SLOT
from genlab.testing.kit import with_the_kit

RECIPE_SLOTS = ("data", "model", "family", "elbo", "update", "sampler", "accelerator")


def components_text(registry: Registry) -> str:
    """Return every component with its keys, by slot: those of a recipe's tables first, then the nested ones."""
    slots = list(dict.fromkeys((*RECIPE_SLOTS, *(component.slot for component in registry.components()))))
    lines: list[str] = []
    for slot in (slot for slot in slots if registry.components(slot)):
        lines += [f"## {slot}", ""]
        for component in registry.components(slot):
            lines += _component(registry, component)
    return "\n".join(lines)


def _component(registry: Registry, component: RegisteredComponent) -> Iterator[str]:
    yield from (f"### `{slot_and_name(component)}`", "", f"{_sentence(component.summary)}", "")
    keys = describe_keys(registry.load(component), registry)
    if not keys:
        return
    yield from ("| key | type | default | must | what it does |", "|---|---|---|---|---|")
    for key in keys:
        default = "required" if key.default is None else _code(key.default)
        yield _row((_code(key.key), _code(key.type), default, key.constraint, key.doc))
    yield ""


def reference_components_text() -> str:
    """Return the components that only the conformance kit registers, as `components_text` does."""
    return components_text(with_the_kit(Registry([])))


def slot_and_name(component: RegisteredComponent) -> str:
    """Return the name `genlab components` takes: `slot/name`."""
    return f"{component.slot}/{component.name}"


def hooks_text() -> str:
    """Return every hook with its signature and what its docstring says."""
    lines: list[str] = []
    for name, hook in vars(Hooks).items():
        if not inspect.isfunction(hook):
            continue
        parameters = [parameter for parameter in inspect.signature(hook).parameters if parameter != "self"]
        lines += [f"## `{name}({', '.join(parameters)})`", "", inspect.getdoc(hook) or "", ""]
    return "\n".join(lines)


def command_line_text() -> str:
    """Return the help of the program and of each command, as a terminal shows it."""
    context = click.Context(cli, info_name="genlab", max_content_width=100, terminal_width=100)
    lines = ["## genlab", "", *_fenced(cli.get_help(context))]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if command is not None:
            inner = click.Context(command, info_name=name, parent=context, max_content_width=100, terminal_width=100)
            lines += [f"## genlab {name}", "", *_fenced(command.get_help(inner))]
    return "\n".join(lines)


def checks_text(registry: Registry) -> str:
    """Return every check, by slot: what it demands, and how to read its failure."""
    by_slots: dict[tuple[str, ...], list[Check]] = {}
    for one in checks(registry):
        by_slots.setdefault(one.slots, []).append(one)
    lines: list[str] = []
    for slots, group in by_slots.items():
        lines += [f"## {_slots_title(slots)}", ""]
        for one in group:
            lines += [f"### `{one.name}`", "", one.demands, "", one.reading, ""]
    return "\n".join(lines)


def _slots_title(slots: tuple[str, ...]) -> str:
    return "every component" if ANY_SLOT in slots else " and ".join(slots)


def _fenced(text: str) -> Iterable[str]:
    return ("```text", text, "```", "")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


class _Generated(SphinxDirective):
    """A directive that stands for Markdown made when the documentation is built."""

    def text(self) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes(self.text(), allow_section_headings=True)


class ComponentsDirective(_Generated):
    """`{components}`: every component that is installed."""

    def text(self) -> str:
        return components_text(discover())


class ReferenceComponentsDirective(_Generated):
    """`{reference-components}`: every component of the conformance kit."""

    def text(self) -> str:
        # One level down: the page has headings of its own.
        return reference_components_text().replace("## ", "### ")


class ChecksDirective(_Generated):
    """`{checks}`: every check of the conformance kit, and of the installed plugins."""

    def text(self) -> str:
        return checks_text(discover())


class HooksDirective(_Generated):
    """`{hooks}`: every hook."""

    def text(self) -> str:
        return hooks_text()


class CommandLineDirective(_Generated):
    """`{command-line}`: the help of every command."""

    def text(self) -> str:
        return command_line_text()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.add_directive("components", ComponentsDirective)
    app.add_directive("reference-components", ReferenceComponentsDirective)
    app.add_directive("checks", ChecksDirective)
    app.add_directive("hooks", HooksDirective)
    app.add_directive("command-line", CommandLineDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
