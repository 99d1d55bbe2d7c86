"""Readers of array files: latent codes, directions, and noise. No code in a file is run."""
