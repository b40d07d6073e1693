"""The law of samplers: draws follow p(x), where that is known."""

from genlab.testing.check import check
from genlab.testing.density import density_of
from genlab.testing.goodness import claim_frequencies, claim_score_identities, every_x
from genlab.testing.laws.sampler import drawn
from genlab.testing.subject import Subject

_NUM_DRAWS = 20_000
_NUM_COUNTED = 5_000


@check("sampler")
def draws_follow_the_marginal(subject: Subject) -> None:
    """Draws follow the density the sampler says they do, or the model's evidence p(x), in everything that is tested.

    It runs where the sampler has a method `log_density(model, x)`, or the model `log_evidence(x)` with one value for
    each x; for data of few possible x, p(x) is otherwise estimated by importance weights of the family. Possible x
    are counted; for real x, E[f'(x) + f(x) d log p / dx] = 0 is tested for f(x) = 1, x and tanh x (Stein's identity).
    A mean of f = 1 that is off means a wrong location, of f = x a wrong spread: it is minus one where all is right.
    A sampler that is an approximation by design fails; say so as an expected failure.
    """
    assembly = subject.assembly()
    density = density_of(subject, assembly)
    states = every_x(assembly.data.spec, drawn(subject, assembly, 1).x)
    if states is None:
        claim_score_identities(drawn(subject, assembly, _NUM_DRAWS).x, density)
    else:
        expected = density.log_prob(states)
        claim_frequencies(drawn(subject, assembly, _NUM_COUNTED).x, states, *expected, density.source)
