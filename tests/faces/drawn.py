"""A drawn face, which detectors find."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter


def drawn_face(side: int = 200) -> Image.Image:
    """Draw a face of ovals: hair, face, then sockets, whites, irises and brows of two eyes, nose and mouth."""
    picture = Image.new("RGB", (2 * side, 2 * side), (120, 130, 140))
    pen, scale = ImageDraw.Draw(picture), side / 160
    hair, skin, shade, white, iris, lips = "#3c281e", "#d7b49b", "#a57d69", "#ebebeb", "#32231e", "#964646"
    ovals = [(0, -15, 78, 100, hair), (0, 5, 62, 82, skin), (0, -58, 50, 22, hair)]
    for x in (-27, 27):
        ovals += [(x, -14, 17, 11, shade), (x, -12, 13, 7, white), (x, -12, 6.5, 6.5, iris), (x, -30, 18, 4, hair)]  # type: ignore[list-item]
    ovals += [(0, 18, 7, 14, "#c8a087"), (-5, 28, 3, 2, shade), (5, 28, 3, 2, shade), (0, 50, 22, 6, lips)]
    for x, y, along, down, colour in ovals:
        corners = (x - along, y - down, x + along, y + down)
        pen.ellipse([side + number * scale for number in corners], fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(3 * scale)).resize((side, side), Image.Resampling.LANCZOS)
