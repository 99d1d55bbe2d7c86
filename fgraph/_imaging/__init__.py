"""Pictures as arrays: read from files, encoded to files, laid out on sheets."""
