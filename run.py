"""The command line of fgraph from a checkout: `python run.py graph=panorama`."""

from fgraph_main import run

if __name__ == "__main__":
    run()
