"""sha256 without OpenSSL: a keeper that lives for hours does without its five megabytes until the run is over."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import _Hash as Hash  # pyright: ignore[reportPrivateUsage] # what sha256 returns has no public name
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256


def of(content: bytes) -> str:
    """Return the sha256 of some bytes in hexadecimal digits."""
    return sha256(content).hexdigest()


def fast() -> Hash:
    """Return OpenSSL's sha256 where it can be had, which is five times as fast. Not before the run is over."""
    try:
        import hashlib  # noqa: PLC0415 # see above

        return hashlib.sha256()
    except ImportError:
        return sha256()
