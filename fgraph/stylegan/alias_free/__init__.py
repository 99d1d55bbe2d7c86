"""StyleGAN3, configurations T and R: its layers, its network, the reader of its pickles."""
