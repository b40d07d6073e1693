"""Distances between two sets of draws, for distributions of which nothing else is known."""

from genlab.divergences.samples.copying import copying, share_of_nearer
from genlab.divergences.samples.frechet_distance import frechet_distance
from genlab.divergences.samples.kernel import Gaussian, Kernel, Laplacian, Polynomial, Sum, median_distance
from genlab.divergences.samples.kernel_distance import kernel_distance
from genlab.divergences.samples.neighbors import nearest, nearest_of, squared_radii
from genlab.divergences.samples.squared_mmd import squared_mmd, squared_mmd_biased
from genlab.divergences.samples.support import SupportOverlap, support_overlap

__all__ = [
    "Gaussian",
    "Kernel",
    "Laplacian",
    "Polynomial",
    "Sum",
    "SupportOverlap",
    "copying",
    "frechet_distance",
    "kernel_distance",
    "median_distance",
    "nearest",
    "nearest_of",
    "share_of_nearer",
    "squared_mmd",
    "squared_mmd_biased",
    "squared_radii",
    "support_overlap",
]
