"""`genlab sample`: new observations from a run."""

from pathlib import Path

import click

from genlab.cli import verbs
from genlab.cli.busy import busy
from genlab.cli.completion import complete_run
from genlab.cli.new_file import new_file
from genlab.cli.options import override_option, verbose_option
from genlab.cli.run_lookup import find_run
from genlab.cli.session import Session, pass_session


@click.command("sample")
@click.argument("run", shell_complete=complete_run)
@click.option("-n", "num_draws", type=click.IntRange(min=1), default=16, show_default=True, help="How many to draw.")
@click.option("--seed", type=click.IntRange(min=0), help="Another stream of draws; by default the recipe's seed.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file ending in .png (a grid of images), .gif or .apng (the way there), .csv (columns), .npz or "
    ".safetensors; by default in RUN/samples.",
)
@click.option(
    "--trajectory",
    is_flag=True,
    help="Keep the way there too, where the sampler has one; images become an animation unless --out says otherwise.",
)
@override_option
@verbose_option
@pass_session
def command(
    session: Session,
    *,
    run: str,
    num_draws: int,
    seed: int | None,
    out: Path | None,
    trajectory: bool,
    overrides: tuple[str, ...],
) -> None:
    """Draw new observations from a run.

    RUN is a run folder, or a recipe's name for its newest run under ./runs. The same run, seed and number give the
    same draws. What is written is in the data's own values; the file's path goes to standard output. Where draws are of
    chosen classes, a file holds their `labels` too, and a picture shows them in the order of the classes.

    \b
    Examples:
      genlab sample ddpm -n 64
      genlab sample ddpm -n 64 -s sampler.use=ddim -s sampler.steps=25 --out fast.png
      genlab sample ddpm -n 16 --out way.gif -s sampler.frames=40
      genlab sample ddpm-fashion-mnist-classes -s sampler.guidance.classes=[5,7] --out draws.npz
      genlab sample mixture -n 1000 --out customers.csv
      genlab sample runs/vae-mnist/20260101T120000Z-1a2b3c -n 10000 --out draws.npz
    """
    if trajectory and out is not None and out.suffix in (".png", ".csv"):
        raise click.UsageError(f"--trajectory must go to a .gif, .apng, .npz or .safetensors file, got {out.suffix}.")
    opened = verbs.open_run(find_run(run), overrides, session.registry())
    spec = opened.assembly.data.spec
    picture = ".gif" if trajectory else ".png"
    path = out or new_file(
        opened.folder.path / "samples",
        f"step-{opened.step}-n-{num_draws}",
        picture if spec.is_image else ".npz",
    )
    verbs.check_destination(spec, path)
    trajectory = trajectory or path.suffix in (".gif", ".apng")
    with busy(session, f"drawing {num_draws:,}"):
        draws = verbs.draw(opened.assembly, num_draws, seed=seed, trajectory=trajectory)
    verbs.save_draws(draws, spec, path)
    session.out.print(str(path), soft_wrap=True)
