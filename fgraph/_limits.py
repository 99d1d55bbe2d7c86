"""Bounds on what a file may cost, in bytes unless a name says otherwise; readers check them before they allocate."""

from __future__ import annotations

MIB = 1 << 20

# Model files
MODEL_FILE = 16 << 30
TENSOR_HEADER = 4 * MIB  # JSON of a .safetensors file; a 1024-pixel model has 40 KiB
PICKLE_OF_ZIP = 16 * MIB  # data.pkl of a .pt file; a training checkpoint of a 1024-pixel model has less than 1 MiB
DOWNLOAD = 16 << 30

# Files of arrays: codes, directions, noise
ARRAY_FILE = 1 << 30  # of the file, and of all arrays in it as float32
OBJECT_ARRAYS = 256 * MIB  # the pickle inside a .npy file of objects

# Caches
CACHED_ARRAYS = 256 * MIB

# Pictures
DECODED_PICTURE = 512 * MIB  # 13,377 x 13,377 in RGB; `picture_limit` sets another bound

# Graphs
GRAPH_FILE = 64 * MIB  # 20,000 nodes have 2 MiB
