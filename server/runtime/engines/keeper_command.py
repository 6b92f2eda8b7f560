"""The command by which a keeper comes to life, here or in a job."""

from __future__ import annotations

import sys
from pathlib import Path

SERVER_FOLDER = Path(__file__).resolve().parent.parent
_CODE = "import sys; sys.path.append(sys.argv[1]); from keeper.__main__ import main; main(sys.argv[2:])"


def words(server_folder: Path) -> list[str]:
    """Return the command up to its stage. -I -S: nothing of the environment or of site-packages can change it."""
    return [sys.executable, "-I", "-S", "-X", "utf8", "-c", _CODE, str(server_folder)]
