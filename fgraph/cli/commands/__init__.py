"""The commands that are not modes: a module each, whose `main(arguments, interrupts)` returns the exit code."""
