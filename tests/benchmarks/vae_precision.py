"""Measure what training in bfloat16 costs in quality: `python tests/benchmarks/vae_precision.py`.

A recipe is fitted from several seeds, in float32 and in bfloat16. Of one seed both have the same first parameters, data
in the same order and the same noise, so that their difference is that of the precisions. The bounds on the test split
are evaluated in float32.

Options: `--recipe`, `--steps`, `--seeds`, `--threads`.
"""

import argparse
import statistics
import time

import torch

import genlab


def bound(recipe: str, steps: int, seed: int, precision: str) -> tuple[float, float]:
    """Return the test bound of one fit in nats an example, and the processor time it trained."""
    overrides = [f"seed={seed}", f"train.steps={steps}", f"accelerator.precision={precision}"]
    assembly = genlab.assemble(genlab.read_recipe(recipe, overrides))
    start = time.process_time()
    genlab.fit(assembly)
    seconds = time.process_time() - start
    elbo_nats = genlab.evaluate(assembly, "test", diagnose=False).metrics["elbo_nats"]
    assert elbo_nats is not None
    return elbo_nats, seconds


def main() -> None:
    """Fit from each seed in both and print the mean difference with its standard error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="vae")
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.recipe}, {options.steps} steps")
    differences, exact = [], []
    for seed in range(options.seeds):
        (full, full_seconds), (fast, fast_seconds) = (
            bound(options.recipe, options.steps, seed, precision) for precision in ("float32", "bfloat16")
        )
        differences.append(fast - full)
        exact.append(full)
        print(f"seed {seed}: float32 {full:.3f} nats in {full_seconds:.0f} s", end=", ")
        print(f"bfloat16 {fast:.3f} in {fast_seconds:.0f} s, difference {fast - full:+.3f}", flush=True)
    error = statistics.stdev(differences) / len(differences) ** 0.5
    print(f"bfloat16 - float32: {statistics.mean(differences):+.3f} nats, standard error {error:.3f}")
    print(f"standard deviation over seeds of float32: {statistics.stdev(exact):.3f} nats")


if __name__ == "__main__":
    main()
