"""`genlab reconstruct`: observations, the latents behind them, and what these lead to."""

from pathlib import Path

import click

from genlab import numbers
from genlab.cli import verbs
from genlab.cli.busy import busy
from genlab.cli.completion import complete_run
from genlab.cli.documents import print_json
from genlab.cli.new_file import new_file
from genlab.cli.options import data_option, json_option, override_option, split_option, verbose_option
from genlab.cli.run_lookup import find_run
from genlab.cli.session import Session, pass_session


@click.command("reconstruct")
@click.argument("run", shell_complete=complete_run)
@click.option("-n", "num", type=click.IntRange(min=1), default=10, show_default=True, help="How many observations.")
@split_option("Whose observations; by default test, or train where there are no test data.", default=None)
@data_option("Other observations instead: a file or folder of the kind the recipe reads.")
@click.option(
    "--between",
    type=click.IntRange(min=2),
    metavar="K",
    help="Also go from the first observation to the second, from the third to the fourth, ..., in K images.",
)
@click.option(
    "--out",
    "files",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A file ending in .png, .npz or .safetensors; by default in RUN/samples. Repeatable.",
)
@override_option
@json_option
@verbose_option
@pass_session
def command(
    session: Session,
    *,
    run: str,
    num: int,
    split: str | None,
    data: Path | None,
    between: int | None,
    files: tuple[Path, ...],
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Lead observations to their latents, and from there to x again.

    RUN is a run folder, or a recipe's name for its newest run under ./runs. Its sampler must be one that goes both
    ways: an autoencoder's, or `ddim` or `heun` of a diffusion. A picture shows each observation above its
    reconstruction; an .npz or .safetensors file holds `x`, `latents`, `reconstructed` and `between`. The files' paths
    go to standard output.

    \b
    Examples:
      genlab reconstruct vae-mnist
      genlab reconstruct ddpm -n 100 --out latents.npz -s sampler.steps=200
      genlab reconstruct ddpm -n 8 --between 9 --out ways.png
    """
    opened = verbs.open_run(find_run(run), overrides, session.registry())
    assembly, spec = opened.assembly, opened.assembly.data.spec
    verbs.check_reconstructing(assembly)
    default = new_file(opened.folder.path / "samples", f"reconstructed-n-{num}", ".png" if spec.is_image else ".npz")
    for path in files:
        verbs.check_reconstruction_file(spec, path)
    split = split or ("test" if len(assembly.data.test) else "train")
    chosen = assembly.data[split] if data is None else verbs.other_data(assembly, data)
    with busy(session, f"leading {num:,} back"):
        found = verbs.reconstruct(assembly, chosen, num, between=between)
    for path in files or (default,):
        verbs.save_reconstruction(found, spec, path)
    if as_json:
        print_json(session, {"num_examples": num, "reconstruction_rmse": found.rmse, "out": list(files or (default,))})
        return
    session.err.print(f"root mean squared difference {numbers.significant(found.rmse)}, in the data's own unit")
    for path in files or (default,):
        session.out.print(str(path), soft_wrap=True)
