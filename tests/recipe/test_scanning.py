import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlab.recipe.scanning import key_lines

ODD_KEYS = ["a", "b-c", "d_1", "9", "with space", "dotted.key", 'quo"te', "# no comment", "[no] table", "é", ""]
ODD_TEXTS = ["", "plain", "[table]\nkey = 1\n# not a comment", "]", "}", ",", "a = 1", "'", "tab\tbed"]

scalars = st.integers(-9, 9) | st.booleans() | st.sampled_from(ODD_TEXTS)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ODD_KEYS), inner, max_size=3)
)
documents = st.dictionaries(st.sampled_from(ODD_KEYS), values, max_size=5)


class Writer:
    """Writes tables as TOML in arbitrary style and notes where each key went."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.text = ""
        self.lines: dict[tuple[str | int, ...], int] = {}

    def choose(self, *options: str) -> str:
        return self.data.draw(st.sampled_from(options))

    def note(self, path: tuple[str | int, ...]) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def gap(self) -> None:
        """Write what may stand between lines."""
        self.text += self.choose("", "\n", '# comment = 1 [x] "\n', "  \t\n\n")

    def key(self, name: str) -> str:
        bare = name in ("a", "b-c", "d_1", "9")
        literal = [f"'{name}'"] if "'" not in name else []
        return self.choose(*([name] if bare else []), json.dumps(name, ensure_ascii=False), *literal)

    def value(self, path: tuple[str | int, ...], value: object) -> None:
        if isinstance(value, str):
            literal = [f"'''\n{value}'''"] if "'" not in value else []
            self.text += self.choose(json.dumps(value), f'"""\n{value}"""', *literal)
        elif isinstance(value, list):
            self.text += "["
            for index, item in enumerate(value):
                self.text += self.choose("", " ", "\n", " # ] , \n")
                self.note((*path, index))
                self.value((*path, index), item)
                self.text += self.choose("", "\n # , ]\n") + ","
            self.text += self.choose("", "\n") + "]"
        elif isinstance(value, dict):
            self.text += "{" + " "
            for number, (name, item) in enumerate(value.items()):
                self.text += ", " if number else ""
                self.note((*path, name))
                self.text += self.key(name) + self.choose("=", " = ")
                self.value((*path, name), item)
            self.text += " }"
        else:
            self.text += json.dumps(value)

    def pair(self, path: tuple[str | int, ...], prefix: str, name: str, value: object) -> None:
        self.gap()
        here = (*path, name)
        self.note(here)
        written = prefix + self.key(name)
        if isinstance(value, dict) and value and self.choose("dotted", "inline") == "dotted":
            for inner, item in value.items():
                self.note(here)
                self.pair_after_gap(here, written + self.choose(".", " . "), inner, item)
            return
        self.text += written + self.choose("=", " = ")
        self.value(here, value)
        self.text += self.choose("\n", "  # why\n")

    def pair_after_gap(self, path: tuple[str | int, ...], prefix: str, name: str, value: object) -> None:
        self.note((*path, name))
        self.text += prefix + self.key(name) + " = "
        self.value((*path, name), value)
        self.text += "\n"

    def table(self, path: tuple[str | int, ...], header: str, table: dict[str, object]) -> None:
        headed = {name for name, value in table.items() if self.headed(value)}
        for name, value in table.items():
            if name not in headed:
                self.pair(path, "", name, value)
        for name in headed:
            value, here = table[name], (*path, name)
            inner = f"{header}.{self.key(name)}" if header else self.key(name)
            if isinstance(value, dict):
                self.gap()
                self.note(here)
                self.text += f"[ {inner} ]\n"
                self.table(here, inner, value)
            else:
                for index, item in enumerate(value):
                    self.gap()
                    self.note(here)
                    self.note((*here, index))
                    self.text += f"[[{inner}]] # next\n"
                    self.table((*here, index), inner, item)

    def headed(self, value: object) -> bool:
        tables = isinstance(value, dict) or (
            isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
        )
        return bool(tables) and self.choose("header", "value") == "header"


def paths(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {inner for name, item in items for inner in {(*path, name)} | paths(item, (*path, name))}


@given(documents, st.data())
def test_every_key_is_found_on_the_line_it_was_written_on(document: dict[str, object], data: st.DataObject) -> None:
    writer = Writer(data)
    writer.table((), "", document)
    assert tomllib.loads(writer.text) == document
    assert key_lines(writer.text) == writer.lines
    assert set(writer.lines) == paths(document)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("[a.b]\nc = 1", ("a",), 1),
        ("[a.b]\n[a]\nc = 1", ("a", "c"), 3),
        ('x = """a""""\ny = 1', ("y",), 2),
        ('x = """a"""""\ny = 1', ("y",), 2),
        ("x = ''''a'''''\ny = 1", ("y",), 2),
        ('x = """\\""""\ny = 1', ("y",), 2),
        ('x = ""\ny = 1', ("y",), 2),
        ('x = """"""\ny = 1', ("y",), 2),
        ("x = 1979-05-27 07:32:00\ny = 1", ("y",), 2),
        ("[[a]]\n[[a]]\n[a.b]\nc = 1", ("a", 1, "b", "c"), 4),
        ('"\\u0061" = 1', ("a",), 1),
        ("x = [\n  { a = 1 },\n  { b = 2 },\n]", ("x", 1, "b"), 3),
    ],
)
def test_corners_of_toml_do_not_shift_lines(text: str, path: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(text)
    assert key_lines(text)[path] == line
