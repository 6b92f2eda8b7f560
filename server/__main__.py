"""`python -m watchkeeper.server`: the same as the command `watchkeeper`."""

import sys

if not sys.flags.safe_path and sys.path:
    # `-m` puts the current folder first: a file sqlite3.py in the workspace must not be imported for ours.
    del sys.path[0]

from .interfaces.commands.entry import main

sys.exit(main())
