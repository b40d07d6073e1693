"""Draw the pictures of a fitted run."""

import warnings
from functools import partial
from pathlib import Path

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.discovery import Registry
from genlab.errors import GenlabWarning
from genlab.interfaces import Draws, Figure, FigureContext
from genlab.records.files import write_atomically
from genlab.records.pictures import CAPTION
from genlab.run.folder import RunFolder
from genlab.run.looking import looking_at


def draw_figures(assembly: Assembly, registry: Registry, folder: RunFolder, draws: Draws | None) -> list[Path]:
    """Draw every installed figure whose partners fit the run, into `figures/`.

    A figure that fails is a warning naming it; a picture is never worth a run.
    """
    paths = []
    generator = assembly.accelerator.generator(stream_seed(assembly.seed, "sampling"))
    with looking_at(assembly):
        rows = folder.record().get("candidates", ())
        context = FigureContext(
            assembly.model, assembly.family, assembly.data, draws, folder.metrics(), generator, candidates=rows
        )
        for component in registry.components("figure"):
            try:
                figure = registry.load(component)()
                canvas = figure.draw(context) if _fits(figure, assembly) else None
                if canvas is not None:
                    path = folder.path / "figures" / f"{component.name}.png"
                    metadata = {CAPTION: component.summary}
                    write = partial(canvas.savefig, format="png", dpi=150, bbox_inches="tight", metadata=metadata)
                    write_atomically(path, write)
                    paths.append(path)
            except Exception as error:
                warnings.warn(f"figure {component.name!r} was not drawn: {error}", GenlabWarning, stacklevel=2)
    return paths


def _fits(figure: Figure, assembly: Assembly) -> bool:
    return all(isinstance(getattr(assembly, slot), partner) for slot, partner in figure.partners.items())
