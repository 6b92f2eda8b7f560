"""The tools, one file each: its result, its function, and the docstring that the model reads."""

from __future__ import annotations

from ..server.acts.toolbox import Tool
from .answer_report import TOOL as ANSWER_REPORT
from .log_search import TOOL as LOG_SEARCH
from .plot_training import TOOL as PLOT_TRAINING
from .poll_training import TOOL as POLL_TRAINING
from .report_error import TOOL as REPORT_ERROR
from .start_training import TOOL as START_TRAINING
from .stop_training import TOOL as STOP_TRAINING
from .verify_compute import TOOL as VERIFY_COMPUTE
from .write_diary_entry import TOOL as WRITE_DIARY_ENTRY

TOOLS: tuple[Tool, ...] = (
    START_TRAINING,
    POLL_TRAINING,
    STOP_TRAINING,
    REPORT_ERROR,
    ANSWER_REPORT,
    VERIFY_COMPUTE,
    WRITE_DIARY_ENTRY,
    LOG_SEARCH,
    PLOT_TRAINING,
)
"""Every tool, in the order in which a training's life calls for them."""
