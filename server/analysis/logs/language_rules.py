r"""Single lines in which runtimes and compilers of other languages say that a program failed: rows of `rule_table.py`.

Sources: what R, Julia, gfortran, ifort, Stan's compiler, MATLAB and the JVM print. Where R fails (`Error in ...`) is
the first row of all. Snakemake's rules are Python, its message is not Python's.
"""

from __future__ import annotations

FIRST_RULES: tuple[tuple[str, str, str, str, str, str], ...] = (
    (
        "jvm main",
        "implementation",
        "fatal",
        "",
        "Exception in thread",
        r'^Exception in thread "main" (?:\w+\.)+(?P<exception>\w+)(?:: (?P<message>.*))?',
    ),
    # an engine of workflows fails in the file that describes the steps; why stands in the next line
    (
        "exception in a file",
        "implementation",
        "fatal",
        "",
        "Error in file |Error in line |Exception in file |Exception in line ",
        r"^(?P<exception>[A-Z]\w*(?:Error|Exception)) in (?:file [\"'/]|line \d+ of )",
    ),
)
"""Those that come before the crashes, whose words they may quote."""

LANGUAGE_RULES: tuple[tuple[str, str, str, str, str, str], ...] = (
    (
        "R stop",
        "implementation",
        "fatal",
        "",
        "Execution halted|Ausführung angehalten|Exécution arrêtée|Ejecución interrumpida|Esecuzione interrotta|"
        "Execução interrompida",
        r"^(?:Execution halted|Ausführung ang|Exécution arr|Ejecución interr|Esecuzione interr|Execução interr)",
    ),
    (
        "julia error",
        "implementation",
        "error",
        "",
        "ERROR: ",
        r"^ERROR: (?:LoadError: |TaskFailedException: )?(?P<exception>[A-Z]\w*(?:Error|Exception|Mismatch))"
        r"(?:\(.*\))?(?:: (?P<message>.*)| with (?P<value>\S.*)|$)",
    ),
    ("julia stack", "implementation", "lead", "", "Stacktrace:", r"^Stacktrace:$"),
    ("fortran", "implementation", "fatal", "", "Fortran runtime error", r"^Fortran runtime error: (?P<message>.*)"),
    ("fortran", "implementation", "fatal", "", "forrtl: severe", r"^forrtl: severe \(\d+\): (?P<message>.*)"),
    ("fortran", "implementation", "fatal", "", "ERROR STOP", r"^ERROR STOP\b ?(?P<message>.*)"),
    (
        "stan program",
        "implementation",
        "fatal",
        "",
        "error in '",
        r"^(?:Syntax|Semantic) error in '[^']+\.stan(?:functions)?', line \d+",
    ),
    (
        "ruby",
        "implementation",
        "fatal",
        "",
        ":in `|:in '",
        r"^\S+\.rb:\d+:in \W.*?': (?P<message>.*) \((?:\w+::)*(?P<exception>[A-Z]\w*)\)$",
    ),
    (
        "matlab",
        "implementation",
        "fatal",
        "",
        "Error using |Undefined |Unrecognized ",
        r"^(?:\{?Error using +[\w./*+-]+\s*(?:\(line \d+\))?"
        r"|(?:Undefined|Unrecognized) (?:function or variable|function|variable) '[^']+'(?: for input .*)?\.)\s*$",
    ),
    (
        "matlab stack",
        "implementation",
        "fatal",
        "",
        "Error in ",
        r"^Error in [\w.+/>@-]+ \(line \d+\)\s*$",
    ),
    (
        "R resample",
        "implementation",
        "error",
        "",
        "failed for ",
        r"^(?:model fit|predictions?) failed for \S+: .*?Error in .* : ?(?P<message>.*)",
    ),
    (
        "jvm",
        "implementation",
        "error",
        "",
        "Exception in thread",
        r'^Exception in thread "[^"]*" (?:\w+\.)+(?P<exception>\w+)',
    ),
)
