"""Layer tables: the shapes and names of a network's layers, without torch."""
