"""Runs the command line of fgraph from a checkout: `python run.py graph=panorama`."""

import sys

from fgraph_main import main

if __name__ == "__main__":
    sys.exit(main())
