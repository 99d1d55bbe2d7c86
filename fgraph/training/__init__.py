"""Training of generators on pictures: from scratch, from the generator of another domain, or grown by a block.

    settings    what can be chosen
    pictures    a folder or zip, read once; `batches` draws from it
    begin       the first state; `grow` adds a block to one
    loop        a step with the parts `augment`, `losses`, `optimiser`; other steps: `projected_loop`, `paired_loop`
    snapshot    a state as a file
    run         a whole training, from settings to a model; `encoder_run` trains an encoder

No stage of the pipeline imports this package. Importing it does not import torch; `fgraph.training.run` does.
"""

from fgraph.training.settings import TrainingError, TrainingSettings, read_training_settings

__all__ = ["TrainingError", "TrainingSettings", "read_training_settings"]
