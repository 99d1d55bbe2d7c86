"""Readers and writers of model files. No code in a file is run."""
