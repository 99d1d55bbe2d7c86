"""Stage 7: results -> files."""

from fgraph.save.options import PictureOptions
from fgraph.save.record import ModelRecord, Record, read_record
from fgraph.save.writer import MANIFEST, Manifest, SavedFile, save_results

__all__ = [
    "MANIFEST",
    "Manifest",
    "ModelRecord",
    "PictureOptions",
    "Record",
    "SavedFile",
    "read_record",
    "save_results",
]
