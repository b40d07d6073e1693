"""Pictures of a run inside a page, each with what it shows."""

import base64
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from genlab import numbers
from genlab.records.page import Markup, element, paragraph

CAPTION = "Description"
"""The key under which a picture's own file says what it shows."""
LARGEST_BYTES = 10 * 2**20
_TYPES = {".png": "image/png", ".apng": "image/apng", ".gif": "image/gif"}
_OF_A_STEP = re.compile(r"step-(\d{1,15})(?:-n-(\d{1,15}))?")
_WIDTH, _HEIGHT = 640, 200


def pictures(folder: Path, leave_out: Iterable[str] = ()) -> list[Markup]:
    """Return the pictures in a folder by name, numbers in their order, and the names of its other files.

    Args:
        folder: one that need not be there.
        leave_out: the names of files that are shown elsewhere.
    """
    found = sorted(folder.iterdir(), key=_in_order) if folder.is_dir() else []
    files = [file for file in found if file.is_file() and not file.name.startswith(".") and file.name not in leave_out]
    shown = [picture(file) for file in files if file.suffix in _TYPES]
    others = ", ".join(file.name for file in files if file.suffix not in _TYPES)
    return [*shown, *([paragraph(f"Also in {folder.name}/: {others}", "note")] if others else [])]


def picture(file: Path) -> Markup:
    """Return a picture with its caption, or a line that says why it cannot be shown."""
    try:
        size = file.stat().st_size
        if size > LARGEST_BYTES:
            return paragraph(f"{file.name} is not shown: it is as large as {numbers.memory(size)}.", "note")
        with Image.open(file) as image:
            width, height = image.size
            said = image.info.get(CAPTION)
        data = base64.b64encode(file.read_bytes()).decode("ascii")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return paragraph(f"{file.name} cannot be read.", "bad")
    caption = _caption(file.stem, said)
    source = f"data:{_TYPES[file.suffix]};base64,{data}"
    shown = element("img", src=source, alt=caption, width=str(width), height=str(height))
    return element("figure", shown, element("figcaption", caption))


def curve(points: Sequence[tuple[float, float]], title: str) -> Markup:
    """Return a curve as a drawing, the first tenth left out of its vertical range; nothing of less than two points.

    Args:
        points: steps and values.
        title: what is drawn, and its unit.
    """
    late = [value for _, value in points[len(points) // 10 :]]
    if len(points) < 2 or points[0][0] >= points[-1][0]:
        return Markup("")
    first, last, low, high = points[0][0], points[-1][0], min(late), max(late)
    places = " ".join(
        f"{_WIDTH * (step - first) / (last - first):.1f},"
        f"{_HEIGHT * (high - min(max(value, low), high)) / ((high - low) or 1.0):.1f}"
        for step, value in points
    )
    line = element("polyline", points=places, fill="none", stroke="currentColor")
    drawing = element("svg", line, viewBox=f"0 -5 {_WIDTH} {_HEIGHT + 10}", width=str(_WIDTH), role="img")
    said = f"{title}, from step {numbers.count(int(first))} to {numbers.count(int(last))}"
    between = f"between {numbers.value(low)} and {numbers.value(high)}"
    return element("figure", drawing, element("figcaption", f"{said}, {between}"))


def _caption(stem: str, said: object) -> str:
    """Return what a picture shows: in its file's words, or by its name."""
    name = stem.replace("-", " ").replace("_", " ")
    step = _OF_A_STEP.fullmatch(stem)
    if isinstance(said, str) and said:
        return f"{name}: {said}"
    if step is None:
        return name
    count = f"{numbers.count(int(step[2]))} draws" if step[2] else "draws"
    return f"{count} at step {numbers.count(int(step[1]))}"


def _in_order(file: Path) -> list[tuple[int, str]]:
    """Return a key that sorts step-900 before step-1000."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,15})", file.name)]
