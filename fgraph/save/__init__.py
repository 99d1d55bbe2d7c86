"""Stage 7: results -> files. Each name is imported when it is first used."""

from typing import TYPE_CHECKING

from fgraph._lazy import lazy_names

if TYPE_CHECKING:
    from fgraph.save.manifest import MANIFEST
    from fgraph.save.options import PictureOptions
    from fgraph.save.record import ModelRecord, Record, read_record
    from fgraph.save.video import VideoOptions, save_video
    from fgraph.save.writer import Manifest, SavedFile, save_results

__all__ = [
    "MANIFEST",
    "Manifest",
    "ModelRecord",
    "PictureOptions",
    "Record",
    "SavedFile",
    "VideoOptions",
    "read_record",
    "save_results",
    "save_video",
]

__getattr__ = lazy_names(
    __name__,
    {
        "fgraph.save.manifest": ("MANIFEST",),
        "fgraph.save.options": ("PictureOptions",),
        "fgraph.save.record": ("ModelRecord", "Record", "read_record"),
        "fgraph.save.video": ("VideoOptions", "save_video"),
        "fgraph.save.writer": ("Manifest", "SavedFile", "save_results"),
    },
)
