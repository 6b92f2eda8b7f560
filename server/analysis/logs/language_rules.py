r"""Single lines in which runtimes and compilers of other languages say that a program failed: rows of `rule_table.py`.

Sources: what R, Julia, gfortran, ifort, Stan's compiler, MATLAB and the JVM print. Where R fails (`Error in ...`) is
the first row of all.
"""

from __future__ import annotations

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
        "jvm",
        "implementation",
        "error",
        "",
        "Exception in thread",
        r'^Exception in thread "[^"]*" (?:\w+\.)+(?P<exception>\w+)',
    ),
)
