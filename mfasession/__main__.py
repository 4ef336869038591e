"""`python -m mfasession`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # -m looks into the current folder before anywhere else, and a module called `json` may lie there.
        del sys.path[0]
    from mfasession.cli import program

    program()
