"""See README.md, or python analyze.py --help."""

from charrnn.cli.main import main

if __name__ == "__main__":
    main("analyze")
