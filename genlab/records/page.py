"""HTML that is well formed and safe by the way it is made.

An element holds elements and text, and text is escaped where it enters one. A page needs nothing beside it.
"""

import html
import re
from collections.abc import Collection, Iterable, Sequence

_WITHOUT_END = {"img", "meta"}
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_STYLE = """
:root { color-scheme: light dark; --rule: #d0d0d4; --dim: #5b5b63; --plate: #f4f4f6; --bad: #a3231a; }
@media (prefers-color-scheme: dark) {
  :root { --rule: #45454c; --dim: #a5a5ae; --plate: #232327; --bad: #ff8f85; }
}
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; }
dt, caption, figcaption, .note { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { caption-side: bottom; text-align: left; padding-top: .4rem; }
th, td { padding: .25rem 1.25rem .25rem 0; text-align: left; vertical-align: top; }
thead th { border-bottom: 1px solid var(--rule); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.bad { color: var(--bad); white-space: pre-wrap; overflow-wrap: anywhere; }
pre { background: var(--plate); padding: .75rem 1rem; overflow-x: auto; font-size: .875rem; }
summary { cursor: pointer; }
figure { margin: 1.5rem 0; }
img, svg { max-width: 100%; height: auto; }
img { background: #fff; }
@media print {
  body { max-width: none; margin: 0; font-size: 10pt; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""


class Markup(str):
    """HTML. Any other string is text."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str) -> Markup:
    """Return an element; text among its content is escaped, and attributes always are.

    >>> element("p", "a < b, ", element("b", "c"), title='"')
    '<p title="&quot;">a &lt; b, <b>c</b></p>'

    Args:
        tag: its name.
        content: elements and text.
        attributes: a last underscore is dropped, so that `class_` can be said.
    """
    opening = "".join(f' {name.rstrip("_")}="{_escaped(value)}"' for name, value in attributes.items())
    if tag in _WITHOUT_END:
        return Markup(f"<{tag}{opening}>")
    inside = "".join(part if isinstance(part, Markup) else _escaped(part) for part in content)
    return Markup(f"<{tag}{opening}>{inside}</{tag}>")


def page(title: str, *content: str) -> str:
    """Return a page that shows its content as soon as it is opened, and may not load anything."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("title", title),
        Markup(f"<style>{_STYLE}</style>"),
    )
    body = element("body", element("main", *(Markup(f"{part}\n") for part in content if part)))
    return f"<!DOCTYPE html>\n{element('html', head, Markup(chr(10)), body, lang='en')}\n"


def section(title: str, *content: str) -> Markup:
    """Return a heading and what stands below it; nothing where there is nothing to stand there."""
    return element("section", element("h2", title), *content) if any(content) else Markup("")


def paragraph(text: str, kind: str = "") -> Markup:
    """Return a paragraph; of the kind `note` or `bad` if not plain."""
    return element("p", text, **({"class_": kind} if kind else {}))


def facts(rows: Iterable[tuple[str, str]]) -> Markup:
    """Return names and values, without those that have no value; nothing where none has."""
    known = [element("dt", name) + element("dd", value) for name, value in rows if value]
    return element("dl", Markup("".join(known))) if known else Markup("")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str], caption: str = ""
) -> Markup:
    """Return a table.

    Args:
        columns: the headings.
        rows: the cells, as many as there are columns.
        right: the headings of the columns of numbers.
        caption: what is to be known of the table; empty for none.
    """
    kinds: list[dict[str, str]] = [{"class_": "number"} if column in right else {} for column in columns]
    heading = [element("th", column, scope="col", **kind) for column, kind in zip(columns, kinds, strict=True)]
    body = [
        element("tr", *(element("td", cell, **kind) for cell, kind in zip(row, kinds, strict=True))) for row in rows
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", caption) if caption else Markup(""),
            element("thead", element("tr", *heading)),
            element("tbody", *body),
        ),
        class_="wide",
    )


def verbatim(text: str) -> Markup:
    """Return text as it stands, line by line."""
    return element("pre", element("code", text))


def folded(summary: str, *content: str) -> Markup:
    """Return content that is shown when its summary is clicked."""
    return element("details", element("summary", summary), *content)


def _escaped(text: str) -> str:
    """Return text as HTML; what no page may hold, such as control characters, is shown as U+FFFD."""
    return html.escape(_NO_CHARACTERS.sub("\ufffd", text))
