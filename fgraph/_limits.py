"""Bounds on the cost of a file or a graph, in bytes unless a comment says otherwise. They are checked first."""

from __future__ import annotations

MIB = 1 << 20

# Model files: the tensors of a model take no more than its file
TENSOR_HEADER = 4 * MIB  # JSON of a .safetensors file; a 1024-pixel model has 40 KiB
PICKLE_OF_ZIP = 16 * MIB  # data.pkl of a .pt file; a training checkpoint of a 1024-pixel model has less than 1 MiB
DRAWN_FREE = 16 * MIB  # noise that is drawn for a file of any size that lacks it; a 1024-pixel model has 11 MiB
DRAWN_RATIO = 4  # most noise above that, as a multiple of the size of the file
DOWNLOAD = 16 << 30
URL = 4096  # characters of a URL

# Files of codes, directions and noise
ARRAY_FILE = 1 << 30  # bytes of the file, and of all its arrays as float32
ARRAY_FREE = 64 * MIB  # memory that arrays may take, for a file of any size
ARRAY_RATIO = 16  # most memory above that, a multiple of the compressed size; codes and noise compress by less than 2
ARRAY_MEMBERS = 10_000  # arrays in a .npz
OBJECT_ARRAYS = 256 * MIB  # the pickle inside a .npy file of objects

CURVE_FILE = 16 * MIB  # a table of numbers
LANDMARK_FILE = 8 * MIB  # JSON of points in pictures
SOUND_FILE = 64 * MIB  # six minutes of WAV

# Data of a training
DATA_FREE = 16 * MIB  # decompressed bytes of one picture in a zip, for an entry of any size
DATA_RATIO = 16  # most bytes above that, as a multiple of the compressed size; files of pictures hardly compress
DATA_PICTURE = 512 * MIB  # bytes of the file of one picture

# Results
MANIFEST_FILE = 64 * MIB  # 300,000 tiles of a large image

# Caches
CACHED_ARRAYS = 256 * MIB
CACHED_PROFILE = MIB  # measured speeds of a device
CACHED_FACTS = 64 * MIB  # JSON about the cached pictures of a training
CACHED_SEARCH = 16 << 30  # a batch of an inversion: codes and noise of all its pictures, three times

# Pictures
DECODED_PICTURE = 512 * MIB  # 13,377 x 13,377 in RGB; `picture_limit` sets another bound

# Graphs
GRAPH_FILE = 64 * MIB  # 20,000 nodes have 2 MiB
NODES = 50_000  # nodes of a graph, including those in sub-graphs
ROWS = 100_000  # rows of one node
ALL_ROWS = 2_000_000  # rows of all nodes of a graph together
PARTS = 256  # values that one node joins
TERMS = 1024  # passes that one layer mixes
NESTED = 100  # blends in blends, masks in masks, sub-graphs in sub-graphs
SIDE = 8192  # pixels of a side that a field gives
POINTS = 2_000  # corners of a polygon
LETTERS = 1_000  # letters of a text in a picture
SEED = 2**63 - 1

# The studio: what the page may send
STUDIO_MESSAGE = 4 * MIB  # bytes of one message of the socket, and characters of a graph
STUDIO_UPLOAD = 64 * MIB
STUDIO_METADATA = 4 * MIB  # metadata of an uploaded photograph: EXIF, colour profile, XMP, texts
STUDIO_NAME = 200  # characters of a name
STUDIO_CHANGES = 2_000  # changes of one edit, nodes of a group, keys of a film
STUDIO_SHEET = 256  # values along a side of a sheet, and pictures of it
STUDIO_FILM = 600  # seconds of a film
STUDIO_FRAMES = 3_600  # frames of a film
STUDIO_FILM_BYTES = 1 << 30  # bytes of the frames of a film, in memory
STUDIO_STATES = 500  # states of the history
