"""The commands that are not modes of a run: a module each, whose `main(arguments, interrupts)` returns the exit code."""
