"""On which line of a TOML document each key stands.

tomllib gives values without positions. This scanner gives positions without values: it walks a document that
tomllib has accepted, so it only needs to know where keys, strings and brackets begin and end.
"""

import re
import tomllib
from collections.abc import Mapping

Key = tuple[str | int, ...]
"""A path into a document: names of tables and keys, and indices into arrays."""


def dotted(key: Key) -> str:
    """Return a path as a recipe's user writes it: `model.network.channels`."""
    return ".".join(str(name) for name in key)


_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_VALUE = re.compile(r"[^,\]}\r\n#]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""(?:"{1,2}(?!"))?'  # the closing quotes may follow up to two quotes of content
    r"|'''(?:[^']|'(?!''))*'''(?:'{1,2}(?!'))?"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)


def key_lines(text: str) -> Mapping[Key, int]:
    """Return the line, from 1, on which every table and key of a document is first written.

    >>> key_lines('seed = 0\\n[model]\\nnetwork = { use = "unet" }')[("model", "network", "use")]
    3

    Args:
        text: a document that `tomllib.loads` accepts.
    """
    return _Scanner(text).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._lines: dict[Key, int] = {}
        self._last_index: dict[Key, int] = {}

    def document(self) -> Mapping[Key, int]:
        table: Key = ()
        while not self._at_end():
            if self._take("[["):
                table = self._array_header()
            elif self._take("["):
                table = self._record((), self._key())
                self._expect("]")
            else:
                self._pair(table)
        return self._lines

    def _at_end(self) -> bool:
        self._skip(_BLANK)
        return self._position >= len(self._text)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._position)
        assert match is not None, f"no {pattern.pattern} at {self._position}"
        self._position = match.end()
        return match.group()

    def _take(self, token: str) -> bool:
        found = self._text.startswith(token, self._position)
        if found:
            self._position += len(token)
        return found

    def _expect(self, token: str) -> None:
        self._skip(_SPACE)
        assert self._take(token), f"no {token} at {self._position}"

    def _key(self) -> list[tuple[str, int]]:
        """Read a dotted key; return its names, each with its line."""
        names = []
        while True:
            self._skip(_SPACE)
            line = self._text.count("\n", 0, self._position) + 1
            if self._text[self._position] in "\"'":
                names.append((str(tomllib.loads(f"name = {self._skip(_STRING)}")["name"]), line))
            else:
                names.append((self._skip(_BARE_KEY), line))
            self._skip(_SPACE)
            if not self._take("."):
                return names

    def _record(self, table: Key, names: list[tuple[str, int]]) -> Key:
        """Note the lines of a key and the tables it opens; return its path, inside the last items of arrays."""
        path = table
        for name, line in names:
            path = (*path, name)
            self._lines.setdefault(path, line)
            if path in self._last_index:
                path = (*path, self._last_index[path])
        return path

    def _array_header(self) -> Key:
        names = self._key()
        self._expect("]]")
        parent = self._record((), names[:-1])
        array = (*parent, names[-1][0])
        self._lines.setdefault(array, names[-1][1])
        self._last_index[array] = self._last_index.get(array, -1) + 1
        item = (*array, self._last_index[array])
        self._lines[item] = names[-1][1]
        return item

    def _pair(self, table: Key) -> None:
        path = self._record(table, self._key())
        self._expect("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Key) -> None:
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            self._inline_table(path)
        elif self._text[self._position] in "\"'":
            self._skip(_STRING)
        else:
            self._skip(_BARE_VALUE)

    def _array(self, path: Key) -> None:
        index = 0
        self._skip(_BLANK)
        while not self._take("]"):
            item = (*path, index)
            self._lines[item] = self._text.count("\n", 0, self._position) + 1
            self._value(item)
            index += 1
            self._skip(_BLANK)
            self._take(",")
            self._skip(_BLANK)

    def _inline_table(self, path: Key) -> None:
        self._skip(_BLANK)
        while not self._take("}"):
            self._pair(path)
            self._skip(_BLANK)
            self._take(",")
            self._skip(_BLANK)
