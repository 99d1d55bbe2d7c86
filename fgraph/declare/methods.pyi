"""The nodes as methods of a graph. Generated from the node classes: do not edit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, overload

from fgraph._errors import GraphError
from fgraph.declare.handle import NodeRef
from fgraph.node import Noise
from fgraph.registry import Registry
from nodes._copies import PatchCopy, Proposals

Reference: TypeAlias = NodeRef | str

class NoSuchNodeError(GraphError, AttributeError): ...

class NodeMethods:
    _ops: Registry

    def _add(self, op: str, *args: Any, id: str | None = None, **fields: Any) -> NodeRef: ...
    def sample(
        self,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        count: int = ...,
        truncation: float | Sequence[float] | Mapping[str, Any] = ...,
        cutoff: int | None = ...,
        smooth: float = ...,
        class_: int | str | Sequence[int | str] | Mapping[str, Any] | None = ...,
        draw: Literal["torch", "numpy"] = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Codes drawn from a seed: z, or W if they are truncated.

        Each seed gives `count` rows, drawn together. A row is the same on every device and in every batch.

        Fields:
            seed: one seed, or a list with one per row; default: derived from the graph's seed and the node's id
            count: rows for each seed
            truncation: ψ, in W: 1 does not change the codes, 0 gives the mean
            cutoff: truncate only the W+ rows below this one; default: all
            smooth: σ, in rows, of a cyclic Gaussian blur along the rows, which are then scaled to RMS 1 (published
                panorama: 0.7)
            class: for a conditional model: a class, from 0; a mixture such as '0.7*3 + 0.3*8'; a transition over
                the rows, such as '3..8', between two classes or mixtures; or a list with a class or mixture per row
            draw: the random generator: published seeds are for torch (SOAT) or numpy (NVlabs)
            model: the model of the codes; default: main
        """

    def latent(
        self,
        file: str | Any | None = ...,
        value: Any | None = ...,
        array: str | None = ...,
        space: Literal["z", "w", "w+", "s"] | None = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Codes from a file or an array, in one of the four spaces.

        Shapes: z is [rows, z_dim], for a conditional model [rows, z_dim + classes]; W is [rows, w_dim]; W+ is
        [rows, num_ws, w_dim], or flattened [rows, num_ws * w_dim]; S is [rows, sum of style lengths]. For one row,
        the first axis is optional. An array [num_ws, w_dim] could be one code of W+ or several of W, so it needs
        `space`.

        Fields:
            file: a .npz, .npy, .safetensors, .pt or .pkl file, or StyleCLIP's S; numbers given here become `value`
            value: the numbers
            array: the array in the file; default: the only one, or `latent`
            space: the space of the numbers; default: as the file states, otherwise the one that their shape fits
            model: the model of the codes; default: main
        """

    def rows(
        self,
        of: Reference,
        take: str = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Selected rows of a value, by slices as in Python (`:-1`, `1:`, `::2`), numbers (`0,2,2`), or both.

        Fields:
            of: the value
            take: the rows; negative numbers count from the end
        """

    def stack(
        self,
        of: Sequence[Reference],
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """The rows of several values, one after the other: codes, images or masks.

        Codes are converted to the latest of their spaces. Codes of two models are converted to S, and the first
        model draws them. Images must have the same size.

        Fields:
            of: the values, in order
        """

    def lerp(
        self,
        a: Reference,
        b: Reference,
        t: float | Sequence[float] | Mapping[str, Any] = ...,
        space: Literal["z", "w", "w+", "s"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Linear interpolation and extrapolation of codes: a + t (b - a).

        Fields:
            a: the codes at t = 0
            b: the codes at t = 1
            t: the position: 0 is a, 1 is b
            space: the space of the interpolation, unless a or b is in a later space
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
        """Style mixing: the codes of `a` with the styles of `b` at some layers (Karras et al. 2019, section 3.1).

        Fields:
            a: the codes for the other layers
            b: the codes for `layers` or `rows`
            layers: the layers, by name or σ index, that take the styles of b
            rows: instead of layers: the W+ rows that are taken from b, such as 4..
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
        """The codes of `of` with the coarse styles of `to`, so that both have the same pose.

        The paper (SOAT, section 4.6) takes the first 2,048 entries of W+: rows 0..3, which feed σ 0 to 5. The
        published program takes σ 1 to 3 in face mode, and omits σ 0 by mistake. The reading `code` takes σ 0 as
        well.

        Fields:
            of: the codes whose pose changes
            to: the codes that give the pose
            reading: the styles taken; paper: W+ rows 0..3; code: σ 0..3; code_with_slip: σ 1..3, as published
            rows: instead of reading: the W+ rows taken from `to`, such as 0..1
            layers: instead of reading: the layers, by name or σ index
        """

    def own(
        self,
        of: Reference,
        reference: Reference,
        part: Sequence[int] | None = ...,
        mask: Reference | None = ...,
        how: Literal["greedy", "together"] = ...,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        rho: float | Sequence[float] | Mapping[str, Any] = ...,
        epsilon: float | Sequence[float] | Mapping[str, Any] = ...,
        layer: str | int = ...,
        clusters: int = ...,
        samples: int = ...,
        seed: int = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A part, such as hair, transferred from another code by the style channels that own it.

        The method follows Collins et al. 2020, "Editing in Style", section 3. Spherical k-means on the activations
        of seeded samples finds the parts of a model's images. M is the share of each channel's energy in each part.
        The result is S + q (S of the reference - S). With `greedy`, their published program, q is 1 for the
        channels with the largest M > ρ, while the sum of 1 - M over them is below ε in each layer. With `together`,
        q is min(1, λ M). The ownership of a model is computed once, in seconds for a small model, and cached.

        Fields:
            of: the codes to change
            reference: the codes that have the part
            part: the number of the part, from 0, the largest first; a list combines parts
            mask: instead of part: the parts that are mostly inside this mask
            how: the rule for q
            strength: for greedy, the value of q where it is not 0; for together, λ
            rho: for greedy: ρ, the least share
            epsilon: for greedy: ε, the most energy outside the part in each layer, in channels
            layer: the layer whose activations are clustered
            clusters: the number of parts
            samples: the number of sample images
            seed: the seed of the samples and the clusters
        """

    def truncate(
        self,
        of: Reference,
        truncation: float | Sequence[float] | Mapping[str, Any] = ...,
        cutoff: int | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Truncation, w_mean + ψ (w - w_mean), of codes in any space.

        Codes in z are mapped to W first. In S, the mean is the styles of the mean of W. If the model has a mean for
        each class (StyleGAN-XL), codes in z move towards the mean of their class, other codes towards the mean of
        all classes. `cutoff` is `truncation_cutoff` in the programs of NVlabs.

        Fields:
            of: the codes
            truncation: ψ: 1 does not change the codes, 0 gives the mean
            cutoff: truncate only the W+ rows below this one; default: all
        """

    @overload
    def direction(
        self,
        kind: Literal["pca"],
        component: int | Sequence[int] | Mapping[str, Any] = ...,
        unit: Literal["deviation", "length"] = ...,
        how: Literal["add", "set"] = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """GANSpace: a principal component of w over 10,000 seeded samples (Härkönen et al. 2020).

        Fields:
            component: the number of the component; 0 has the largest variance
            unit: the unit of strength: standard deviations of w along the component, or length in W
            how: add: strength is a distance; set: strength is the coordinate of the result
            of: the codes that are moved
            strength: the distance, in units of the direction; a list gives one per row
            layers: the layers, by name or σ index, whose styles move; default: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    @overload
    def direction(
        self,
        kind: Literal["sefa"],
        component: int | Sequence[int] | Mapping[str, Any] = ...,
        unit: Literal["deviation", "length"] = ...,
        factorised: str | int | None = ...,
        normalised: bool = ...,
        torgb: bool = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """SeFa: an eigenvector of AᵀA for the affine weights A of some layers (Shen & Zhou 2021).

        Fields:
            component: the number of the eigenvector; 0 changes the styles most
            unit: the unit of strength: length in W, or standard deviations of w along the eigenvector
            factorised: the layers whose affine layers form A; default: the layers of `layers` or `rows`, otherwise
                all
            normalised: whether rows of A are normalised, as in the published program; the paper does not mention it
            torgb: whether A includes the affine layers of ToRGB; the published programs omit them
            of: the codes that are moved
            strength: the distance, in units of the direction; a list gives one per row
            layers: the layers, by name or σ index, whose styles move; default: all
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
        component: int | Sequence[int] | Mapping[str, Any] = ...,
        how: Literal["add", "set"] = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Your direction in z, W, W+ or S, from a file or as numbers.

        Formats are `.npy`, `.npz`, `.safetensors`, `.pt` and `.pkl`. Some files are recognised by their content.
        Components of GANSpace (`.npz`, an exported `.pkl`) and of encoders (arrays `mean`, `comp` and `std`) are in
        units of their standard deviations. The factor.pt of rosinality (`eigvec`) has a direction in each column. A
        folder with a numbered file for each convolution is a direction of StyleGAN-Human in S.

        Fields:
            file: a .npz, .npy, .safetensors, .pt or .pkl file, or a folder of these
            value: the numbers
            array: the array in the file; default: the only one, or one with a known name
            space: the space of the direction; default: as the file states, otherwise the only one of w, w+ and s
                that fits
            component: the number of the direction in a file with several
            how: add: strength is a distance; set: strength is the coordinate of the result
            of: the codes that are moved
            strength: the distance, in units of the direction; a list gives one per row
            layers: the layers, by name or σ index, whose styles move; default: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    @overload
    def direction(
        self,
        kind: Literal["channel"],
        channels: Sequence[Sequence[str | int | float]],
        unit: Literal["deviation", "length"] = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """A change of the styles of single channels, in StyleSpace (Wu et al. 2021).

        `channels` lists [layer, channel] or [layer, channel, weight]. The layer is a name or a σ index. As in the
        paper and its program, σ indices count ToRGB layers.

        Fields:
            channels: the channels: [layer, channel] or [layer, channel, weight] each
            unit: the unit of strength: standard deviations of each channel, or the styles themselves
            of: the codes that are moved
            strength: the distance, in units of the direction; a list gives one per row
            layers: the layers, by name or σ index, whose styles move; default: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    @overload
    def direction(
        self,
        kind: Literal["named"],
        name: str,
        file: str | None = ...,
        edits: str | None = ...,
        strength: float | Sequence[float] | Mapping[str, Any] | None = ...,
        how: Literal["add", "set"] | None = ...,
        *,
        of: Reference,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """An edit that was published under a name, such as glasses, for the model that it was found for.

        `fgraph list edits` lists the edits of StyleSpace, of GANSpace and of the bundled models, with model and
        source. `edits` names another table. An edit of GANSpace moves along a component that was measured on its
        model, so it needs these components as `file`.

        Fields:
            name: the name of the edit
            file: the components, such as ffhq_pca.pt, of an edit along a component
            edits: a table of edits, such as ganspace_configs.csv; default: the published ones
            strength: the distance, in standard deviations; a list gives one per row; default: the published one,
                otherwise 1
            how: add: strength is a distance; set: strength is the coordinate of the result; default: set for a
                table in `edits`, otherwise add
            of: the codes that are moved
            layers: the layers, by name or σ index, whose styles move; default: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    @overload
    def direction(
        self,
        kind: Literal["text"],
        target: str,
        neutral: str,
        file: str,
        beta: float | Sequence[float] | Mapping[str, Any] = ...,
        vectors: str | None = ...,
        deviations: str | None = ...,
        *,
        of: Reference,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """StyleCLIP's global direction from one text to another (Patashnik et al. 2021, section 6).

        The relevance of a channel is the cosine between its effect and the change of text. Channels with a
        relevance below `beta` do not move. The most relevant channel moves by `strength` of its standard
        deviations. CLIP embeds the texts, which needs the extra `clip`. With `vectors`, the vectors of the texts
        come from a file instead.

        Fields:
            target: the target text, such as smiling face
            neutral: a neutral text, such as face
            file: the effects of the channels, such as fs3.npy
            beta: the least relevance of a channel
            vectors: a file with an array for each text, named by the text: a vector, or a vector for each template
            deviations: StyleCLIP's S_mean_std; default: the deviations of the model
            of: the codes that are moved
            strength: the distance, in units of the direction; a list gives one per row
            layers: the layers, by name or σ index, whose styles move; default: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    @overload
    def direction(
        self,
        kind: Literal["mapper"],
        file: str,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        of: Reference,
        layers: str | int | None = ...,
        rows: str | None = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """A mapper of StyleCLIP: networks that compute an offset in W+ for each code (Patashnik et al. 2021).

        Mappers such as afro.pt and mohawk.pt were trained for one text and one model. A mapper does not change the
        rows of W+ for which it has no network.

        Fields:
            file: the mapper, such as afro.pt
            strength: the factor of the offset; a list gives one per row
            of: the codes that are moved
            layers: the layers, by name or σ index, whose styles move; default: all
            rows: instead of layers: the W+ rows that move, such as 0..3
        """

    def walk(
        self,
        of: Reference,
        frames: int = ...,
        times: Sequence[float] | None = ...,
        at: float | Sequence[float] | Mapping[str, Any] | None = ...,
        path: Literal["lerp", "slerp", "spline"] = ...,
        closed: bool = ...,
        ease: Literal["linear", "smooth", "in", "out"] = ...,
        space: Literal["z", "w", "w+", "s"] | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A path through key codes, with one row per frame, so that all frames are one batch.

        `lerp` interpolates linearly between keys, in W. `slerp` interpolates on the sphere, in z, where random
        codes are. `spline` is smooth at the keys, in W (the uniform spline of Catmull & Rom 1974). All frames have
        the random noise of the first key, so that only the codes change.

        `times` sets when the path reaches each key. `at` sets the position of each frame: with keyframes, or with a
        curve from a file, such as the envelope of a sound.

        Fields:
            of: the keys, two rows or more
            frames: the number of frames
            times: the time of each key, increasing, in any unit; if closed, then the time of the return to the
                first key; default: equal steps
            at: instead of frames: the time of each frame, 0 at the first key and 1 at the end of the walk
            path: the interpolation between keys
            closed: whether the path returns to the first key; the last frame is then one step before it
            ease: between two keys: linear has constant speed, smooth slows down at each key (3t² - 2t³), in starts
                slowly (t²), out ends slowly
            space: the space of the path; default: z for slerp, otherwise w, or the later space of the keys
        """

    def image(
        self,
        path: str | Sequence[str] | Mapping[str, Any],
        size: int | Sequence[int] | None = ...,
        fit: Literal["crop", "pad", "stretch"] = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Pictures from files, one per row, rotated as their EXIF data says; grey if the model makes grey images.

        Fields:
            path: one file, or a list; searched beside the graph, in the current directory, among bundled pictures
            size: the size in pixels: a side, or [height, width]; default: the size of the model's images
            fit: crop fills the size; pad shows the whole picture on white; stretch changes the proportions
            model: the model that gives the size, and RGB or grey; default: main
        """

    def photo(
        self,
        file: str | Sequence[str],
        align: Literal["none", "ffhq", "ffhqu", "stylegan3-editing", "corners"] = ...,
        face: Literal["largest", "all"] | int = ...,
        detector: Literal["mtcnn", "dlib68"] = ...,
        points: Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]] | None = ...,
        landmarks: str | None = ...,
        frames: Sequence[int] | None = ...,
        smooth: Sequence[float] = ...,
        size: int | Sequence[int] | None = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Crops of photographs or of a film at the size of a model, one per row, which `paste` puts back.

        Faces are cropped exactly as in FFHQ, by landmarks that a detector finds or that you give. A folder stands
        for the pictures in it; pictures without a face are skipped with a warning. Each frame of a film is a row,
        and the crop is smoothed over time. See docs/how-to/photographs.md.

        Fields:
            file: a photograph, a film, a folder of photographs, or a list of these
            align: none crops the middle; ffhq, ffhqu (upright) and stylegan3-editing align faces as in FFHQ;
                corners crops by points
            face: which face: the largest, all as rows, or a number, 0 for the largest
            detector: mtcnn (extra faces), or dlib68 (extra faces68), whose weights exclude commercial use
            points: landmarks by hand, [x, y] in pixels, of one face or a list for each face: 4 (the eyes, then the
                corners of the mouth, left ones first), 5 (with the nose between them) or 68; for align corners:
                upper left, lower left, lower right, upper right
            landmarks: a JSON file that maps the name of a picture to such points of each face; for align corners
                also STIT's .pt of quads
            frames: for a film: the first frame, the one after the last, and the step; default: all frames
            smooth: for a film: σ, in frames, of the blur over time of the crop's centre and of its sides; 0: no
                blur
            size: the size in pixels: a side, or [height, width]; default: the size of the model's images
            model: the model that gives the size, and RGB or grey; default: main
        """

    def encode(
        self,
        of: Reference,
        encoder: str | None = ...,
        iterations: int | None = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """The codes of given images, found by an encoder in one call: W+, or W for an encoder of W.

        Encoders are published checkpoints of pSp, e4e, ReStyle and StyleGAN3-editing, or files of `mode=train-
        encoder`. An encoder comes with each bundled model. Images may have any size: the encoder resizes them. For
        the choice of an encoder, see docs/how-to/encoders.md.

        Fields:
            of: the images
            encoder: a checkpoint, a URL, or the name of a bundled model; default: the encoder that comes with the
                model
            iterations: the number of calls of an encoder that refines its codes; default: as the file states,
                otherwise 5
            model: the model of the codes; default: main
        """

    def invert(
        self,
        of: Reference,
        start: Reference | None = ...,
        preset: Literal["fast", "refine", "soat"] = ...,
        space: Literal["w", "w+", "s"] | None = ...,
        prior: Literal["none", "gaussian", "gaussian-full", "wulff"] | None = ...,
        prior_weight: float | None = ...,
        mse: float | None = ...,
        log_mse: float | None = ...,
        pyramid: float | None = ...,
        lpips: float | None = ...,
        discriminator: float | None = ...,
        optimiser: Literal["adam", "lbfgs"] | None = ...,
        steps: int | None = ...,
        learning_rate: float | None = ...,
        patience: int | None = ...,
        starts: int | None = ...,
        model: str | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """GAN inversion: the codes whose images are nearest to the given ones, found in one batch.

        The loss of a row is a weighted sum of the losses below and the prior. The preset gives the defaults. For
        the fields, their cost and their effect, see docs/how-to/inversion.md. `mode=invert` inverts a folder of
        pictures.

        Fields:
            of: the images, of the model's size
            start: the codes to start from, as an encoder finds them; default: the mean of the space
            preset: the defaults of the other fields: fast; refine, 50 steps of L-BFGS from the code of an encoder;
                or soat, the published recipe, 3000 steps with LPIPS
            space: the space of the search; default: s
            prior: gaussian: Gaussian with a diagonal covariance, as published; gaussian-full: with the whole
                covariance; wulff: Gaussian after a leaky ReLU of slope 5, in w and w+; none; default: gaussian in
                s, otherwise wulff
            prior_weight: weight of the prior; default: 0.001; refine 0.1, or with wulff 0.01
            mse: weight of the mean squared error; default: 1, refine 0
            log_mse: weight of ln(1 + MSE / 1e-7), for short searches from `start`; default: 0, refine 1
            pyramid: weight of L1 over a Laplacian pyramid; default: 0.1, refine and soat 0
            lpips: weight of LPIPS, which needs the extra lpips; default: 0, soat 20
            discriminator: weight of features of the discriminator in the model's file; default: 0
            optimiser: adam, or lbfgs, which comes closer in few steps; default: adam, with refine lbfgs
            steps: the most steps; default: 400, refine 50, soat 3000
            learning_rate: the peak learning rate of Adam; default: 0.05
            patience: steps without progress after which a row ends early, 0: never; default: 100, soat 0
            starts: the number of initial codes, of which the best result is used; default: 1
            model: the model of the codes; default: main
        """

    def drag(
        self,
        of: Reference,
        points: Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]],
        to: Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]],
        unit: Literal["fraction", "pixel"] = ...,
        mask: Reference | None = ...,
        space: Literal["w", "w+", "s"] | None = ...,
        rows: str | None = ...,
        layer: str | None = ...,
        tracking: Literal["nearest", "adaptive"] | None = ...,
        reading: Literal["paper", "code"] | None = ...,
        r1: float | None = ...,
        r2: float | None = ...,
        arrive: float | None = ...,
        learning_rate: float | None = ...,
        keep: float | None = ...,
        steps: int | None = ...,
        every: int | None = ...,
        patience: int | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Point-based editing: codes whose images have the content of points moved to targets, found by optimisation.

        All rows run in one batch, and each row ends on its own: when its points have arrived, when it makes no
        progress, or after `steps` steps. The method is DragGAN's (Pan et al. 2023); `tracking: adaptive` follows
        points as FreeDrag does (Ling et al. 2023). Points are followed in features without noise, because noise
        does not move with the content; `reading: code` includes the noise. With `every`, each row becomes a film of
        its drag. For the fields, their cost and their effect, see docs/how-to/dragging.md.

        Fields:
            of: the codes to begin with
            points: the points: [x, y] in fractions of the image; a list of such lists gives points for each row
            to: where each point goes, in the same order
            unit: the unit of points and targets; the first pixel is at [0, 0]
            mask: 1 where the image may change; default: everywhere
            space: w+ (default): each of `rows` changes on its own; w: all change alike; s: styles change
            rows: the rows of W+ that may change, such as 0..5 (default)
            layer: the convolution whose features are compared; default: the last of at most 128 pixels
            tracking: nearest (default): each point is searched for near its last position; adaptive: no point is
                lost
            reading: paper (default), or code: patches and mask as in the published program
            r1: radius of the moved patch, as a fraction of the image side; default: 3/512
            r2: radius of the search for a point, as a fraction of the image side; default: 12/512
            arrive: distance from the target at which a point has arrived, as a fraction of the image side; default:
                2/512
            learning_rate: the learning rate of Adam; default: 0.002, below 256 pixels 0.03
            keep: weight of changes where the mask is 0; default: 20, below 256 pixels 2
            steps: the most steps; default: 300
            every: make a film: a row for the beginning, one after each `every` steps, and one for the end; default:
                the end only
            patience: steps without progress after which a row ends, 0: never; default: 60
        """

    @overload
    def mask(
        self,
        kind: Literal["ramp"],
        axis: Literal["x", "y"] = ...,
        start: float | Sequence[float] | Mapping[str, Any] = ...,
        stop: float | Sequence[float] | Mapping[str, Any] = ...,
        sampling: Literal["ends", "centre"] = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A linear ramp from 0 to 1 along an axis.

        Fields:
            axis: x rises to the right, y downwards
            start: where the mask rises from 0, as a fraction of the canvas
            stop: where the mask reaches 1, as a fraction of the canvas
            sampling: ends is the published rule: of n pixels, floor(start n) zeros, a linspace with both ends,
                floor((1 - stop) n) ones; centre evaluates the ramp at pixel centres
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["box"],
        box: Sequence[float] | Sequence[Sequence[float]] | Mapping[str, Any],
        grid: int | None = ...,
        raster: int | None = ...,
        kernel: Sequence[int] | None = ...,
        sigma: Sequence[float] | None = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A rectangle.

        Fields:
            box: x, y, width, height, in fractions of the canvas; a list gives one per row
            grid: count coordinates in N-ths of the canvas; a pixel is inside if its centre is
            raster: draw and blur at N x N pixels, then resize to each layer, as published
            kernel: with raster: the taps of the blur, (y, x), each odd
            sigma: with raster: σ of the blur in raster pixels, (y, x)
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["ellipse"],
        centre: Sequence[float] | Sequence[Sequence[float]] | Mapping[str, Any] = ...,
        radii: Sequence[float] | Sequence[Sequence[float]] | Mapping[str, Any] = ...,
        grid: int | None = ...,
        raster: int | None = ...,
        kernel: Sequence[int] | None = ...,
        sigma: Sequence[float] | None = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """An ellipse with its axes along x and y.

        Fields:
            centre: x, y of the centre, in fractions of the canvas; a list gives one per row
            radii: the radii along x and y, in fractions of the canvas; a list gives them per row
            grid: count coordinates in N-ths of the canvas; a pixel is inside if its centre is
            raster: draw and blur at N x N pixels, then resize to each layer, as published
            kernel: with raster: the taps of the blur, (y, x), each odd
            sigma: with raster: σ of the blur in raster pixels, (y, x)
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["polygon"],
        points: Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]] | Mapping[str, Any],
        grid: int | None = ...,
        raster: int | None = ...,
        kernel: Sequence[int] | None = ...,
        sigma: Sequence[float] | None = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A polygon, filled by the even-odd rule.

        Fields:
            points: the corners, [x, y] in fractions of the canvas, 3 or more; a list of such lists gives one per
                row
            grid: count coordinates in N-ths of the canvas; a pixel is inside if its centre is
            raster: draw and blur at N x N pixels, then resize to each layer, as published
            kernel: with raster: the taps of the blur, (y, x), each odd
            sigma: with raster: σ of the blur in raster pixels, (y, x)
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["text"],
        text: str | Sequence[str] | Mapping[str, Any],
        at: Sequence[float] | Sequence[Sequence[float]] | Mapping[str, Any] = ...,
        anchor: Literal[
            "top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right"
        ] = ...,
        size: float | Sequence[float] | Mapping[str, Any] = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Text in the bundled typeface (DejaVu Sans: Latin, Greek, Cyrillic and other letters).

        Fields:
            text: the text, which may have several lines; a list gives one per row
            at: x, y of the anchor, in fractions of the canvas
            anchor: the part of the text that is at this place
            size: the height of the font, as a fraction of the height of the canvas
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["region"],
        region: Literal["eyes", "nose", "mouth", "face", "hair", "left_half", "right_half"],
        framing: Literal["ffhq", "avatar"] = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A part of an aligned face, with soft edges, at its usual position in the framing.

        Fields:
            region: the part; left and right are as seen in the picture
            framing: ffhq: faces aligned as in FFHQ; avatar: faces of the bundled model
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["image"],
        path: str,
        channel: Literal["luminance", "alpha", "red", "green", "blue"] = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A picture stretched over the canvas: white is 1.

        Fields:
            path: an image file; searched beside the graph, in the current directory, among bundled pictures
            channel: the channel that is read
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["constant"],
        value: float | Sequence[float] | Mapping[str, Any] = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A constant mask; a list gives a value per row.

        Fields:
            value: α: in a blend, 0 shows a, 1 shows b
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
        """

    @overload
    def mask(
        self,
        kind: Literal["combine"],
        of: Sequence[Reference],
        how: Literal["add", "subtract", "multiply", "max", "min"] = ...,
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        invert: bool = ...,
        alpha: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Masks combined pixel by pixel, clipped to 0..1.

        Fields:
            of: the masks
            how: subtract subtracts all others from the first
            feather: σ of a Gaussian blur, as a fraction of the shorter side of the canvas
            invert: 1 becomes 0 and 0 becomes 1
            alpha: a factor of the mask; a list gives one per row
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
        """A pass that is paused after a layer. It starts from codes, or continues from an earlier pause.

        Fields:
            of: codes, which start a pass, or a paused pass to continue
            layer: the layer of the pause, its σ index, or a block such as b8 for its last layer
            model: the model; default: the model of the codes
            noise: the noise of this pass; default: the graph's
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
        """A paused pass with the same state and other codes, or another model, for the remaining layers.

        Fields:
            of: the paused pass
            latent: the codes of the remaining layers
            model: the model of the remaining layers; default: the model of the codes
            noise: the noise from here on; default: the graph's
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
        """A large canvas with one code per cell, where each cell blends into its neighbours.

        Cells are ordered left to right, then down. Their alphas sum to 1. A cell has alpha 1 at its centre; with
        `overlap` 1, it fades linearly up to the next centre. With `wrap`, operations read neighbours across the
        edge, so there is no seam. The node makes n rows from n·rows·columns rows of codes.

        Fields:
            of: the codes, one per cell
            grid: rows and columns of cells
            wrap: the axes on which the canvas wraps round
            overlap: the width of the fade between two cells, in cells
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
        """A larger canvas, padded at the pause. Later layers fill it with texture.

        An amount can be larger than the canvas: reflection or repetition then continues.

        Fields:
            of: the value to pad
            left: the amount on the left, as a fraction of the canvas (0.5, or '1/3') or in pixels of the paused
                layer
            right: the amount on the right, as a fraction of the canvas (0.5, or '1/3') or in pixels of the paused
                layer
            top: the amount at the top, as a fraction of the canvas (0.5, or '1/3') or in pixels of the paused layer
            bottom: the amount at the bottom, as a fraction of the canvas (0.5, or '1/3') or in pixels of the paused
                layer
            mode: the content of the pad
            value: the value for mode constant
            unit: the unit of the amounts
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
        """The canvas stretched at the pause. Later layers draw texture at the new size, so it stays sharp.

        Fields:
            of: the value to stretch
            width: the new width: in canvas widths, where 1 changes nothing, or in pixels
            height: the new height: in canvas heights, where 1 changes nothing, or in pixels
            mode: the interpolation
            unit: the unit of width and height
        """

    def shift(
        self,
        of: Reference,
        dx: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        dy: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        mode: Literal["roll", "reflect", "replicate", "constant"] = ...,
        value: float = ...,
        unit: Literal["fraction", "pixel"] = ...,
        layers: str | int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """The picture shifted right and down, by whole or fractional pixels.

        At the pause (`layers: here`), the state moves once. With other `layers`, the output of each of these layers
        moves, at its own size: the Shift of SOAT, equation 4.

        Fields:
            of: the value to shift
            dx: to the right, as a fraction of the canvas or in pixels of the paused layer
            dy: down, as a fraction of the canvas or in pixels of the paused layer
            mode: the content at the edge
            value: the value for mode constant
            unit: the unit of dx and dy
            layers: here: at the pause; otherwise, the layers whose outputs move
            parts: the tensors that move, if layers are named
        """

    def transform(
        self,
        of: Reference,
        rotate: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        scale: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        dx: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        dy: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        unit: Literal["fraction", "pixel"] = ...,
        file: str | None = ...,
        name: str | Sequence[str] | Mapping[str, Any] | None = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A picture rotated and scaled about the centre of its canvas, then shifted, by sampling its plane elsewhere.

        The input is a StyleGAN3 pass that has not run yet: codes, or a pass paused at `const`. The node does what
        `--rotate` and `--translate` do in NVlabs' program. Apart from the content at the edges, model R draws the
        same picture rotated, and R and T draw the same picture shifted. Masks of the pass, or a mask alone, are
        transformed too.

        `file` is the landmarks_transforms.npy of StyleGAN3-editing. The image then has the placement of the picture
        `name`.

        Fields:
            of: the codes or the pass of a StyleGAN3 model, or a mask
            rotate: degrees, counter-clockwise
            scale: 2 doubles all sizes; below 1, frequencies beyond the band fade
            dx: to the right, as a fraction of the canvas or in pixels of the image
            dy: down, as a fraction of the canvas or in pixels of the image
            unit: the unit of dx and dy
            file: instead of rotate, scale, dx and dy: a file of transforms, landmarks_transforms.npy
            name: with file: the name of a picture, or a list with one per row; default: all, in the file's order
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
        """A rectangle of the canvas. For Features, its edges become true borders.

        Fields:
            of: the value to crop
            left: the left edge, as a fraction of the canvas or in pixels
            top: the top edge, as a fraction of the canvas or in pixels
            width: the width; default: up to the right edge
            height: the height; default: down to the bottom
            unit: the unit of the amounts
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
        """The picture mirrored, left to right or top to bottom.

        Fields:
            of: the value to mirror
            axis: x swaps left and right, y top and bottom
            layers: here: at the pause; otherwise, the layers whose outputs are mirrored
            parts: the tensors, if layers are named
        """

    def concat(
        self,
        of: Sequence[Reference],
        axis: Literal["x", "y"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Canvases joined along an axis. Passes must be paused at the same layer; each part keeps its own carrier.

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
        """Feature interpolation: (1 - α) a + α b at every layer, both run on the same mixed trunk (SOAT, equation 3).

        If the layer of the pause is in `layers`, the states are mixed too. Everything else comes from a. Two Images
        are mixed pixel by pixel.

        Fields:
            a: the pass, or the image, that is visible where α is 0
            b: the pass that is visible where α is 1, paused at the same layer, on the same canvas; or an image of
                the same size
            mask: α: 0 shows a, 1 shows b
            layers: the layers that are mixed; at the others, the result comes from a; `here`: only the pause
            parts: the tensors that are mixed
        """

    def patches(
        self,
        of: Reference,
        source: Reference | None = ...,
        *,
        patches: Sequence[PatchCopy | Mapping[str, Any]] | Proposals | Mapping[str, Any],
        feather: float | Sequence[float] | Mapping[str, Any] = ...,
        layers: str | int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        swap: bool = ...,
        form: Literal["paper", "code"] = ...,
        at: str | int = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Patches of a picture, or of `source`, copied to other places, on the features of many layers.

        Form `paper` computes f <- (1 - Shift(α)) f + Shift(α) Shift(f) at each layer (SOAT, equation 4). Several
        patches are applied in order, and each is a copy of the original picture. Form `code` follows the published
        program (`patch_swap`): it copies boxes in whole pixels of one layer, once, without a soft edge, and only
        the activation.

        Fields:
            of: the picture to change
            source: the picture that the patches come from, paused at the same layer; default: the same picture
            patches: a list of {box: [x, y, width, height], to: [x, y]}, in fractions of the canvas, or with by:
                [dx, dy] instead of to; or {count, seed, variations, smallest, largest, horizon}, which proposes
                patches for each row from the content of the picture
            feather: σ of the soft edge, as a fraction of the shorter side of the canvas; form code has no soft edge
            layers: the layers that copy patches; form code copies once, at the layer `at`
            parts: the tensors that are copied; form code: activation
            swap: also copy the target to the source
            form: paper: soft edges, at many layers; code: hard edges, at one layer
            at: for form code: the layer
        """

    @overload
    def bend(
        self,
        kind: Literal["scale"],
        factor: float | Sequence[float] | Mapping[str, Any] = ...,
        about: Literal["centre", "published"] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels scaled about the centre. If they become smaller, zeros fill the border.

        Fields:
            factor: 2 is twice as large
            about: the fixed point: the centre, or as published: pixel n/2, half a pixel right of the centre and
                below it
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["rotate"],
        degrees: float | Sequence[float] | Mapping[str, Any] = ...,
        about: Literal["centre", "published"] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels rotated about the centre, with zeros at the corners.

        Fields:
            degrees: the angle in degrees, counter-clockwise
            about: the fixed point: the centre, or as published: pixel n/2, half a pixel right of the centre and
                below it
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["translate"],
        dx: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        dy: float | str | Sequence[float | str] | Mapping[str, Any] = ...,
        unit: Literal["fraction", "pixel"] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels shifted, with zeros at the edge. On a wrapped axis, they wrap.

        Fields:
            dx: to the right
            dy: down
            unit: the unit of dx and dy: fractions of the canvas, as published, or pixels of each layer's map
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
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
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
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
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["erode"],
        radius: int | Sequence[int] | Mapping[str, Any] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """The minimum within a disc, which makes bright forms thinner.

        Fields:
            radius: the radius of the disc, in pixels of the layer
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["dilate"],
        radius: int | Sequence[int] | Mapping[str, Any] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """The maximum within a disc, which makes bright forms thicker.

        Fields:
            radius: the radius of the disc, in pixels of the layer
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["threshold"],
        value: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """1 where a channel is above a value, otherwise 0.

        Fields:
            value: the threshold; published: -1 to 1
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["multiply"],
        factor: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels multiplied by a factor.

        Fields:
            factor: 0 ablates; a negative factor changes the sign
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["ablate"],
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
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
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    @overload
    def bend(
        self,
        kind: Literal["invert"],
        of: Reference,
        layers: str | int,
        channels: str | int = ...,
        fraction: float | Sequence[float] | Mapping[str, Any] | None = ...,
        seed: int | Sequence[int] | Mapping[str, Any] | None = ...,
        cluster: int | Sequence[int] | Mapping[str, Any] | None = ...,
        clusters: int = ...,
        parts: Literal["both", "activation", "skip"] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Channels inverted: 1 - x, as published.

        Fields:
            of: the pass that is bent
            layers: the layers whose outputs are bent, such as b16.conv1 or b8..b32
            channels: all, or numbers and ranges, such as 0,3..9
            fraction: instead of channels: a random share of each layer's channels, drawn by `seed`
            seed: the seed of fraction; default: derived from the graph's seed and the node's id
            cluster: instead of channels: a group of each layer's channels with similar activations; 0 is the
                largest
            clusters: the number of groups
            parts: the tensors: activation, which convolutions make; skip, the accumulated RGB image; or both
        """

    def decode(
        self,
        of: Reference,
        clamp: bool = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """RGB images: a pass, run through the last layer.

        Fields:
            of: the pass, or codes
            clamp: clip the image to [-1, 1], as SOAT does; NVlabs and rosinality do not
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
        """Rows of images joined into one image, as in the published panorama (SOAT, section 4.4).

        The first row contributes everything up to `stop`, each later row the part from `start` to `stop`. The last
        row also contributes the rest. If `start` and `stop` are the ends of the ramp that blended each image, only
        one code is visible at a cut.

        Fields:
            of: the images, in order
            start: where the part of a later row starts, as a fraction of the length of an image
            stop: where the part of a row ends, as a fraction of the length of an image
            axis: x: side by side, y: one above the other
        """

    def overlay(
        self,
        of: Reference,
        mask: Reference,
        colour: str | Sequence[str] | Mapping[str, Any] = ...,
        strength: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A picture with a colour laid over it where a mask is: a preview of the mask.

        The result is (1 - s α) image + s α colour, for a strength s.

        Fields:
            of: the picture
            mask: α, drawn at the size of the picture
            colour: a name of CSS such as orange, or '#ff8800'
            strength: s: 0 hides the mask, 1 hides the picture below it
        """

    def text(
        self,
        of: Reference,
        text: str | Sequence[str] | Mapping[str, Any],
        at: Sequence[float] | Sequence[Sequence[float]] | Mapping[str, Any] = ...,
        anchor: Literal[
            "top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right"
        ] = ...,
        size: float | Sequence[float] | Mapping[str, Any] = ...,
        colour: str | Sequence[str] | Mapping[str, Any] = ...,
        outline: str | Sequence[str] | Mapping[str, Any] | None = ...,
        opacity: float | Sequence[float] | Mapping[str, Any] = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """A picture with text in it, in the bundled typeface (DejaVu Sans: Latin, Greek, Cyrillic and other letters).

        `{op: mask, kind: text}` is the same text as a mask, for features and for effects of your own.

        Fields:
            of: the picture
            text: the text, which may have several lines; a list gives one per row
            at: x, y of the anchor, in fractions of the picture
            anchor: the part of the text that is at this place
            size: the height of the font, as a fraction of the height of the picture
            colour: a name of CSS such as orange, or '#ff8800'
            outline: the colour around the letters; null: none
            opacity: the opacity of the letters; 1 hides the picture below them
        """

    def arrows(
        self,
        of: Reference,
        drag: Reference,
        width: float = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Images with the path of each dragged point: where it was (red), its trail, and where it is now (blue).

        Fields:
            of: the images to draw on
            drag: the `drag` node whose points are shown
            width: the width of the lines, as a fraction of the shorter side of the image
        """

    def paste(
        self,
        of: Reference,
        onto: Reference,
        inverted: Reference | None = ...,
        code: Reference | None = ...,
        mask: Reference | None = ...,
        blend: Literal["difference", "replace", "poisson"] = ...,
        erode: float = ...,
        feather: float = ...,
        *,
        id: str | None = ...,
    ) -> NodeRef:
        """Edited crops pasted back into the photographs that a `photo` node cut them from.

        The result has the size of the photograph, and every pixel outside the mask keeps its bits. By default only
        the difference between the edited crop and `inverted` is added, so that what the inversion lost stays in the
        photograph. Several faces of one photograph are pasted into the same result. See docs/how-to/photographs.md.

        Fields:
            of: the edited crops
            onto: the `photo` node that the crops came from
            inverted: for blend difference: the inverted crops, before the edit
            code: the codes of the inverted crops; the report gives their distance from the codes of samples
            mask: 1 where a crop is pasted; default: everywhere
            blend: difference adds what the edit changed; replace puts the crop over the photograph; poisson joins
                the crop without a seam (extra poisson)
            erode: the rim of a crop that is left out, as a fraction of its shorter side
            feather: the width of the fade from 0 to 1 inside the rim, as a fraction of the shorter side of the crop
        """

    # a node class of your own, given to Graph(nodes=...)
    def __getattr__(self, name: str) -> Callable[..., NodeRef]: ...
    def __dir__(self) -> list[str]: ...
