"""The studio: a local web page over the engine. Only the command line imports it."""
