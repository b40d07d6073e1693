"""The interfaces: what each part of a recipe promises to the others."""

from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.data_source import Batch, DataSource, DataSpec, Split, Splits
from genlab.interfaces.diagnosis import Diagnosis
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.feature_extractor import FeatureExtractor
from genlab.interfaces.figure import Figure, FigureContext
from genlab.interfaces.invertible_sampler import InvertibleSampler
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.part import Part
from genlab.interfaces.partner import Misfit, Plan
from genlab.interfaces.reconstructing_sampler import ReconstructingSampler
from genlab.interfaces.sampler import Draws, Sampler
from genlab.interfaces.settings import EvalSettings, TrainSettings
from genlab.interfaces.update_rule import TrainingData, UpdateRule
from genlab.interfaces.variational_family import LatentSummary, Posterior, VariationalFamily

__all__ = [
    "Accelerator",
    "Batch",
    "DataSource",
    "DataSpec",
    "Diagnosis",
    "Draws",
    "ELBOEstimator",
    "EvalSettings",
    "FeatureExtractor",
    "Figure",
    "FigureContext",
    "InvertibleSampler",
    "LatentModel",
    "LatentSummary",
    "Misfit",
    "Part",
    "Plan",
    "Posterior",
    "ReconstructingSampler",
    "Sampler",
    "Split",
    "Splits",
    "TrainSettings",
    "TrainingData",
    "UpdateRule",
    "VariationalFamily",
]
