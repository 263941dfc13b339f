"""``python -m seesawnas``."""

from seesawnas.cli import main

if __name__ == "__main__":
    main()
