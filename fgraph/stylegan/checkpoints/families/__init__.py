"""Finding and reading the generator in the value of a file, for the files of many programs.

The steps, for every kind of file:

1. `places` lists the networks in the value. A program may wrap them in dicts (`g_ema`, `state_dict`, ...), or save a
   whole module.
2. `picking` searches each network for the characteristic key of a family, with any prefix (`decoder.`, `module.`, ...).
   It prefers an averaged network to one in training.
3. The reader of that family renames the tensors and infers the settings that the file lacks.

To add a family, write a module with a function from a `StateDict` to `Contents`, and list it in `picking.FAMILIES`. A
network that fgraph does not run is listed in `other_networks`.
"""
