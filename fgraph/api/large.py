"""Images of any length, made and written piece by piece, so that no image is whole in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal, Unpack, cast

from fgraph._atomic import Staging, save_error
from fgraph._errors import FgraphError, SaveError
from fgraph._imaging.choices import QUALITY
from fgraph._imaging.encode import Pixels, viewable, viewable_channels
from fgraph._options import DEFAULT_OPTIONS, RunKeywords, RunOptions
from fgraph._paths import row_paths
from fgraph._ports import Kind
from fgraph.api import pipeline
from fgraph.api.graphs import GraphLike, load, lower_graphs
from fgraph.declare import Graph
from fgraph.declare.spec import Subgraph
from fgraph.ir.program import Program
from fgraph.save.formats import check_large
from fgraph.save.manifest import MANIFEST, listed_files, outdated
from fgraph.save.record import Record
from fgraph.save.recording import record_graph
from fgraph.save.slabs import Slabs
from fgraph.save.tiled import write_deep_zoom, write_tiff
from fgraph.save.writer import list_files

PIECE = 2048  # pixels of a piece along the longer side
LARGE_SUFFIXES = (".tif", ".tiff", ".dzi")


@dataclass(frozen=True)
class LargeOptions:
    """Options of large images."""

    run: RunOptions = DEFAULT_OPTIONS
    piece: int = PIECE
    tiles: str = "jpeg"  # format of Deep Zoom tiles: png, webp or jpeg
    quality: int = QUALITY

    def __post_init__(self) -> None:
        if not isinstance(self.piece, int) or isinstance(self.piece, bool) or self.piece < 1:
            raise FgraphError(f"output.piece is {self.piece!r}: expected a number of pixels, at least 1")


def save_large(
    graph: GraphLike,
    path: str | Path,
    output: str | None = None,
    *,
    record: Record | None = None,
    piece: int = PIECE,
    tiles: str = "jpeg",
    quality: int = QUALITY,
    **options: Unpack[RunKeywords],
) -> list[Path]:
    """Make an image of a graph piece by piece along its longer side, and write it as a tiled file.

    Each piece is a run that computes only what the piece needs, and is written before the next run. The memory needed
    depends on the size of a piece, not on the length of the image. Inversions run once, before the pieces;
    those in a sub-graph run again for each piece.

    Args:
        graph: a graph, a path, YAML text or a mapping.
        path: `.tif` (a tiled TIFF with smaller levels) or `.dzi` (Deep Zoom, with a page that shows it); the files of
            several rows are numbered.
        output: the name of an output; by default the first image.
        record: the provenance to store in the TIFF; by default the record of the graph.
        piece: pixels of a piece along the longer side.
        tiles: the format of the tiles of Deep Zoom: png, webp or jpeg.
        quality: the quality of WebP and JPEG, 1 to 100.
        options: `device`, `precision`, `torch_compile`, `memory`: see `compile`.

    Returns:
        The paths; for Deep Zoom, those of the `.dzi` and the page.

    Raises:
        GraphError: the graph is wrong.
        SaveError: the path has another ending, there is no such image, or a file can't be written.
    """
    path, how = Path(path), LargeOptions(RunOptions.of(**options), piece, tiles, quality)
    if path.suffix.lower() not in LARGE_SUFFIXES:
        raise SaveError(f"cannot write {path}: its name must end in .tif or .dzi")
    whole = graph if isinstance(graph, Graph) else load(graph)
    record = record or record_graph(whole, {"precision": how.run.precision})
    program, _ = lower_graphs([whole])
    picture = replace(_find(whole, program, output, how), graph=_with_codes(whole, how))
    return [one for written in _write_rows(picture, path, record) for one in written.paths]


def save_large_images(
    graph: Graph, directory: Path, formats: Sequence[str], record: Record, how: LargeOptions
) -> tuple[list[Path], Sequence[str]]:
    """Write every image output of a graph into a directory piece by piece, then `manifest.json`.

    Returns:
        The paths, without those of Deep Zoom tiles, which the manifest lists; and the files of an earlier run in the
        directory, which the manifest no longer lists.

    Raises:
        SaveError: a format isn't one of `LARGE_FORMATS`, an output isn't an image, or a file can't be written.
    """
    check_large(formats)
    program, _ = lower_graphs([graph])
    earlier = [one.file for one in listed_files(directory)]
    for one in program.outputs:
        if one.kind is not Kind.IMAGE:
            raise SaveError(f"output '{one.name}' is {one.kind.value}: tiff and dzi are for images; leave it out")
    paths: list[Path] = []
    listed: list[tuple[str, Path]] = []
    fixed = _with_codes(graph, how)
    for name, kind in product((one.name for one in program.outputs), formats):
        picture = replace(_find(graph, program, name, how), graph=fixed)
        for written in _write_rows(picture, directory / f"{name}{'.tif' if kind == 'tiff' else '.dzi'}", record):
            paths += written.paths
            listed += [(name, path) for path in (*written.paths, *written.tiles)]
    manifest = list_files(directory, listed, record, earlier)
    return [*paths, directory / MANIFEST], manifest.unlisted


def _write_rows(picture: _Picture, path: Path, record: Record) -> Iterator[_Written]:
    for row, target in enumerate(row_paths(path, picture.rows)):
        try:
            yield picture.write(row, target, record.for_row(row))
        except OSError as error:
            raise save_error(target, error) from error


@dataclass(frozen=True)
class _Written:
    """The files of one row."""

    paths: tuple[Path, ...]
    tiles: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Picture:
    """The image of a node, with the options to make it in pieces."""

    graph: Graph
    node: str
    rows: int
    channels: int
    height: int
    width: int
    how: LargeOptions

    def write(self, row: int, target: Path, record: Record) -> _Written:
        """Write one row."""
        with Staging(target.parent, target.stem) as staging:
            slabs = Slabs(staging.folder / "pixels", self.height, self.width, viewable_channels(self.channels))
            try:
                for start, pixels in self._pieces(row):
                    slabs.put(start, pixels)
                if target.suffix.lower() == ".dzi":
                    return self._write_deep_zoom(slabs, target, staging)
                write_tiff(slabs, staging.place(target.name), record.to_text())
                staging.commit(obsolete=outdated(target.parent, [target.name]))
                return _Written((target,))
            finally:
                slabs.close()

    def _write_deep_zoom(self, slabs: Slabs, target: Path, staging: Staging) -> _Written:
        """Write the tiles, then the page and the `.dzi`; earlier ones are removed before the tiles are replaced."""
        names = [f"{target.stem}_files", f"{target.stem}.html", target.name]
        tiles, _, made = map(staging.place, names)
        ring = _is_ring(self.graph)
        write_deep_zoom(slabs, made, self.how.tiles, self.how.quality, wraps=ring)
        found = sorted(path.relative_to(staging.folder) for path in tiles.rglob("*") if path.is_file())
        staging.commit(obsolete=[*outdated(target.parent, names), *names[1:]])
        paths = (target, target.with_suffix(".html"))
        return _Written(paths, tuple(target.parent / path for path in found))

    def _pieces(self, row: int) -> Iterator[tuple[int, Pixels]]:
        """Yield the pieces of one row, each with its start along the longer side."""
        along_x = self.width >= self.height
        length = self.width if along_x else self.height
        for start in range(0, length, self.how.piece):
            size = min(self.how.piece, length - start)
            part = Graph.from_spec(self.graph.spec, ops=self.graph._ops)
            one = part.rows(self.node, take=str(row))
            if along_x:
                part.outputs = {"piece": part.crop(one, left=start, width=size, unit="pixel")}
            else:
                part.outputs = {"piece": part.crop(one, top=start, height=size, unit="pixel")}
            yield start, viewable(_run(part, self.how)["piece"].pixels(0))


def _run(graph: Graph, how: LargeOptions, outputs: Mapping[str, Any] | None = None) -> Any:
    return pipeline.run(graph, outputs=outputs, **how.run.keywords)


def _find(graph: Graph, program: Program, output: str | None, how: LargeOptions) -> _Picture:
    """Find an output of a graph and its program, its number of rows and its size, without running anything."""
    images = {one.name: one for one in program.outputs if one.kind is Kind.IMAGE}
    name = output or next(iter(images), None)
    if name not in images:
        raise SaveError(f"there is no image '{name}' among the outputs: {', '.join(graph.outputs)}")
    pixels = images[name].tensors["pixels"]
    channels, height, width = program.instructions[pixels.value].type.shape
    return _Picture(graph, graph.outputs[name], pixels.rows, channels, height, width, how)


def _with_codes(graph: Graph, how: LargeOptions) -> Graph:
    """Replace inversions of a graph, except in sub-graphs, by the codes that they find; each piece would run them."""
    found = {name: node for name, node in graph.spec.nodes.items() if node.op == "invert"}
    if not found:
        return graph
    fixed = Graph(graph.spec.models, graph.spec.seed, graph.spec.noise, params=graph.spec.params, ops=graph._ops)
    fixed._nodes = {name: node for name, node in graph.spec.nodes.items() if name not in found}
    for name, codes in _run(graph, how, {name: name for name in found}).items():
        space = cast(Literal["z", "w", "w+", "s"], codes.space)
        fixed.latent(value=codes.array, space=space, model=getattr(found[name], "model", None), id=name)
    return fixed


def _is_ring(graph: Graph) -> bool:
    """Return whether the image is a whole ring, so that a viewer may continue at the left edge beyond the right one."""
    nodes = [node for _, node, _ in graph.spec.walk() if not isinstance(node, Subgraph)]
    cut = any(node.op in ("crop", "pad", "concat", "knit", "resize") for node in nodes)
    return not cut and any(getattr(node, "wrap", "none") in ("x", "both") for node in nodes)
