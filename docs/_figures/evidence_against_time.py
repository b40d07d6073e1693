"""Draw an autoencoder's validation bound against training time: docs/_static/vae-mnist-iwae.png.

    python docs/_figures/evidence_against_time.py RUN TEST_NATS

RUN is the folder of a run of `recipes/vae-mnist-iwae.toml`, and TEST_NATS its log evidence by 5,000 weights on the test
images. Published ones stand beside it (Burda, Grosse & Salakhutdinov 2016, table 1).
"""

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure

PUBLISHED = {"one weight, published": -86.76, "five weights, published": -85.54}
LOWEST_NATS = -94.0


def curve(folder: Path) -> tuple[list[float], list[float]]:
    """Return minutes of training and validation bounds in nats, wherever a run was validated."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    seen = [line for line in lines if line.get("validation_elbo_nats") is not None]
    return [line["elapsed_seconds"] / 60 for line in seen], [line["validation_elbo_nats"] for line in seen]


def picture(folder: Path, test_nats: float) -> Figure:
    """Return the figure."""
    minutes, bounds = curve(folder)
    canvas = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = canvas.subplots()
    axes.plot(minutes, bounds, "-", label="1,000 validation images, 100 weights")
    axes.plot(minutes[-1:], [test_nats], "o", color="C1", label="10,000 test images, 5,000 weights")
    for (name, nats), style in zip(PUBLISHED.items(), ("--", ":"), strict=True):
        axes.axhline(nats, color="0.4", linestyle=style, linewidth=1, label=f"{name}, 3,280 passes")
    axes.set(xlabel="minutes of training, one CPU core", ylabel="log evidence, nats an image")
    axes.set_ylim(LOWEST_NATS, -85)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return canvas


if __name__ == "__main__":
    where = Path(__file__).parents[1] / "_static" / "vae-mnist-iwae.png"
    picture(Path(sys.argv[1]), float(sys.argv[2])).savefig(where, dpi=110)
