"""sha256 without OpenSSL: a keeper that lives for hours does without its five megabytes until the run is over."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

__all__ = ["of", "sha256"]


def of(content: bytes) -> str:
    """Return the sha256 of some bytes in hexadecimal digits."""
    return sha256(content).hexdigest()
