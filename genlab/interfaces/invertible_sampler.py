"""A sampler that goes both ways: from latents to x, and from x to the latents it could have been drawn from."""

from genlab.interfaces.reconstructing_sampler import ReconstructingSampler


class InvertibleSampler(ReconstructingSampler):
    """A sampler whose draws are a function of latents, which it can find again for an observation.

    So `draw_from` leads from the latents that `find_latents` finds back to x, as nearly as it can. Where the sampler
    has a key `steps`, more of them bring it nearer.
    """
