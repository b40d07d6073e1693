"""Which keys of a diffusion's parts do not go together.

A learned variance and a learned schedule are trained by the bound alone. The squared errors do not depend on the
variance, and are smallest for the schedule that leaves nothing but noise. Where neither is learned, a bound that
reaches the variance only moves nothing.

Each rule is a function of what it is about, so that a recipe is refused before it runs and parts that were put
together by hand when they meet.
"""

from collections.abc import Iterator
from typing import Any

from genlab.errors import IncompatibleError
from genlab.interfaces import Misfit, Plan
from genlab_ddpm.model import Variance
from genlab_ddpm.objective import Objective
from genlab_ddpm.schedule import LearnedSchedule


def training_misfit(
    variance: Variance, objective: Objective | type[Objective], name: str, *, learned_schedule: bool
) -> Misfit | None:
    """Return why an objective does not train what is to be learned of a model, or has nothing to train.

    Args:
        variance: of the model.
        objective: what is minimised.
        name: the objective's.
        learned_schedule: whether the model's schedule has parameters.
    """
    key, reaches = "elbo.objective", objective.bound_reaches
    if learned_schedule and reaches != "everything":
        return Misfit(
            key,
            f"must train the schedule by the bound where model.schedule learns, got {name!r}, which is smallest where "
            "nothing but noise is left. Use objective 'bound', or a schedule that is fixed.",
        )
    if variance == "learned-range" and reaches == "nothing":
        return Misfit(
            key,
            f"must train the variance by the bound where model.variance = 'learned-range', got {name!r}. Use objective "
            "'hybrid' or 'bound', or a fixed variance.",
        )
    if variance != "learned-range" and reaches == "variance":
        return Misfit(
            key,
            f"must have a variance to train by the bound, got {name!r} with model.variance = {variance!r}. Use "
            "objective 'simple', or model.variance = 'learned-range'.",
        )
    return None


def planned_training_misfit(own: Plan, model: Plan) -> Misfit | None:
    """Return the same of a recipe's estimator with an objective, and its model."""
    objective, schedule, variance = own.keys["objective"], model.keys.get("schedule"), model.keys.get("variance")
    if own.key != "elbo" or variance is None or not objective.is_a(Objective):
        return None
    learned = isinstance(schedule, Plan) and schedule.is_a(LearnedSchedule)
    return training_misfit(variance, objective.builds, objective.use, learned_schedule=learned)


def continuous_misfit(variance: Variance | None) -> Misfit | None:
    """Return why a model is not trained in continuous time; a variance of None is not known."""
    if variance != "learned-range":
        return None
    return Misfit(
        "model.variance",
        "must be fixed where elbo 'continuous-time' trains, in which it has no say, got 'learned-range'. Use a fixed "
        "variance, or elbo 'denoising'.",
    )


def count_misfit(key: str, count: int, timesteps: int | None, *, less: int = 0) -> Misfit | None:
    """Return why so many timesteps cannot be visited.

    Args:
        key: which key says how many.
        count: how many.
        timesteps: T; None where it is not known.
        less: how many of the T cannot be.
    """
    if timesteps is None or count <= timesteps - less:
        return None
    rule = f"must be {'below' if less else 'at most'} model.timesteps = {timesteps}, got {count}."
    return Misfit(key, f"{rule} Lower it.")


def guidance_misfit(classes: Any) -> Misfit | None:
    """Return why draws cannot be guided towards classes.

    Args:
        classes: what says that a model is told some; false where it is told none.
    """
    if classes:
        return None
    return Misfit(
        "sampler.guidance",
        "must have a model that was told classes, got one that was not. Train it with model.class_conditional = true, "
        "or leave guidance out.",
    )


def known(*misfits: Misfit | None) -> Iterator[Misfit]:
    """Yield those that there are."""
    return (misfit for misfit in misfits if misfit is not None)


def refuse(misfit: Misfit | None) -> None:
    """Raise where there is a misfit.

    Raises:
        IncompatibleError: saying which key must change.
    """
    if misfit is not None:
        raise IncompatibleError(str(misfit))
