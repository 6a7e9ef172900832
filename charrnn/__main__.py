"""The command charrnn, also python -m charrnn."""

from charrnn.cli.command import main

if __name__ == "__main__":
    main()
