"""The record of acts and findings: SQLite, append-only, hash-chained."""

from .chain import Event, Kind, SubjectKind
from .ledger import Ledger, Transaction
from .numbering import next_id
from .records import Attestation, Entry, Finding, Record, Report, Rerun, Run, Search, Verdict

__all__ = [
    "Attestation",
    "Entry",
    "Event",
    "Finding",
    "Kind",
    "Ledger",
    "Record",
    "Report",
    "Rerun",
    "Run",
    "Search",
    "SubjectKind",
    "Transaction",
    "Verdict",
    "next_id",
]
