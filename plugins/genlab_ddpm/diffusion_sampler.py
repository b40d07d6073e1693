"""What the samplers of a diffusion have in common."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from genlab.interfaces import Misfit, Plan, Sampler
from genlab_ddpm.guidance import ClassifierFree, Guidance
from genlab_ddpm.misfits import count_misfit, guidance_misfit, known
from genlab_ddpm.model import DDPM, Ask


class DiffusionSampler(Sampler):
    """A sampler that asks a diffusion's network at many timesteps.

    Attributes:
        guidance: what leads draws towards classes; None for the network without a class.
    """

    partners: ClassVar[Mapping[str, type]] = {"model": DDPM}
    autocast: ClassVar[bool] = True
    guidance: Guidance | None

    @property
    def _ask(self) -> Ask | None:
        """Whom the sampler asks; None for the network without a class."""
        return None if self.guidance is None else self.guidance.ask

    @classmethod
    def misfits(cls, own: Plan, others: Mapping[str, Plan]) -> Iterable[Misfit]:
        """Return more steps than there are timesteps, and classes that the model was not told."""
        model, guidance = others["model"].keys, own.keys.get("guidance")
        guided = isinstance(guidance, Plan) and guidance.is_a(ClassifierFree)
        return known(
            count_misfit("sampler.steps", own.keys.get("steps", 1), model.get("timesteps")),
            guidance_misfit(model.get("class_conditional", True)) if guided else None,
        )
