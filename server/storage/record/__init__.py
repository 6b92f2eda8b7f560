"""The record of acts and findings: SQLite, append-only, hash-chained."""

from .chain import Event, Kind, SubjectKind
from .fold import Subject
from .ledger import Ledger, Transaction

__all__ = ["Event", "Kind", "Ledger", "Subject", "SubjectKind", "Transaction"]
