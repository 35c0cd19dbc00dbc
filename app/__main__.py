"""``python -m app`` is ``isomorph``."""

from app.cli import main

if __name__ == "__main__":
    main()
