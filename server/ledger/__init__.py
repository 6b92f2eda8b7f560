"""The record of acts and findings: SQLite, append-only, hash-chained."""

from .book import Ledger, Transaction
from .chain import Event, Kind, SubjectKind
from .fold import Subject

__all__ = ["Event", "Kind", "Ledger", "Subject", "SubjectKind", "Transaction"]
