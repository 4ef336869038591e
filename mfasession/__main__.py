"""`python -m mfasession`."""

import sys

from mfasession.cli import main

if __name__ == "__main__":
    sys.exit(main())
