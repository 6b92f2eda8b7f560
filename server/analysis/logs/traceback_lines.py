"""The lines that tracebacks are made of: headers, frames, exceptions, prefixes. Pure functions over one line."""

from __future__ import annotations

import re
from functools import lru_cache

HEADER = "Traceback (most recent call last)"
_BOXED = re.compile(r"^[^╭]{0,80}╭─* ?Traceback \(most")
_FRAME = re.compile(r'^\s*(?:> )?(?:\| +)?File "(?P<file>.+?)", line (?P<line>\d+)')
_BARE_FRAME = re.compile(r"^(?:File )?(?P<file>[^\s:]\S*\.(?:py|ipynb|pyx)):(?P<line>\d+)(?:,? in\b|$)")
_FUNCTION = re.compile(r",? in ([\w.<>]{1,80})(?:\(|\s*$)")
_OLD_FRAME = re.compile(r"^(\S+\.pyx?) in [\w.<>]+\(")
_CELL = re.compile(
    r"^(?:File )?(?P<cell><ipython-input-[\w-]+>|(?:Cell|Input) In ?\[\d+\])"
    r"(?::(?P<at>\d+)|, line (?P<line>\d+))?(?=\W|$)"
)
"""A frame of a notebook's cell: IPython 8.5 and later, 8.0, and before."""
_ARROW = re.compile(r"^(?:-{1,6}> ?|[│┃|] *❱ *)\d+ *(?:[│┃|] ?)?(?P<code>.*?) *[│┃|]?$")
"""The statement of a frame among its neighbours, as IPython and rich mark it."""
_IPYTHON_HEAD = re.compile(r"[A-Za-z_][\w.]* {2,}")
"""What IPython puts before the header of a traceback: the class of the exception."""
_EXCEPTION = re.compile(
    r"^(?P<name>(?:[A-Za-z_]\w*\.)*(?P<last>[A-Za-z_]\w*))(?:\((?P<inner>\w+)\))?(?:: (?P<message>.*)|:?\s*)$"
)
_SUFFIX = re.compile(
    r"(?:Error|Exception|Interrupt|Exit|Warning|Timeout|Iteration|Group|Failure|Fault|Killed|Abort|Aborted|Cancelled|"
    r"Expired|Invalid|NotFound|Empty|Full|Diverged|Interrupted|Pruned|Disconnected|Refused|Reset|Pool|Signal|error)$"
)
_EVERYDAY = re.compile(
    r"(?i)^(?:info|warn|warning|debug|error|critical|fatal|notice|trace|note|hint|tip|epochs?|steps?|iter\w*|loss|"
    r"train\w*|valid\w*|val|test\w*|eval\w*|fold|trial|batch|total|best|time|done|finished|file|usage|accuracy|"
    r"sampling|progress|loading|saving|saved|starting|process|rank|worker|attempt|config|result|results|elapsed|eta|"
    r"downloading|try|else|finally|wandb|seed|device|date|name|type|message|status|model|data|args?)$"
)
_LIBRARY = re.compile(
    r"(?:site|dist)-packages[/\\]|lib(?:64)?/python3|<frozen |^<string>|/bin/[^/]+$|\.pyx$|^<__array"
    r"|(?:^|[/\\])watchkeeper_(?:probe|hook)\.py$|[/\\]watchkeeper_witness[/\\]\w+\.py$"  # ours, in the run
    r"|[/\\]witness[/\\]hook[/\\]sitecustomize\.py$"
)
ORIGINAL = re.compile(r"^-- Process \d+ terminated with the following error:")
"""What stands before the traceback of the process that failed, inside the message of the one that waited for it."""
_CHAIN = re.compile(
    r"The above exception was the direct cause of the following exception:"
    r"|During handling of the above exception, another exception occurred:"
)
_LEAD = re.compile(
    r"Exception in thread |^Process \S+:$|RemoteTraceback:|^(?:ERROR|FAIL): \S+ \(|Exception in callback|"
    r"(?:Task|Future) exception was never retrieved|^future: <|^Error executing job|^handle: <|^Unhandled exception|"
    r"(?:^|[\])}%>| ])Exception ignored (?:in|while)\b"
)
_GOES_ON = re.compile(r"(?:^|[\])}%>| ])Exception ignored (?:in|while)\b|(?:Task|Future) exception was never retrieved")
_LOGGED_AS_FATAL = re.compile(r"(?:^|\s)F\d{4} \d\d:\d\d|: F \S+:\d+\] ")
_CONTEXT = ("future: <", "handle: <", "task: <")
_TIME = re.compile(r"\d+(?:[-:/.,T]\d+)+")
_COUNTER = re.compile(r"^(\[?)(\d{3,9})(?=[\s:|\]])")
"""The number of the line, as some platforms put it before each."""
_TORN_LEAD = re.compile(r"^Exception in thread \S|^Process (?:Spawn|Fork|ForkServer)?(?:Pool)?(?:Process|Worker)\S*:$")
_LEAD_WORDS = ("xception", "Process ", "RemoteTraceback", "ERROR: ", "FAIL: ", "future: <", "Error exec", "handle: <")
_SYNTAX = ("SyntaxError: ", "IndentationError: ", "TabError: ")
_BETWEEN_SIGNS = ("", '"', "-", "=")
_BETWEEN = re.compile(r'^(?:"""|[-=]{20,}|)$')
_HEADING = re.compile(r"^\s*(?:Detailed |Full |Original |Complete )?(?:Traceback|Stack trace|Details):?$")


def header_at(text: str) -> int:
    """Return where the header of a traceback begins in a line, -1 if there is none; rich shortens it in its box."""
    at = text.find(HEADER)
    if at >= 0 and text.startswith("::", at + len(HEADER)):  # what PowerShell says of a line that it read
        return -1
    if at < 0 and "╭" in text and _BOXED.match(text):
        return text.index("Traceback")
    return at


@lru_cache(maxsize=1024)
def frame_of(text: str) -> tuple[str, int] | None:
    """Return file and line of a frame line of any format, or None."""
    found = _FRAME.match(text) or _BARE_FRAME.match(text.strip("│ ┃|"))
    return (found["file"], int(found["line"][:9])) if found else None


def place_of(file: str, text: str) -> str:
    """Return file and function of a frame line, as the choice of a type reads them ("data.py in __getitem__")."""
    found = _FUNCTION.search(text)
    return f"{file} in {found[1]}" if found else file


def file_without_line(text: str) -> str | None:
    """Return the file of a frame as IPython named it before version 8 ("base.py in get_loc(self, key)")."""
    found = _OLD_FRAME.match(text) if ".py" in text else None
    return found[1] if found else None


def cell_of(text: str) -> tuple[str, str] | None:
    """Return cell (with its line) and function of a frame in a notebook ("Cell In[3]:2", "load"), or None."""
    found = _CELL.match(text)
    if not found:
        return None
    function = _FUNCTION.search(text)
    line = found["line"] or found["at"]
    return f"{found['cell']}:{line}" if line else found["cell"], function[1] if function else "<module>"


def marked_code(text: str) -> str | None:
    """Return the statement that an arrow marks among the lines of a frame ("----> 3 x = df['a']"), or None."""
    found = _ARROW.match(text)
    return found["code"].strip() if found else None


def is_ipython_head(prefix: str) -> bool:
    """Whether what stands before a header is how IPython begins a traceback."""
    return _IPYTHON_HEAD.fullmatch(prefix) is not None


@lru_cache(maxsize=1024)
def is_own(file: str) -> bool:
    """Whether a frame's file is the user's own code and not of an installed library or the interpreter."""
    return not _LIBRARY.search(file)


def exception_of(text: str, *, follows: bool) -> tuple[str, str] | None:
    """Return class (without its module) and message of the line that ends a traceback, or None.

    :param follows: the line before belongs to the same traceback, so that any class name will do; otherwise (threads
        tear tracebacks apart) it must look like the name of an exception.
    """
    found = _EXCEPTION.match(text)
    if not found:
        return None
    last, message = found["last"], found["message"]
    known = _SUFFIX.search(last) is not None
    dotted = "." in found["name"]
    if not known and (_EVERYDAY.match(last) or last.isupper()):
        return None
    if not (known or dotted or (follows and (message is not None or text.endswith(":") or last[0].isupper()))):
        return None
    if not follows and not known and message is None:
        return None
    return (f"{last}({found['inner']})" if found["inner"] else last), message or ""


def is_chain(text: str) -> bool:
    """Whether a line joins a traceback to the one before it."""
    return "above exception" in text and _CHAIN.search(text) is not None


def is_syntax_error(text: str) -> bool:
    """Whether a line names an error that Python prints without a traceback, behind the place in the source."""
    return text.startswith(_SYNTAX)


def is_lead(text: str) -> bool:
    """Whether a line announces the traceback that follows it (a thread's, a worker's, a test's)."""
    for word in _LEAD_WORDS:  # asked before every traceback: any() takes four times as long
        if word in text:
            return _LEAD.search(text) is not None
    return False


def is_logged_as_fatal(text: str) -> bool:
    """Whether a line is a record of level FATAL as glog, absl and TensorFlow write them."""
    return _LOGGED_AS_FATAL.search(text) is not None


def goes_on_regardless(lead: str) -> bool:
    """Whether the line that announces a traceback is one of an interpreter or an event loop that goes on after it."""
    return _GOES_ON.search(lead) is not None


def is_context(text: str) -> bool:
    """Whether a line belongs to the announcement of a traceback by asyncio, whatever exception it names."""
    return text.startswith(_CONTEXT)


def is_torn_lead(text: str) -> bool:
    """Whether a line announces a traceback even if many lines of others stand between."""
    return _TORN_LEAD.match(text) is not None


def may_stand_between(text: str) -> bool:
    """Whether a line may stand between such an announcement and its traceback."""
    return text[:1] in _BETWEEN_SIGNS and _BETWEEN.match(text) is not None


def is_heading(text: str) -> bool:
    """Whether a line only announces that the details follow ("Detailed Traceback:")."""
    return _HEADING.match(text) is not None


def without_prefix(prefix: str, text: str) -> str | None:
    """Return the rest of a line behind a prefix, whose times may differ but not its rank; None if it has another."""
    if not prefix or text.startswith(prefix):
        return text[len(prefix) :]
    head = text[: len(prefix)]
    if len(head) < len(prefix):
        return "" if prefix.startswith(text.rstrip()) or not text.strip() else None
    return text[len(prefix) :] if _without_times(prefix) == _without_times(head) else None


def counted_on(prefix: str, text: str, lines: int) -> str | None:
    """Return the prefix of a line if it is the other's with a number that has risen by at most so many lines."""
    old, new = _COUNTER.match(prefix), _COUNTER.match(text)
    if not (old and new) or old[1] != new[1] or not 0 < int(new[2]) - int(old[2]) <= lines:
        return None
    rest = prefix[old.end() :]
    return new[0] + rest if text[new.end() :].startswith(rest.rstrip()) else None


def _without_times(prefix: str) -> str:
    return _TIME.sub(lambda time: re.sub(r"\d", "0", time[0]), prefix)
