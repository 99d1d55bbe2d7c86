"""The nodes as methods of a graph. Generated from the node classes: do not edit."""
# ruff: noqa: D403

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, overload

from fgraph._errors import GraphError
from fgraph._nodes import Registry
from fgraph.declare.handle import NodeRef
from fgraph.node import Noise

Reference: TypeAlias = NodeRef | str

class NoSuchNodeError(GraphError, AttributeError): ...

class NodeMethods:
    _ops: Registry

    def _add(self, op: str, *args: Any, id: str | None = None, **fields: Any) -> NodeRef: ...
    def sample(
        self,
        seed: int | Sequence[int] | None = ...,
        count: int = ...,
        truncation: float | Sequence[float] = ...,
        cutoff: int | None = ...,
        smooth: float = ...,
        class_: int | Sequence[int] | None = ...,
        draw: Literal["torch", "numpy"] = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Codes drawn from a seed: z, or W where they are truncated.

        Each seed gives `count` rows, drawn together. A row is the same on every device and in every batch.

        Fields:
            seed: one, or a list, a row each; absent: derived from the graph's seed and the node's id
            count: rows for each seed
            truncation: ψ, in W: 1 leaves the codes as they are, 0 is the mean
            cutoff: truncate only the W+ rows below this one; absent: all
            smooth: σ, in rows, of a Gaussian along the rows that goes round, then RMS 1 (published panorama: 0.7)
            class: of a conditional model: which of its classes, from 0, or a list, one a row
            draw: the generator that published seeds belong to: torch for SOAT, numpy for NVlabs
            model: the model they are codes of; absent: main
        """

    def latent(
        self,
        file: str | None = ...,
        value: Any | None = ...,
        array: str | None = ...,
        space: Literal["z", "w", "w+", "s"] | None = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Codes from a file or an array, in one of the four spaces.

        z is [rows, z_dim] (of a conditional model [rows, z_dim + classes]), W [rows, w_dim], W+ [rows, num_ws,
        w_dim], S [rows, sum of style lengths]; one row may come without its first axis.

        Fields:
            file: .npz, .npy, .safetensors or .pt
            value: the numbers themselves
            array: which array of the file; absent: its only one, or `latent`
            space: the space that the numbers stand in; absent: what the file tells, w+ if they have 3 axes, else w
            model: the model they are codes of; absent: main
        """

    def rows(
        self,
        of: Reference,
        take: str = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Rows picked from a value: a slice as in Python (`:-1`, `1:`, `::2`), numbers (`0,2,2`), or both.

        Fields:
            of: what rows are picked from
            take: which rows; negative ones count from the end
        """

    def lerp(
        self,
        a: Reference,
        b: Reference,
        t: float | Sequence[float] = ...,
        space: Literal["z", "w", "w+", "s"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """a + t (b - a): 0 is a, 1 is b, others lie on the line through both.

        Fields:
            a: the codes at t = 0
            b: the codes at t = 1
            t: how far from a to b
            space: the space the line is drawn in, or the later one of a or b
        """

    def mix(
        self,
        a: Reference,
        b: Reference,
        layers: str | int | None = ...,
        rows: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Style mixing: the codes of `a`, with those of `b` at some layers (Karras et al. 2019, section 3.1).

        Fields:
            a: the codes that are kept
            b: the codes that some of the styles come from
            layers: the layers, by name or σ index, whose styles are b's
            rows: instead of layers: the W+ rows that are b's, such as 4..
        """

    def align(
        self,
        of: Reference,
        to: Reference,
        rows: str | None = ...,
        layers: str | int | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """The codes of `of`, wearing the coarse codes of `to`, so that both have one pose.

        The paper's reading is the first 2048 dimensions of W+, rows 0..3 (SOAT, section 4.6); `layers` says
        another.

        Fields:
            of: the codes that change their pose
            to: the codes whose pose is taken
            rows: the W+ rows taken from `to`; absent, and no layers: 0..3
            layers: instead of rows: layers, by name or σ index
        """

    def image(
        self,
        path: str | Sequence[str],
        size: int | Sequence[int] | None = ...,
        fit: Literal["crop", "pad", "stretch"] = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Pictures from files, a row each: any format and mode that Pillow reads, upright as the camera says.

        Fields:
            path: one file, or a list; sought where you are, then among the bundled pictures
            size: pixels: a side, or [height, width]; absent: the model's
            fit: crop fills the size, pad shows all on white, stretch changes the proportions
            model: the model whose size is meant; absent: main
        """

    def invert(
        self,
        of: Reference,
        space: Literal["s", "w+"] = ...,
        steps: int = ...,
        learning_rate: float = ...,
        prior: float = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """GAN inversion: the codes whose images come nearest to the given ones, by Adam, all images in one batch.

        The loss of a row is its mean squared error plus `prior` · mean((v - μ)² / σ²) over the entries of its code,
        the Gaussian prior of SOAT, section 4.5 (in S) and of Wulff & Torralba 2020 (in W+), with μ and σ of 10,000
        samples.

        Fields:
            of: the images, of the model's size
            space: where the code is sought
            steps: of Adam
            learning_rate: of Adam, falling to 0 along a cosine
            prior: the weight of the Gaussian prior
            model: the model they become codes of; absent: main
        """

    @overload
    def mask(
        self,
        kind: Literal["ramp"],
        axis: Literal["x", "y"] = ...,
        start: float | Sequence[float] = ...,
        stop: float | Sequence[float] = ...,
        sampling: Literal["ends", "centre"] = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Rises from 0 to 1 along an axis.

        Fields:
            axis: x rises to the right, y downwards
            start: where it leaves 0, as a fraction of the canvas
            stop: where it reaches 1
            sampling: ends is the published rule: of n pixels, floor(start n) zeros, a linspace with both ends,
                floor((1 - stop) n) ones; centre takes the value at each pixel's centre
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor on all of it; a list gives a row each
        """

    @overload
    def mask(
        self,
        kind: Literal["box"],
        box: Sequence[float],
        grid: int | None = ...,
        raster: int | None = ...,
        kernel: Sequence[int] | None = ...,
        sigma: Sequence[float] | None = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A rectangle.

        Fields:
            box: x, y, width, height, in fractions of the canvas
            grid: coordinates are in N-ths of the canvas, and a pixel is inside if its centre is
            raster: drawn and blurred at N x N, then resized to each layer, as the published boxes are
            kernel: of raster: taps of the blur, (y, x); odd
            sigma: of raster: σ of the blur in raster pixels, (y, x)
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor on all of it; a list gives a row each
        """

    @overload
    def mask(
        self,
        kind: Literal["ellipse"],
        centre: Sequence[float] = ...,
        radii: Sequence[float] = ...,
        grid: int | None = ...,
        raster: int | None = ...,
        kernel: Sequence[int] | None = ...,
        sigma: Sequence[float] | None = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """An ellipse with its axes along x and y.

        Fields:
            centre: x, y, in fractions of the canvas
            radii: along x and y
            grid: coordinates are in N-ths of the canvas, and a pixel is inside if its centre is
            raster: drawn and blurred at N x N, then resized to each layer, as the published boxes are
            kernel: of raster: taps of the blur, (y, x); odd
            sigma: of raster: σ of the blur in raster pixels, (y, x)
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor on all of it; a list gives a row each
        """

    @overload
    def mask(
        self,
        kind: Literal["polygon"],
        points: Sequence[Sequence[float]],
        grid: int | None = ...,
        raster: int | None = ...,
        kernel: Sequence[int] | None = ...,
        sigma: Sequence[float] | None = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A polygon; where it crosses itself, the even-odd rule holds.

        Fields:
            points: corners x, y, in fractions of the canvas; 3 or more
            grid: coordinates are in N-ths of the canvas, and a pixel is inside if its centre is
            raster: drawn and blurred at N x N, then resized to each layer, as the published boxes are
            kernel: of raster: taps of the blur, (y, x); odd
            sigma: of raster: σ of the blur in raster pixels, (y, x)
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor on all of it; a list gives a row each
        """

    @overload
    def mask(
        self,
        kind: Literal["image"],
        path: str,
        channel: Literal["luminance", "alpha", "red", "green", "blue"] = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A picture stretched over the canvas: white is 1.

        Fields:
            path: an image file; sought where you are, then among the bundled pictures
            channel: what is read of it
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor on all of it; a list gives a row each
        """

    @overload
    def mask(
        self,
        kind: Literal["constant"],
        value: float | Sequence[float] = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """One value everywhere; a list gives a row each.

        Fields:
            value: α: 0 is a, 1 is b
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor on all of it; a list gives a row each
        """

    @overload
    def mask(
        self,
        kind: Literal["combine"],
        of: Sequence[Reference],
        how: Literal["add", "subtract", "multiply", "max", "min"] = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Masks combined, pixel by pixel; the result is cut to 0..1.

        Fields:
            of: the masks
            how: subtract takes all others from the first
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor on all of it; a list gives a row each
        """

    def tap(
        self,
        of: Reference,
        layer: str | int = ...,
        model: str | None = ...,
        noise: Noise | Mapping[str, Any] | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Starts a pass and pauses it after a layer, or moves a paused one on.

        Fields:
            of: codes, which start a pass, or a paused pass to move on
            layer: where to pause: a layer, its σ index, or a block such as b8 for its end
            model: the model that runs; absent: the one the codes belong to
            noise: the noise of this pass; absent: the graph's
        """

    def restyle(
        self,
        of: Reference,
        latent: Reference,
        model: str | None = ...,
        noise: Noise | Mapping[str, Any] | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Keeps the state of a paused pass and changes what carries it on: other codes, or another model.

        Fields:
            of: the paused pass
            latent: the codes that carry it on
            model: the model that carries on; absent: the one the codes belong to
            noise: the noise from here on; absent: the graph's
        """

    def mosaic(
        self,
        of: Reference,
        grid: Sequence[int],
        wrap: Literal["none", "x", "y", "both"] = ...,
        overlap: float = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Lays the rows of a latent out on one large canvas, cell by cell, each blending into its neighbours.

        Cells run left to right, then down. Their weights sum to 1 everywhere: a cell has all of it at its centre,
        and with `overlap` 1 it fades linearly until the next centre. With `wrap` the canvas closes: whatever reads
        neighbours reads round the edge, so there is no seam. Of n·rows·columns rows of codes it makes n rows.

        Fields:
            of: the codes, a cell each
            grid: rows and columns of cells
            wrap: the axes on which the canvas goes round
            overlap: how wide the fade between two cells is, in cells
        """

    def pad(
        self,
        of: Reference,
        left: float | str = ...,
        right: float | str = ...,
        top: float | str = ...,
        bottom: float | str = ...,
        mode: Literal["reflect", "replicate", "circular", "constant"] = ...,
        value: float = ...,
        unit: Literal["fraction", "pixel"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Grows the canvas on any side, by any amount, at the pause; what follows fills it with texture.

        Reflection and repetition go on as far as they must: an amount may exceed the canvas itself.

        Fields:
            of: what grows
            left: how much, as a fraction of the canvas (0.5, or '1/3') or in pixels of the paused layer
            right: likewise
            top: likewise
            bottom: likewise
            mode: what fills it
            value: what constant is
            unit: what the amounts are given in
        """

    def resize(
        self,
        of: Reference,
        width: float | str = ...,
        height: float | str = ...,
        mode: Literal["nearest", "bilinear"] = ...,
        unit: Literal["fraction", "pixel"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Stretches the canvas at the pause; what follows draws its texture at the new size, so it stays sharp.

        Fields:
            of: what is stretched
            width: the new width, in canvas widths; with unit pixel, in pixels; 1: as it is
            height: the new height, likewise
            mode: how values between are found
            unit: what width and height are given in
        """

    def shift(
        self,
        of: Reference,
        dx: float | str | Sequence[float | str] = ...,
        dy: float | str | Sequence[float | str] = ...,
        mode: Literal["roll", "reflect", "replicate", "constant"] = ...,
        value: float = ...,
        unit: Literal["fraction", "pixel"] = ...,
        layers: str | int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Moves the picture right and down, by whole or fractional pixels.

        At the pause (`layers: here`) the state moves once. With other `layers` every output of those layers moves,
        each at its own size: the Shift of SOAT, equation 4.

        Fields:
            of: what is moved
            dx: to the right, as a fraction of the canvas or in pixels of the paused layer
            dy: down, likewise
            mode: what comes in at the edge
            value: what constant is
            unit: what dx and dy are given in
            layers: here: at the pause; else the layers whose outputs move
            parts: which tensors move, where layers are named
        """

    def transform(
        self,
        of: Reference,
        rotate: float | str | Sequence[float | str] = ...,
        scale: float | str | Sequence[float | str] = ...,
        dx: float | str | Sequence[float | str] = ...,
        dy: float | str | Sequence[float | str] = ...,
        unit: Literal["fraction", "pixel"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Turns and scales a picture about the middle of its canvas, then moves it, by sampling the plane otherwise.

        For passes of StyleGAN3 of which nothing has run yet: codes, or a pass paused at `const`. It is NVlabs'
        `--rotate` and `--translate`. A model R draws the same picture turned, and both R and T the same picture
        moved, but for what comes in at the edges. Masks that the pass carries, or a mask alone, are turned with it.

        Fields:
            of: the codes or the pass of a StyleGAN3 model, or a mask
            rotate: degrees, counter-clockwise
            scale: 2 shows all twice as large; below 1, frequencies beyond the band fade
            dx: to the right, as a fraction of the canvas or in pixels of the image
            dy: down, likewise
            unit: what dx and dy are given in
        """

    def crop(
        self,
        of: Reference,
        left: float | str = ...,
        top: float | str = ...,
        width: float | str | None = ...,
        height: float | str | None = ...,
        unit: Literal["fraction", "pixel"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Cuts a rectangle out. Of Features it makes new true borders; of an Image it only cuts.

        Fields:
            of: what is cut
            left: where it begins, as a fraction of the canvas or in pixels
            top: likewise, from the top
            width: how wide it is; absent: to the right edge
            height: how high it is; absent: to the bottom
            unit: what the amounts are given in
        """

    def flip(
        self,
        of: Reference,
        axis: Literal["x", "y"] = ...,
        layers: str | int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Mirrors the picture, left to right or top to bottom.

        Fields:
            of: what is mirrored
            axis: x swaps left and right, y top and bottom
            layers: here: at the pause; else the layers whose outputs are mirrored
            parts: which tensors, where layers are named
        """

    def concat(
        self,
        of: Sequence[Reference],
        axis: Literal["x", "y"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Joins canvases along an axis. Passes must be paused at one layer; each part is carried on as itself.

        Fields:
            of: the parts, left to right or top to bottom
            axis: x: side by side, y: one above the other
        """

    def blend(
        self,
        a: Reference,
        b: Reference,
        mask: Reference,
        layers: str | int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Feature interpolation: at every layer (1 - α) a + α b, both run on the same mixed trunk (SOAT, equation 3).

        At the pause itself the states are mixed where its layer is in `layers`; all else is a's.

        Fields:
            a: the pass that shows where α is 0
            b: the pass that shows where α is 1, paused at the same layer on the same canvas
            mask: α: 0 is a, 1 is b
            layers: where to mix; elsewhere a runs alone; `here`: only at the pause
            parts: which tensors are mixed
        """

    def decode(
        self,
        of: Reference,
        clamp: bool = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Runs a pass to its end: RGB images.

        Fields:
            of: the pass, or the codes of one
            clamp: cut the image to [-1, 1], as SOAT does; NVlabs and rosinality leave it
        """

    def knit(
        self,
        of: Reference,
        start: float | str = ...,
        stop: float | str = ...,
        axis: Literal["x", "y"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Joins the rows of an image to one, as the published panorama does (SOAT, section 4.4).

        The first gives all up to `stop`, each later one what lies between `start` and `stop`, the last also the
        rest. Where `start` and `stop` are the ends of the ramp that blended each image, the cuts lie where only one
        code shows.

        Fields:
            of: the images, in order
            start: where a later image is cut in, as a fraction of its length
            stop: where an image is cut off
            axis: x: side by side, y: one above the other
        """

    # a node class of your own, given to Graph(nodes=...)
    def __getattr__(self, name: str) -> Callable[..., NodeRef]: ...
    def __dir__(self) -> list[str]: ...
