"""The part of the graph builder that draws images: decoded, edited, blended, with colours and text, and photographs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.drawing import Made, SourceBuilder
from tests.encoder_networks import tiny_encoder

IMAGE_STEPS = (
    "knit", "flip", "shift", "crop", "join", "take", "frame", "pile", "pile", "frame", "enlarge", "enlarge",
    "mingle", "mingle", "overlay", "overlay", "text", "encode",
)  # fmt: skip


class ImageBuilder(SourceBuilder):
    """A builder that draws images and their edits."""

    def flip(self, of: Made, layers: str | None = None) -> Made:
        raise NotImplementedError

    def shift(self, of: Made, layers: str | None = None) -> Made:
        raise NotImplementedError

    def decode(self, of: Made) -> Made:
        return self.add(replace(of, kind="image"), op="decode", of=of.id, clamp=self.chance())

    def picture(self, of: Made, how: str) -> Made:
        """Draw an edit of an image."""
        ways: dict[str, Callable[[Made], Made]] = {
            "flip": self.flip, "shift": self.shift, "crop": self.cut, "join": self.join, "frame": self.frame,
            "enlarge": self.enlarge, "knit": self.knit, "mingle": self.mingle, "overlay": self.overlay,
            "text": self.text, "encode": self.encode,
            "pile": lambda image: self.stack(image, self.flip(image)),
        }  # fmt: skip
        return ways.get(how, self.take)(of)

    def cut(self, of: Made) -> Made:
        if not of.whole or min(of.canvas.pixels(self.table.size)) <= 2:
            return self.take(of)
        return self.add(replace(of, whole=False), op="crop", of=of.id, left=2, top=1, unit="pixel")

    def join(self, of: Made) -> Made:
        return self.add(replace(of, whole=False), op="concat", of=[of.id, of.id], axis=self.choose("x", "y"))

    def knit(self, of: Made) -> Made:
        axis = self.choose("x", "y")
        if not of.whole or of.canvas.pixels(self.table.size)[axis == "x"] % 4:
            return self.take(of)
        return self.add(replace(of, rows=1, whole=False), op="knit", of=of.id, axis=axis)

    def frame(self, of: Made) -> Made:
        """Draw a pad of an image by whole pixels, in any mode."""
        sides = {"left": self.integer(0, 3), "bottom": self.integer(0, 3), "unit": "pixel"}
        mode = self.choose("constant", "reflect", "replicate", "circular")
        return self.add(replace(of, whole=False), op="pad", of=of.id, mode=mode, value=-1, **sides)

    def enlarge(self, of: Made) -> Made:
        mode = self.choose("nearest", "bilinear")
        return self.add(replace(of, whole=False), op="resize", of=of.id, width=2, mode=mode)

    def mingle(self, of: Made) -> Made:
        """Draw a blend of an image with itself reversed."""
        other, mask = self.add(of, op="flip", of=of.id, axis=self.choose("x", "y")), self.mask()
        made = replace(of, rows=self.spread(of, mask))
        return self.add(made, op="blend", a=of.id, b=other.id, mask=mask.id)

    def overlay(self, of: Made) -> Made:
        mask = self.mask()
        strength = self.per_row(lambda: self.choose(0.0, 0.25, 1.0))
        colour = self.per_row(lambda: self.choose("red", "#00ff80"))
        made = replace(of, rows=self.spread(of, mask, strength, colour))
        return self.add(made, op="overlay", of=of.id, mask=mask.id, colour=colour, strength=strength)

    def photo(self) -> Made:
        """Draw crops of photographs: their centres, or tilted squares that may extend beyond them."""
        rows = self.choose(1, self.rows)
        files = [self.choose("room.png", "avatar.png") for _ in range(rows)]
        x, y, side = self.integer(-10, 40), self.integer(-10, 40), self.integer(8, 40)
        square = [[x, y], [x - 3, y + side], [x - 3 + side, y + side + 3], [x + side, y + 3]]
        how = self.choose({"align": "none"}, {"align": "corners", "points": square})
        return self.add(Made("", "image", rows), op="photo", file=files[0] if rows == 1 else files, **how)

    def encode(self, of: Made) -> Made:
        """Draw the reconstruction of this image, or of photographs, by an encoder."""
        of = self.one_of((of, self.photo()))
        encoder = tiny_encoder(self.table.num_ws, self.table.w_dim)
        code = self.add(
            Made("", "latent", of.rows), op="encode", of=of.id, encoder=encoder, iterations=self.choose(None, 2)
        )
        return self.decode(code)

    def paste(self, of: Made) -> Made:
        """Draw photographs with this image pasted into them, or with a new one if the sizes differ."""
        if not of.whole or of.canvas.pixels(self.table.size) != self.table.size:
            of = self.decode(self.code())
        onto, mask = self.photo(), self.one_of((None, self.mask()))
        how = self.choose("replace", "poisson", "difference")
        inverted = self.flip(of) if how == "difference" or self.chance() else None
        made = Made("", "photograph", self.spread(of, onto, *filter(None, [mask, inverted])))
        ports = {"of": of.id, "onto": onto.id, "inverted": inverted and inverted.id, "mask": mask and mask.id}
        rim = {"erode": self.choose(0.0, 0.125), "feather": self.choose(0.125, 0.2)}
        return self.add(made, op="paste", **ports, blend=how, **rim)

    def text(self, of: Made) -> Made:
        text = self.per_row(lambda: self.choose("A", "two\nlines", " ", "éф"))
        at, rows = self.places(lambda: [self.amount(0, 1), self.amount(0, 1)])
        size = self.per_row(lambda: self.choose(0.3, 0.7))
        looks = {"outline": self.choose("black", "#102030"), "opacity": self.choose(1.0, 0.5, 0.0)}
        anchor = self.choose("top left", "centre", "bottom", "bottom right")
        made = replace(of, rows=max(rows, self.spread(of, text, size)))
        return self.add(made, op="text", of=of.id, text=text, at=at, size=size, anchor=anchor, **looks)
