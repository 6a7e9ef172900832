"""See README.md, or python train.py --help."""

from charrnn.cli.main import main

if __name__ == "__main__":
    main("train")
