"""`fgraph help`: all commands and settings."""

from __future__ import annotations

from collections.abc import Sequence

from fgraph.cli.arguments import GRAPHS
from fgraph.cli.modes import COMMANDS
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

_USAGE = """\
fgraph edits images through StyleGAN: a graph of small nodes becomes one batched forward pass.

usage: fgraph [MODE] [GRAPH | FILE.yaml | PICTURE] [key=value ...]        (from a checkout: python run.py ...)
       fgraph COMMAND ...                                               (fgraph COMMAND --help says more)

  fgraph panorama                       run a bundled graph
  fgraph blend.yaml seed=7              run a graph file, with another seed
  fgraph check blend.yaml               find every mistake in a graph file; run nothing
  fgraph out/image.png seed=8           run the graph inside a picture of fgraph, with changes
  fgraph -m blend.yaml seed=1,2,3       run a sweep: all jobs together, as one plan

Commands:
"""
_SETTINGS = """\
Modes; `mode=NAME` does the same as NAME in first place:
  run                   make the images, write them and a manifest.json, print the paths (the default)
  explain               print the plan: calls of each layer, rows, FLOPs, bytes, a forecast; run nothing
                        (except to measure the device for a second, the first time)
  ir                    print the program as lowered, after each pass, and the plan, with the time each took;
                        listing=diff: what each pass changes
  check                 validate only: every fault of the graph, with file and line
  draw                  draw the graph and its plan as SVG files

Settings:
  graph=NAME|FILE       a bundled graph or a graph file
  from=PICTURE          run the graph, seeds and settings inside a picture that fgraph wrote, instead of graph=
  model=NAME|PATH|URL   the generator: a bundled one (landscape, avatar, ...), a checkpoint file, or one at
                        https://... or hf://organisation/repository/file
  offline=true          download nothing, use cached models
  cache=DIR  hub=URL    the folder of cached models; a mirror of the Hugging Face hub
  seed=N                the seed of the graph; nodes without a seed derive one from it
  device=auto           auto, cpu, cuda
  precision=float32     float32, float64, bfloat16, float16
  torch_compile=true    run the layers through torch.compile, slow the first time; or the name of a backend
  memory=2GiB           the memory budget of a plan
  picture_limit=1GiB    the memory limit of one decoded picture file; default: 512MiB
  output.formats=[png,webp,jpeg,npy]      npy: float32 arrays; gif, mp4: rows as a film
  output.formats=[tiff] images of any length, made piece by piece: a tiled TIFF; dzi: Deep Zoom with a page
  output.scale=4        pictures and films four times as large; output.resampling=lanczos: smooth
  output.strip=x        the rows of an image in one more file; y: from top to bottom
  output.grid=auto      the same in lines; or the number of columns
  output.labels=true    the values that differ by row, above the pictures of a strip or grid; or a list of texts
  output.compare=true   one more file: the inputs of the graph beside its outputs
  output.explain=true   one more file: the images with each node left out
  output.fps=25 output.pingpong=true      the playback of films
  output.sheet=false    no contact sheet after a sweep
  hydra.run.dir=DIR     the output folder; default: outputs/GRAPH/TIME

  Any field of any node:
  graph.nodes.NODE.FIELD=VALUE            e.g. fgraph blend_horizontal graph.nodes.fade.start=0.4

Model files, without a graph:
  inspect PATH          print its format, architecture, sizes, parameters and SHA-256
  convert PATH OUT.safetensors            write it in fgraph's format; half=true: in float16
  convert PATH OUT.pt   write it for rosinality's programs and SOAT
  mix A.pkl B.pkl OUT.safetensors mix.resolution=32 mix.width=1       layers from resolution 32 on come from B,
                        with a soft change; without mix.resolution, the average of the models
  convert bending=CONFIG.yaml clusters=FILE.yaml target=OUT.yaml      a graph of terrybroad/network-bending's

Pictures, without a graph (docs/how-to/inversion.md):
  invert DIR            find the codes whose images are closest to the pictures in a folder: .safetensors
                        with the reconstruction and the loss curve; an interrupted job resumes
  inversion.preset=fast|soat  inversion.space=s|w|w+  inversion.prior=none|gaussian|gaussian-full|wulff
  inversion.fit=crop|pad|stretch  inversion.align=ffhq  inversion.starts=4  inversion.noise=true
  inversion.tune.steps=300                also fit the generator to each picture (PTI)
  exit code 3: unreadable pictures were skipped, the others are done

Training, without a graph (docs/how-to/training.md); run the same command again to resume:
  train DIR training.size=64              a generator from scratch
  finetune DIR model=PATH                 to a second domain, with frozen mapping and affine layers
  grow DIR model=SNAPSHOT                 one more block, of twice the size
  train-encoder MODEL                     an encoder, which finds codes of pictures at once (docs/how-to/encoders.md)
  target=DIR            the folder for snapshot, model, samples and losses
  training.images=N, training.batch=N, ...        other settings: --cfg job

Sweeps; quote characters that the shell would interpret:
  fgraph -m panorama 'seed=range(0,8)'
  fgraph -m graph=blend_horizontal,mine.yaml seed=1,2
  hydra.sweeper.max_batch_size=N          at most N jobs together
  hydra/launcher=basic  one job after the other
  hydra/launcher=ray    in Ray actors, on this machine or a cluster

Flags:
  -m, --multirun        run a sweep over lists of values
  --config-dir DIR      a folder of your own, with DIR/graph/NAME.yaml, DIR/training/NAME.yaml, ...
  --cfg job             print the whole configuration
  --hydra-help          Hydra's own flags
  --version             print the version of fgraph"""


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Print the help."""
    say(help_text())
    return 0


def help_text() -> str:
    """Return the help, with all commands and bundled graphs."""
    commands = [f"  {name:<22}{summary}" for name, summary in COMMANDS.items()]
    graphs = ", ".join(sorted(path.stem for path in GRAPHS.glob("*.yaml")))
    return "\n".join([_USAGE + "\n".join(commands), "", _wrapped("Bundled graphs:", graphs), "", _SETTINGS])


def _wrapped(title: str, text: str) -> str:
    import textwrap

    return "\n".join([title, *textwrap.wrap(text, 112, initial_indent="  ", subsequent_indent="  ")])
