"""Pretrained generators: tensors, a layer table, and one method for each computation that a plan asks for."""
