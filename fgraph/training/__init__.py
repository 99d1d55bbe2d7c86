"""Training: generators from pictures, from scratch, from another domain's, or grown by a block.

    settings    what can be chosen
    pictures    a folder or zip, read once; `batches` draws from it
    begin       the first state; `grow` adds a block to one
    loop        a step; `augment`, `losses`, `optimiser` are its parts; others: `projected_loop`, `paired_loop`
    snapshot    a state as a file
    run         all of it, from settings to a model; `encoder_run` trains an encoder

Nothing of the pipeline imports this. Importing it does not import torch; `fgraph.training.run` does.
"""

from fgraph.training.settings import TrainingError, TrainingSettings, read_training_settings

__all__ = ["TrainingError", "TrainingSettings", "read_training_settings"]
