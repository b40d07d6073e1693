"""The kit bites: components with one fault each are caught by the check that one would expect.

Beside each stands the correct component it was made of, which passes that check in the same setting.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from reference_recipes import DIFFUSION, LINEAR_GAUSSIAN, MIXTURE, reference_registry
from testing.wrong_components.ddpm_parts import SAMPLERS

from genlab.discovery import Registry
from genlab.plugin import Component, hookimpl
from genlab.recipe import Recipe
from genlab.testing import Check, run_checks
from genlab.testing.catalogue import LAWS

WRONG = "testing.wrong_components"
MODEL, FAMILY, ELBO, SAMPLER, UPDATE, DATA, ACCELERATOR, FEATURES, FIGURE = (
    ("model", "models", "reference-linear-gaussian"),
    ("family", "families", "reference-amortized"),
    ("elbo", "estimators", "reference-linear-gaussian"),
    ("sampler", "samplers", "reference-linear-gaussian"),
    ("update", "updates", "gradient"),
    ("data", "data_sources", "random-reals"),
    ("accelerator", "accelerators", "cpu"),
    ("features", "features", "raw"),
    ("figure", "figures", "bound-curve"),
)
SHARED = ("family", "families", "reference-mixture")
CONSTRUCTOR = ("model", "constructors", "reference-linear-gaussian")
TRACE = ("elbo", "estimators", "trace")
STEPS = ("elbo", "estimators", "reference-diffusion")
CHAIN = ("sampler", "samplers", "reference-diffusion")
LEVELS = ("data", "data_sources", "random-levels")


class Fault(NamedTuple):
    """A wrong component, and the check that catches it.

    Attributes:
        kind: its slot, the module it stands in, and the component it was made of.
        name: its class.
        check: the check.
        tables: parts of the recipe in which it shows itself, where it takes others.
    """

    kind: tuple[str, str, str]
    name: str
    check: str
    tables: Mapping[str, Any] = MappingProxyType({})

    @property
    def component(self) -> Component:
        slot, module, _ = self.kind
        name = "wrong-" + re.sub(r"(?<!^)(?=[A-Z])", "-", self.name).lower()
        return Component(slot, f"{name}-{module}".replace("_", "-"), f"{WRONG}.{module}:{self.name}", "a fault")


INTEGERS = {"data": {"use": "random-levels", "shape": [2], "levels": 3}}
EXACT = {"family": {"use": "reference-exact"}}

FAULTS = (
    Fault(MODEL, "DroppedConstant", "all_x_have_probability_one"),
    Fault(MODEL, "DroppedPriorConstant", "all_z_have_probability_one"),
    Fault(MODEL, "WrongEvidence", "log_evidence_is_the_integral_of_the_joint"),
    Fault(MODEL, "FlippedSign", "all_z_have_probability_one"),
    Fault(MODEL, "SummedOverTheBatch", "log_joint_gives_one_number_for_each_draw"),
    Fault(MODEL, "SinglePrecision", "log_joint_gives_one_number_for_each_draw"),
    Fault(MODEL, "LogOfZero", "log_joint_is_finite", INTEGERS),
    Fault(MODEL, "Underflow", "log_joint_is_finite"),
    Fault(MODEL, "BatchNormalised", "observations_do_not_see_each_other"),
    Fault(MODEL, "InPlace", "log_joint_changes_nothing_in_place"),
    Fault(MODEL, "Dropout", "log_joint_is_a_function"),
    Fault(MODEL, "Detached", "log_joint_has_the_right_gradient"),
    Fault(MODEL, "WrongEventShape", "event_shape_is_that_of_the_data"),
    Fault(MODEL, "ForgottenState", "state_dict_restores_everything"),
    Fault(MODEL, "PickledState", "state_dict_restores_everything"),
    Fault(MODEL, "SelfSeeded", "the_resolved_recipe_builds_the_same_parts"),
    Fault(FAMILY, "TooNarrow", "draws_follow_the_density"),
    Fault(FAMILY, "TooNarrow", "scores_average_to_zero"),
    Fault(FAMILY, "GlobalGenerator", "same_generator_same_draw"),
    Fault(FAMILY, "SeedsGlobally", "same_generator_same_draw"),
    Fault(FAMILY, "KeepsTheModel", "the_family_does_not_hold_the_model"),
    Fault(FAMILY, "IgnoresGenerator", "same_generator_same_draw"),
    Fault(FAMILY, "DetachedSpread", "draws_have_the_right_gradient"),
    Fault(FAMILY, "DoubledGradient", "draws_have_the_right_gradient"),
    Fault(FAMILY, "DroppedDeterminant", "posterior_has_probability_one"),
    Fault(FAMILY, "Underflow", "log_prob_is_finite"),
    Fault(FAMILY, "TakenName", "draws_have_the_form_the_model_takes"),
    Fault(FAMILY, "InPlace", "posterior_changes_nothing_in_place"),
    Fault(FAMILY, "BatchNormalised", "posteriors_do_not_see_each_other"),
    Fault(FAMILY, "SinglePrecision", "log_prob_gives_one_number_for_each_draw"),
    Fault(SHARED, "SwappedAxes", "each_observation_has_its_own_description"),
    Fault(SHARED, "LogOfStd", "credible_intervals_can_be_true"),
    Fault(SHARED, "UncenteredInterval", "credible_intervals_can_be_true"),
    Fault(SHARED, "ShrinkingIntervals", "credible_intervals_can_be_true"),
    Fault(ELBO, "FlippedSign", "estimate_agrees_with_trace"),
    Fault(ELBO, "ForgottenTrace", "bound_is_below_the_evidence", EXACT),
    Fault(ELBO, "ForgottenTrace", "rows_of_trace_keep_their_mean_and_lose_variance"),
    Fault(ELBO, "SurrogateAsBound", "estimate_agrees_with_trace"),
    Fault(ELBO, "WrongScope", "minibatches_are_unbiased"),
    Fault(ELBO, "GlobalGenerator", "same_generator_same_estimate"),
    Fault(ELBO, "InPlace", "estimate_changes_nothing_in_place"),
    Fault(ELBO, "Detached", "objective_has_the_right_gradient"),
    Fault(ELBO, "Detached", "gradient_agrees_with_trace"),
    Fault(ELBO, "BatchMean", "exact_terms_belong_to_their_observation"),
    Fault(TRACE, "ForgottenScale", "minibatches_are_unbiased"),
    Fault(ELBO, "ExactButNoisy", "exact_terms_have_no_noise"),
    Fault(ELBO, "Noisier", "rows_of_trace_keep_their_mean_and_lose_variance"),
    Fault(STEPS, "EarlierAlphaBar", "estimate_agrees_with_trace"),
    Fault(ELBO, "NotANumber", "terms_are_finite_numbers_of_their_scope"),
    Fault(ELBO, "DoubledObjective", "terms_sum_to_the_elbo"),
    Fault(SAMPLER, "WrongVariance", "draws_follow_the_marginal"),
    Fault(SAMPLER, "WrongMean", "draws_follow_the_marginal"),
    Fault(SAMPLER, "WrongShape", "draws_follow_the_marginal"),
    Fault(SAMPLER, "GlobalGenerator", "same_generator_same_draws"),
    Fault(SAMPLER, "NumpyGenerator", "drawing_leaves_the_global_generators_alone"),
    Fault(SAMPLER, "SeedsGlobally", "drawing_leaves_the_global_generators_alone"),
    Fault(SAMPLER, "IgnoresGenerator", "same_generator_same_draws"),
    Fault(SAMPLER, "OneLatentForAll", "draws_of_one_call_are_independent"),
    Fault(SAMPLER, "SinglePrecision", "draws_have_the_shape_of_observations"),
    Fault(SAMPLER, "Squeezed", "draws_have_the_shape_of_observations"),
    Fault(SAMPLER, "LeavesTraining", "drawing_changes_nothing"),
    Fault(SAMPLER, "MovesWeights", "drawing_changes_nothing"),
    Fault(SAMPLER, "NotANumber", "draws_are_values_the_data_can_take"),
    Fault(CHAIN, "EarlierAlphaBar", "draws_follow_the_marginal"),
    Fault(CHAIN, "ForgottenNoise", "draws_follow_the_marginal"),
    Fault(CHAIN, "BackwardTrajectory", "a_trajectory_leads_to_the_draws"),
    Fault(CHAIN, "OtherWithTrajectory", "a_trajectory_leads_to_the_draws"),
    Fault(UPDATE, "ForgetsMoments", "a_resumed_run_is_the_same_to_the_bit"),
    Fault(UPDATE, "ForgetsAverage", "a_resumed_run_is_the_same_to_the_bit"),
    Fault(UPDATE, "KeepsOtherRandomness", "a_resumed_run_is_the_same_to_the_bit"),
    Fault(UPDATE, "KeepsASet", "state_is_tensors_and_plain_values"),
    Fault(UPDATE, "KeepsATuple", "state_is_tensors_and_plain_values"),
    Fault(UPDATE, "Ascends", "steps_gain"),
    Fault(UPDATE, "StandsStill", "steps_move_parameters_and_nothing_else"),
    Fault(UPDATE, "MovesAConstant", "steps_move_parameters_and_nothing_else"),
    Fault(UPDATE, "MovesTheData", "steps_move_parameters_and_nothing_else"),
    Fault(UPDATE, "KeepsTheGraph", "a_step_returns_the_bound_detached"),
    Fault(UPDATE, "KeepsTheAverage", "evaluation_weights_are_given_back"),
    Fault(UPDATE, "KeepsTheAverageAfterAnError", "evaluation_weights_are_given_back"),
    Fault(UPDATE, "GlobalGenerator", "same_generator_same_steps"),
    Fault(DATA, "OverlappingSplits", "splits_share_no_observation"),
    Fault(DATA, "NothingToTrainOn", "splits_share_no_observation"),
    Fault(DATA, "WrongCount", "observations_are_what_the_specification_says"),
    Fault(DATA, "OtherEachTime", "loading_twice_gives_the_same_data"),
    Fault(LEVELS, "HalfLevels", "observations_are_what_the_specification_says"),
    Fault(DATA, "UnknownLabels", "observations_are_what_the_specification_says"),
    Fault(DATA, "LabelsFromOne", "observations_are_what_the_specification_says"),
    Fault(DATA, "SortsIndices", "a_batch_holds_the_observations_asked_for"),
    Fault(DATA, "ReadsAhead", "indices_are_read_as_they_come"),
    Fault(DATA, "SharesMemory", "a_batch_can_be_written_to"),
    Fault(DATA, "LosesSomeWhenMoved", "a_split_can_be_moved"),
    Fault(ACCELERATOR, "RoundsParameters", "placing_keeps_every_value"),
    Fault(ACCELERATOR, "RoundsParameters", "it_computes_what_the_cpu_computes"),
    Fault(ACCELERATOR, "ThawsParameters", "placing_keeps_every_value"),
    Fault(ACCELERATOR, "WrongNumbers", "autocast_ends_with_its_context"),
    Fault(ACCELERATOR, "NeverEndsAutocast", "autocast_ends_with_its_context"),
    Fault(ACCELERATOR, "OneSequence", "generators_are_seeded_on_the_device"),
    Fault(ACCELERATOR, "AddsWhenAlone", "it_tells_what_it_is"),
    Fault(ACCELERATOR, "Silent", "it_tells_what_it_is"),
    Fault(FEATURES, "SinglePrecision", "features_are_rows_of_one_length"),
    Fault(FEATURES, "OneFeatureAnObservation", "features_are_rows_of_one_length"),
    Fault(FEATURES, "LogOfZero", "features_are_finite"),
    Fault(FEATURES, "SeesNothing", "features_tell_observations_apart"),
    Fault(FEATURES, "BatchNormalised", "features_of_one_observation_do_not_depend_on_the_others"),
    Fault(FEATURES, "Dropout", "same_observations_same_features"),
    Fault(FEATURES, "GoesOnLearning", "same_observations_same_features"),
    Fault(FEATURES, "RandomDirections", "fitting_features_again_gives_the_same"),
    Fault(FEATURES, "SeedsGlobally", "fitting_features_again_gives_the_same"),
    Fault(FEATURES, "FittedToTestData", "features_are_fitted_to_training_data_alone"),
    Fault(FEATURES, "InPlace", "computing_features_changes_nothing"),
    Fault(FEATURES, "NameOfTwoWords", "features_have_a_name_for_metrics"),
    Fault(FIGURE, "MovesTheModel", "drawing_a_figure_changes_nothing"),
    Fault(FIGURE, "GlobalNoise", "drawing_a_figure_changes_nothing"),
    Fault(FIGURE, "OtherEachTime", "same_generator_same_picture"),
    Fault(FIGURE, "NoCanvas", "a_figure_is_a_picture_or_nothing"),
    Fault(FIGURE, "WantsAKey", "keys_survive_toml"),
    Fault(CONSTRUCTOR, "SilentKey", "every_key_is_documented"),
    Fault(CONSTRUCTOR, "NotANumber", "keys_survive_toml"),
    Fault(CONSTRUCTOR, "ImpossibleDefault", "keys_survive_toml"),
)
WHOLE = {
    "name": "faults",
    "data": {"use": "random-reals", "shape": [2], "num_train": 12, "batch_size": 4},
    "update": {"use": "gradient", "lr": 0.02, "ema": 0.9},
    "train": {"steps": 40},
    "accelerator": {"use": "cpu", "precision": "float32"},
}


SETTINGS = {"reference-diffusion": DIFFUSION, "reference-mixture": MIXTURE}
"""The recipe in which a component is checked, where it is not that of the linear Gaussian model."""


class WrongPlugin:
    """Offers the wrong components."""

    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        return list(dict.fromkeys(fault.component for fault in FAULTS))


REGISTRY = reference_registry(wrong=WrongPlugin())


def outcome(fault: Fault, name: str, registry: Registry = REGISTRY) -> list[tuple[str, str]]:
    """Return outcome and reason of a fault's check for the component of a name in its slot."""
    slot, _, twin = fault.kind
    tables = WHOLE | {key: table for key, table in SETTINGS.get(twin, LINEAR_GAUSSIAN).items() if key != "data"}
    tables |= INTEGERS if twin == "random-levels" else fault.tables
    if slot == "data":
        tables["data"] = {**tables["data"], "use": name}
    elif slot == "features":
        tables["eval"] = {"features": {"use": name}}
    elif slot != "figure":
        tables[slot] = {"use": name}
    report = run_checks(f"{slot}/{name}", registry=registry, recipes=[Recipe.from_tables(tables)], only=[fault.check])
    return [(result.outcome, result.reason) for result in report.results if result.check]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind[0]}-{fault.name}-{fault.check}")
def test_a_fault_is_caught_by_its_check_and_the_correct_component_passes(fault: Fault) -> None:
    ((found, reason),) = outcome(fault, fault.component.name)
    assert found == "failed", reason
    assert reason
    assert outcome(fault, fault.kind[2]) == [("passed", "")]


def test_every_check_of_the_kit_catches_a_fault() -> None:
    kit = [check for module in LAWS for check in vars(module).values() if isinstance(check, Check)]
    # What no reference sampler of the kit does, tests/genlab_ddpm/test_testing.py shows of a diffusion's.
    caught = {fault.check for fault in FAULTS} | {check for _, _, check in SAMPLERS}
    assert [check.name for check in kit if check.name not in caught] == []
