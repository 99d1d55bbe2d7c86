"""The Python interface: load, check, compile, run, and what is built on them."""
