"""The pictures of the page on divergences, drawn from the library when the documentation is built."""

import io
from collections.abc import Callable

import torch
from docutils import nodes
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, Independent, LogNormal, Normal

from genlab.divergences import (
    Renyi,
    chi_squared,
    jeffreys,
    jensen_shannon,
    kl,
    monte_carlo,
    squared_hellinger,
    total_variation,
    wasserstein_2,
)

ZERO, ONE = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)


def nonnegative(axes: Axes) -> None:
    shift = torch.linspace(-2, 2, 201, dtype=torch.float64)
    for divergence in (kl, chi_squared, total_variation, squared_hellinger, wasserstein_2):
        axes.plot(shift, divergence(Normal(shift, ONE), Normal(ZERO, ONE)), label=divergence.name)
    axes.set(xlabel="mean of q = N(mean, 1), with p = N(0, 1)", ylabel="divergence", ylim=(-0.1, 3))
    axes.legend()


def asymmetric(axes: Axes) -> None:
    scale = torch.logspace(-1, 1, 201, dtype=torch.float64)
    q, p = Normal(ZERO, scale), Normal(ZERO, ONE)
    axes.plot(scale, kl(q, p), label="kl(q, p)")
    axes.plot(scale, kl(p, q), label="kl(p, q)")
    axes.plot(scale, jeffreys(q, p), label="jeffreys, their sum", color="grey", linestyle="--")
    axes.set(xlabel="standard deviation of q, with p = N(0, 1)", ylabel="nats", xscale="log", ylim=(-0.2, 8))
    axes.legend()


def additive(axes: Axes) -> None:
    q, p = Normal(0.7 * ONE, 0.8 * ONE), Normal(ZERO, ONE)
    counts = range(1, 13)
    for divergence in (kl, Renyi(0.5), squared_hellinger):
        values = [
            divergence(Independent(q.expand((count,)), 1), Independent(p.expand((count,)), 1)) for count in counts
        ]
        axes.plot(counts, values, "o-", label=f"{divergence.name}{getattr(divergence, 'alpha', '')}")
    axes.set(xlabel="independent coordinates", ylabel="divergence")
    axes.legend()


def invariant(axes: Axes) -> None:
    x = torch.linspace(0.02, 6, 400, dtype=torch.float64)
    through = LogNormal(0.5 * ONE, 0.6 * ONE), LogNormal(ZERO, 0.8 * ONE)
    before = Normal(0.5 * ONE, 0.6 * ONE), Normal(ZERO, 0.8 * ONE)
    line = torch.linspace(-3, 3, 400, dtype=torch.float64)
    for pair, at, style, name in ((before, line, "-", "x"), (through, x, "--", "exp(x)")):
        for one, color in zip(pair, ("tab:blue", "tab:orange"), strict=True):
            label = f"{name}: kl = {float(kl(*pair)):.6f}" if color == "tab:blue" else None
            axes.plot(at, one.log_prob(at).exp(), linestyle=style, color=color, label=label)
    axes.set(xlabel="value", ylabel="density")
    axes.legend()


def data_processing(axes: Axes) -> None:
    noise = torch.linspace(0, 3, 201, dtype=torch.float64)
    scale = torch.sqrt(1 + noise.square())
    q, p = Normal(1.5 * ONE, scale), Normal(ZERO, torch.sqrt(0.5 + noise.square()))
    for divergence in (kl, Renyi(0.5), total_variation, squared_hellinger):
        axes.plot(noise, divergence(q, p), label=f"{divergence.name}{getattr(divergence, 'alpha', '')}")
    axes.set(xlabel="standard deviation of the noise added to both", ylabel="divergence", ylim=(0, None))
    axes.legend()


def convex(axes: Axes) -> None:
    weight = torch.linspace(0, 1, 101, dtype=torch.float64)
    q, p = (Bernoulli(start + weight * (end - start)) for start, end in ((0.1, 0.9), (0.5, 0.3)))
    for divergence, color in ((kl, "tab:blue"), (squared_hellinger, "tab:orange")):
        values = divergence(q, p)
        axes.plot(weight, values, color=color, label=divergence.name)
        axes.plot([0, 1], [values[0], values[-1]], color=color, linestyle=":", label="its chord")
    axes.set(xlabel="weight of the second pair in both mixtures", ylabel="divergence")
    axes.legend()


def jensen_shannon_bound(axes: Axes) -> None:
    shift = torch.linspace(0, 8, 25, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    estimate = monte_carlo(jensen_shannon, Normal(shift, ONE), Normal(ZERO, ONE), num_samples=500, generator=generator)
    axes.errorbar(shift, estimate.value, 2 * estimate.standard_error, fmt=".", label="Monte Carlo, two standard errors")
    axes.axhline(float(torch.tensor(2.0).log()), color="grey", linestyle="--", label="ln 2")
    axes.set(xlabel="distance of the means of two normals", ylabel="jensen_shannon, nats")
    axes.legend()


def renyi_order(axes: Axes) -> None:
    q, p = Normal(0.8 * ONE, 1.1 * ONE), Normal(ZERO, ONE)
    orders = torch.linspace(0.02, 4, 120).tolist()
    axes.plot(orders, [Renyi(order)(q, p) for order in orders], label="Renyi(alpha)")
    axes.plot([1], [kl(q, p)], "o", label="kl")
    axes.set(xlabel="alpha", ylabel="nats")
    axes.legend()


def random_pairs() -> tuple[Categorical, Categorical]:
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(2, 1500, 4, dtype=torch.float64, generator=generator) ** 4
    return Categorical(weights[0] + 1e-6), Categorical(weights[1] + 1e-6)


def scatter_against(
    axes: Axes, x: Tensor, y: Tensor, *, names: tuple[str, str], bound: Callable[[Tensor], Tensor]
) -> None:
    inside = x < 3
    axes.scatter(x[inside], y[inside], s=3, alpha=0.5, label="random pairs on four points")
    line = torch.linspace(0, float(x[inside].max()), 300, dtype=torch.float64)
    axes.plot(line, bound(line), color="tab:red", label="bound")
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.legend()


def pinsker(axes: Axes) -> None:
    q, p = random_pairs()
    names = ("kl, nats", "total_variation")
    scatter_against(axes, kl(q, p), total_variation(q, p), names=names, bound=lambda x: (x / 2).sqrt())


def hellinger(axes: Axes) -> None:
    q, p = random_pairs()
    names = ("squared_hellinger", "total_variation")
    scatter_against(axes, squared_hellinger(q, p), total_variation(q, p), names=names, bound=lambda x: (2 * x).sqrt())
    axes.plot([0, 1], [0, 1], color="tab:red")


def chi_squared_bound(axes: Axes) -> None:
    q, p = random_pairs()
    names = ("log(1 + chi_squared)", "kl, nats")
    scatter_against(axes, chi_squared(q, p).log1p(), kl(q, p), names=names, bound=lambda x: x)


PICTURES: dict[str, Callable[[Axes], None]] = {
    "nonnegative": nonnegative,
    "asymmetric": asymmetric,
    "additive": additive,
    "invariant": invariant,
    "data-processing": data_processing,
    "convex": convex,
    "jensen-shannon": jensen_shannon_bound,
    "renyi": renyi_order,
    "pinsker": pinsker,
    "hellinger": hellinger,
    "chi-squared": chi_squared_bound,
}


def picture(name: str) -> Figure:
    """Return the picture of a property."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    PICTURES[name](figure.subplots())
    return figure


class PictureDirective(SphinxDirective):
    """`{divergence-picture} NAME`: a picture as SVG inside the page."""

    required_arguments = 1
    option_spec = {"alt": str}  # noqa: RUF012  (docutils declares it so)

    def run(self) -> list[nodes.Node]:
        buffer = io.StringIO()
        picture(self.arguments[0]).savefig(buffer, format="svg")
        svg = buffer.getvalue()[buffer.getvalue().index("<svg") :]
        label = self.options.get("alt", self.arguments[0]).replace('"', "")
        svg = svg.replace("<svg", f'<svg role="img" aria-label="{label}" style="max-width: 100%; height: auto"', 1)
        return [nodes.raw("", svg, format="html")]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("divergence-picture", PictureDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
