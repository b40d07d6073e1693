"""The table of closed forms, found by asking for each: one example of every family, every divergence."""

from collections.abc import Iterator

import torch
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from torch import distributions
from torch.distributions import Distribution
from torch.distributions.kl import _KL_REGISTRY

from genlab import divergences
from genlab.divergences import Divergence, Renyi, has_closed_form
from genlab.divergences.geometric_mixture import MIXTURES

COLUMNS: dict[str, Divergence] = {
    "KL, Jeffreys": divergences.kl,
    "Jensen-Shannon": divergences.jensen_shannon,
    "Renyi, alpha, Hellinger, Bhattacharyya": Renyi(0.5),
    "chi-squared": divergences.chi_squared,
    "total variation": divergences.total_variation,
    "2-Wasserstein": divergences.wasserstein_2,
}
HALF, HALVES = torch.tensor(0.5), torch.tensor([0.5, 0.5])
UNIT, UNITS = torch.tensor(1.0), torch.ones(2)

EXAMPLES: tuple[Distribution, ...] = (
    distributions.Normal(HALF, UNIT),
    distributions.MultivariateNormal(HALVES, torch.eye(2)),
    distributions.LowRankMultivariateNormal(HALVES, torch.ones(2, 1), UNITS),
    distributions.Bernoulli(HALF),
    distributions.Categorical(HALVES),
    distributions.OneHotCategorical(HALVES),
    distributions.Binomial(2, HALF),
    distributions.Geometric(HALF),
    distributions.Poisson(UNIT),
    distributions.Dirichlet(UNITS),
    distributions.Beta(UNIT, UNIT),
    distributions.Gamma(UNIT, UNIT),
    distributions.Exponential(UNIT),
    distributions.Laplace(HALF, UNIT),
    distributions.VonMises(HALF, UNIT),
    distributions.Cauchy(HALF, UNIT),
    distributions.HalfNormal(UNIT),
    distributions.HalfCauchy(UNIT),
    distributions.Gumbel(HALF, UNIT),
    distributions.Pareto(UNIT, UNIT),
    distributions.Uniform(torch.tensor(0.0), UNIT),
    distributions.ContinuousBernoulli(torch.tensor(0.3)),
    distributions.Independent(distributions.Normal(HALVES, UNITS), 1),
    distributions.TransformedDistribution(distributions.Normal(HALF, UNIT), distributions.ExpTransform()),
)

OTHERS: dict[type, Distribution] = {distributions.Pareto: distributions.Pareto(2 * UNIT, 2 * UNIT)}
"""Where two equal distributions know more of each other than two of the family."""


def registered_types() -> set[type]:
    """Return every type that a table of closed forms names, but those that stand for all of a kind."""
    tables = [kind.rules for kind in _kinds(Divergence)]
    pairs = [pair for table in (*tables, MIXTURES) for pair in table.pairs()]
    # third parties' families, which a process may have loaded too, are not genlab's to document
    types = {one for pair in (*pairs, *_KL_REGISTRY) for one in pair if one.__module__.startswith("torch.")}
    return types - {distributions.ExponentialFamily}


def _kinds(kind: type[Divergence]) -> Iterator[type[Divergence]]:
    for child in kind.__subclasses__():
        yield child
        yield from _kinds(child)


def table_text() -> str:
    """Return the two tables in Markdown."""
    lines = [f"| family | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for one in EXAMPLES:
        other = OTHERS.get(type(one), one)
        marks = ("yes" if has_closed_form(divergence, one, other) else "" for divergence in COLUMNS.values())
        lines.append(f"| `{_name(one)}` | {' | '.join(marks)} |")
    lines += [
        "",
        "Between different families:",
        "",
        "| q | p, with the Kullback-Leibler divergence known |",
        "|---|---|",
    ]
    for q in EXAMPLES:
        others = [p for p in EXAMPLES if p is not q and p.event_shape == q.event_shape]
        known = [f"`{_name(p)}`" for p in others if has_closed_form(divergences.kl, q, p)]
        if known:
            lines.append(f"| `{_name(q)}` | {', '.join(known)} |")
    return "\n".join(lines)


def _name(distribution: Distribution) -> str:
    return type(distribution).__name__


class TableDirective(SphinxDirective):
    """`{divergence-table}`: which pair has a closed form of which divergence."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes(table_text())


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("divergence-table", TableDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
