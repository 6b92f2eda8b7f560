"""Writes down what the libraries of a training do while they do it, for those who judge the run. It judges nothing.

Put into every Python process of a run by `sitecustomize`; the lines are described in docs/witness.md. Standard library
only, NumPy where the training has imported it. Python 3.8 or newer. Everything of ours is guarded: an error here is a
line of kind `trouble`, never an error of the training; every call goes through with the arguments it had.
"""

from __future__ import annotations

from .calls import plan
from .starting import start

__all__ = ("plan", "start")
