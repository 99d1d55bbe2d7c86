"""Runs the command line: `python -m fgraph panorama`."""

import sys

from fgraph_main import main

if __name__ == "__main__":
    sys.exit(main())
