"""The entry point of the command line: `python -m fgraph panorama`."""

from fgraph_main import run

if __name__ == "__main__":
    run()
