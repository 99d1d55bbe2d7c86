"""The nodes as methods of a graph. Generated from the node classes: do not edit."""
# ruff: noqa: D403

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, overload

from fgraph._errors import GraphError
from fgraph.declare.handle import NodeRef
from fgraph.node import Noise
from fgraph.registry import Registry
from nodes._copies import Copy, Proposals

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
            file: .npz, .npy, .safetensors, .pt or .pkl
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
        reading: Literal["paper", "code", "code_with_slip"] = ...,
        rows: str | None = ...,
        layers: str | int | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """The codes of `of`, wearing the coarse codes of `to`, so that both have one pose.

        SOAT, section 4.6, takes the first 2,048 numbers of W+, rows 0..3, which feed σ 0 to 5. Its code in face
        mode leaves σ 1 to 3 unmixed instead, which is to wear the source's there; that it mixes σ 0 all the same is
        a slip.

        Fields:
            of: the codes that change their pose
            to: the codes whose pose is taken
            reading: what is taken: paper W+ rows 0..3, code σ 0..3, code_with_slip σ 1..3, as published
            rows: instead: the W+ rows taken from `to`, such as 0..1
            layers: instead: layers, by name or σ index
        """

    def own(
        self,
        of: Reference,
        reference: Reference,
        part: Sequence[int] | None = ...,
        mask: Reference | None = ...,
        how: Literal["greedy", "together"] = ...,
        strength: float | Sequence[float] = ...,
        rho: float | Sequence[float] = ...,
        epsilon: float | Sequence[float] = ...,
        layer: str | int = ...,
        clusters: int = ...,
        samples: int = ...,
        seed: int = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A part taken from another code through the style channels that own it, with no mask in the picture.

        Collins et al. 2020, "Editing in Style", section 3: spherical k-means on the activations of seeded samples
        finds the parts of a model's images, and M says what share of each channel's energy lies in each. Then S + q
        (S of the reference - S), where q is 1 for the channels owned most, as long as the sum of 1 - M over them
        stays below ε in each layer, and only where M > ρ (`greedy`, their published program), or min(1, λ M)
        (`together`). What owns what is found once for a model, in seconds for a small one, and kept in your cache.

        Fields:
            of: the codes that are changed
            reference: the codes that the part is taken from
            part: the part, by number, from 0; the largest comes first; or a list, taken together
            mask: instead: the parts of which most lies inside this mask
            how: how q follows from M
            strength: greedy: what q is, where it is not 0; together: λ
            rho: of greedy: ρ, the least share
            epsilon: of greedy: ε, how much of a layer's channels may lie elsewhere, in channels
            layer: whose activations are clustered
            clusters: how many parts
            samples: images that are looked at
            seed: of those images, and of the clusters
        """

    def truncate(
        self,
        of: Reference,
        truncation: float | Sequence[float] = ...,
        cutoff: int | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """w_mean + ψ (w - w_mean), for any codes: z is mapped to W first, and in S the mean is that of W, as styles.

        `cutoff` is `truncation_cutoff` of NVlabs' programs: only the first so many W+ rows are truncated.

        Fields:
            of: the codes
            truncation: ψ: 1 leaves the codes as they are, 0 is the mean
            cutoff: truncate only the W+ rows below this one; absent: all
        """

    @overload
    def direction(
        self,
        kind: Literal["pca"],
        component: int | Sequence[int] = ...,
        unit: Literal["deviation", "length"] = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """GANSpace: along a principal component of w, over 10,000 seeded samples (Härkönen et al. 2020).

        Fields:
            component: which, from 0: the one along which w deviates most
            unit: of strength: standard deviations of w along it, or its length in W
            of: the codes that are moved
            strength: how far, in units of the direction; a list gives a row each
            layers: the layers, by name or σ index, whose styles move; absent: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    @overload
    def direction(
        self,
        kind: Literal["sefa"],
        component: int | Sequence[int] = ...,
        unit: Literal["deviation", "length"] = ...,
        factorised: str | int | None = ...,
        normalised: bool = ...,
        torgb: bool = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """SeFa: along an eigenvector of AᵀA, where A are the affine weights of some layers (Shen & Zhou 2021).

        Fields:
            component: which, from 0: the one that changes the styles most
            unit: of strength: its length in W, or standard deviations of w along it
            factorised: the layers whose affines are factorised; absent: those of layers or rows, else all
            normalised: whether every style counts alike, as in the published program; the paper does not say so
            torgb: whether the affines of ToRGB count; the published programs leave them out
            of: the codes that are moved
            strength: how far, in units of the direction; a list gives a row each
            layers: the layers, by name or σ index, whose styles move; absent: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    @overload
    def direction(
        self,
        kind: Literal["file"],
        file: str | None = ...,
        value: Any | None = ...,
        array: str | None = ...,
        space: Literal["z", "w", "w+", "s"] | None = ...,
        component: int | Sequence[int] = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Along a direction of your own, in z, W, W+ or S: from a file or given as numbers.

        Read are `.npy`, `.npz`, `.safetensors` and `.pt`; a file of GANSpace (`lat_comp`, in units of its
        `lat_stdev`) and rosinality's factor.pt (`eigvec`, a column each) are known by what they hold.

        Fields:
            file: .npz, .npy, .safetensors or .pt
            value: the numbers themselves
            array: which array of the file; absent: its only one, or a known one
            space: where it lies; absent: what the file tells, w+ if it has 3 axes, else w or s by its length
            component: which direction, where there are several, from 0
            of: the codes that are moved
            strength: how far, in units of the direction; a list gives a row each
            layers: the layers, by name or σ index, whose styles move; absent: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    def walk(
        self,
        of: Reference,
        frames: int = ...,
        path: Literal["lerp", "slerp", "spline"] = ...,
        closed: bool = ...,
        ease: Literal["linear", "smooth"] = ...,
        space: Literal["z", "w", "w+", "s"] | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A walk through key codes: each frame is a row, so that all frames are one batch.

        `lerp` goes straight from key to key, in W; `slerp` on the sphere, in z, where random codes lie; `spline`
        through the keys without a corner, in W (Catmull & Rom 1974, the uniform spline). All frames have the random
        noise of the first key, so that nothing but the codes moves.

        Fields:
            of: the keys, two rows or more
            frames: rows of the walk
            path: how it goes from key to key
            closed: whether it goes back to the first key; the last frame is then the one before it
            ease: smooth rests at each key (3t² - 2t³ between two), linear goes on evenly
            space: where the way lies; absent: z for slerp, else w, or the later space of the keys
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
            path: one file, or a list; sought beside the graph file, where you are, among the bundled pictures
            size: pixels: a side, or [height, width]; absent: the model's
            fit: crop fills the size, pad shows all on white, stretch changes the proportions
            model: the model whose size is meant; absent: main
        """

    def invert(
        self,
        of: Reference,
        preset: Literal["fast", "soat"] = ...,
        space: Literal["w", "w+", "s"] | None = ...,
        prior: Literal["none", "gaussian", "gaussian-full", "wulff"] | None = ...,
        prior_weight: float | None = ...,
        mse: float | None = ...,
        pyramid: float | None = ...,
        lpips: float | None = ...,
        discriminator: float | None = ...,
        steps: int | None = ...,
        learning_rate: float | None = ...,
        patience: int | None = ...,
        starts: int | None = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """GAN inversion: the codes whose images come nearest to the given ones, by Adam, all images in one batch.

        The loss of a row is a weighted sum of the losses below and of the prior; fields left out are the preset's.
        What each of them is, and what it costs and brings: docs/how-to/inversion.md. `mode=invert` inverts a folder
        of pictures.

        Fields:
            of: the images, of the model's size
            preset: fast, or soat: the published recipe, 3000 steps with LPIPS
            space: where the code is sought; absent: s
            prior: gaussian: of S, its diagonal, as published; gaussian-full: its whole covariance; wulff: of W and
                W+, after leaky ReLU of slope 5; none; absent: gaussian in s, else wulff
            prior_weight: of the prior; absent: 0.001
            mse: weight of the mean squared error; absent: 1
            pyramid: weight of L1 over a Laplacian pyramid; absent: 0.1, soat 0
            lpips: weight of LPIPS, an extra; absent: 0, soat 20
            discriminator: weight of features of the discriminator in the model's file; absent: 0
            steps: of Adam, at most; absent: 400, soat 3000
            learning_rate: of Adam, at its height; absent: 0.05
            patience: steps without progress after which a row ends early, 0 never; absent: 100, soat 0
            starts: codes to start from, the best is kept; absent: 1
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
        kind: Literal["region"],
        region: Literal["eyes", "nose", "mouth", "face", "hair", "left_half", "right_half"],
        framing: Literal["ffhq", "avatar"] = ...,
        feather: float | Sequence[float] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A part of an aligned face, with soft edges: where it lies follows from how the faces are framed.

        Fields:
            region: the part; left and right are those of the picture
            framing: ffhq: faces aligned as FFHQ's are; avatar: those of the bundled model
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
            path: an image file; sought beside the graph file, where you are, among the bundled pictures
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

        Cells run left to right, then down. Their alphas sum to 1 everywhere: a cell has all of it at its centre,
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

    def patches(
        self,
        of: Reference,
        source: Reference | None = ...,
        *,
        patches: Sequence[Copy | Mapping[str, Any]] | Proposals | Mapping[str, Any],
        feather: float | Sequence[float] = ...,
        layers: str | int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        swap: bool = ...,
        form: Literal["paper", "code"] = ...,
        at: str | int = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Patches of one picture copied elsewhere in it (or taken from `source`), on the features of many layers.

        The form of the paper, at each of the layers: f <- (1 - Shift(α)) f + Shift(α) Shift(f) (SOAT, equation 4).
        Several patches are laid one over the other, each a copy of the untouched picture. The form of the code
        (`patch_swap`): boxes cut to whole pixels of one layer, once, hard, the activation only.

        Fields:
            of: the picture that is changed
            source: the picture that patches are cut from, paused at the same layer; absent: the same one
            patches: a list of {box: [x, y, width, height], to: [x, y]}, or with by: [dx, dy] instead of to, in
                fractions of the canvas; or {count, seed, variations, smallest, largest, horizon}: patches that are
                proposed, by looking at the picture, for each row
            feather: σ of the soft edge, as a fraction of the shorter side of the canvas; form code has none
            layers: where patches are copied; form code does so once, at `at`
            parts: which tensors; form code: activation
            swap: copy what is at the other end the other way, too
            form: paper: soft, at many layers; code: hard, at one
            at: of form code: the layer
        """

    @overload
    def bend(
        self,
        kind: Literal["scale"],
        factor: float | Sequence[float] = ...,
        about: Literal["centre", "published"] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels made larger or smaller about the middle; zeros come in from outside.

        Fields:
            factor: 2 is twice as large
            about: centre, or published: pixel n/2, half a pixel below and right of it
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["rotate"],
        degrees: float | Sequence[float] = ...,
        about: Literal["centre", "published"] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels turned about the middle; zeros come in at the corners.

        Fields:
            degrees: counter-clockwise, as it is looked at
            about: centre, or published: pixel n/2, half a pixel below and right of it
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["translate"],
        dx: float | str | Sequence[float | str] = ...,
        dy: float | str | Sequence[float | str] = ...,
        unit: Literal["fraction", "pixel"] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels moved; zeros come in at the edge, or what went out at the other where the canvas goes round.

        Fields:
            dx: to the right
            dy: down
            unit: of the canvas, as published; or pixels of each layer's own map
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["flip"],
        axis: Literal["x", "y"] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels mirrored.

        Fields:
            axis: x swaps left and right (published: flip-h), y top and bottom
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["erode"],
        radius: int | Sequence[int] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """The least value within a disc: bright forms get thinner.

        Fields:
            radius: of the disc, in pixels of the layer
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["dilate"],
        radius: int | Sequence[int] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """The greatest value within a disc: bright forms get thicker.

        Fields:
            radius: of the disc, in pixels of the layer
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["threshold"],
        value: float | Sequence[float] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """1 where a channel is above a value, else 0.

        Fields:
            value: what it must be above; published: -1 to 1
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["multiply"],
        factor: float | Sequence[float] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels times a factor.

        Fields:
            factor: 0 ablates, below 0 turns the sign
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["ablate"],
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels set to 0.

        Fields:
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
        """

    @overload
    def bend(
        self,
        kind: Literal["invert"],
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | None = ...,
        seed: int | Sequence[int] | None = ...,
        cluster: int | Sequence[int] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """1 - x, as published.

        Fields:
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead: this share of each layer's channels, drawn by `seed`
            seed: of fraction; absent: derived from the graph's seed and the node's id
            cluster: instead: one of the groups that each layer's channels fall into; 0 is the largest
            clusters: how many groups there are
            parts: which tensors: activation is what convolutions make, skip the RGB image so far
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
