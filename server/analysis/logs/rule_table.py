r"""The table of single lines that tell of a failure, for people to read and extend.

Each row: name, error type, weight (see `rules.Weight`), name of the cause where there is no exception class, words
(separated by |; one of them stands in every matching line), pattern (searched in the line without colours; empty:
the words decide). Earlier rows win. Groups `exception` and `message` are taken over.

Sources: what the libraries print (glibc, CPython's faulthandler, bash, PyTorch, NCCL, gloo, XLA, XGBoost, LightGBM,
Keras, Lightning, scikit-learn, PyMC, Slurm, MPI, R, Rust), seen in real logs or read in their sources.
"""

from __future__ import annotations

from .crash_rules import CRASH_RULES
from .language_rules import FIRST_RULES, LANGUAGE_RULES
from .mcmc import CUT_NAMES

CONSTRUCTS = (
    *("Traceback", "Error: ", "Exception: ", "KeyboardInterrupt", "SyntaxError", "IndentationError", "TabError"),
    *("RemoteTraceback", "Exception in thread", "Process Spawn", "Process Fork", "Process Process"),
    *("divergen", "Divergen", "diverging", *CUT_NAMES, "r_hat", "rhat", "max_rhat", "R_hat", "tree depth", "treedepth"),
    *("draws total", "effective sample size", "effective samples", "Invalid loss", "finite", "nonfinite"),
)
"""Literals of the constructs that have code of their own: tracebacks, exceptions, sampler diagnostics."""

_NAMED = r"[^{}]*?(?<![\w.])(?P<exception>(?:[a-z]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt)) ?[:(](?! ?[-+]?[\d.])"
"""An exception that a logged line names, with a message behind it that is no number (a metric's name ends alike)."""

RULES: tuple[tuple[str, str, str, str, str, str], ...] = (
    # an R program says first where it failed, then why
    (
        "R error",
        "implementation",
        "fatal",
        "",
        "Error in |Error: |Fehler in |Erreur dans |Error en |Errore in |Erro em ",
        r"^(?:\[1\] \")?(?:Error in|Fehler in|Erreur dans|Error en|Errore in|Erro em) "
        r"(?!.* : ?[-+]?[\d.]+\s*$)(?P<message>\S.* : ?.*|[\w.$]+\(.*|`.*)$"
        r"|^Error: (?P<said>(?:object|package|could not find function|cannot (?:open|allocate|change)|vector memory|"
        r"unexpected|invalid|there is no package|unable to).*)",
    ),
    *FIRST_RULES,
    *CRASH_RULES,
    # schedulers, interrupts, network
    ("slurm time limit", "infrastructure", "fatal", "SIGTERM", "DUE TO", r"CANCELLED AT .* DUE TO|JOB \d+ .*DUE TO"),
    ("slurm", "infrastructure", "error", "", "slurmstepd: error|srun: error", r"^(?:slurmstepd|srun): error: "),
    (
        "mpi abort",
        "infrastructure",
        "fatal",
        "",
        "MPI_ABORT was invoked|mpirun noticed|mpirun detected|prterun noticed|mpiexec noticed|BAD TERMINATION OF",
        "",
    ),
    (
        "interrupted",
        "infrastructure",
        "fatal",
        "KeyboardInterrupt",
        "KeyboardInterrupt, attempting|Keyboard interrupt|Interrupted by user|interrupted by user|Ctrl-C",
        r"KeyboardInterrupt, attempting|(?i:keyboard interrupt|interrupted by user)|received Ctrl-C",
    ),
    (
        "terminated by signal",
        "infrastructure",
        "error",
        "SIGTERM",
        "SIGTERM|SIGINT|SIGHUP|signal 15|signal TERM",
        r"(?i)(?:received|got|caught|handling|signal)\W+(?:signal\W+)?(?:SIG(?:TERM|INT|HUP)|15\b|TERM\b)"
        r"|SIG(?:TERM|INT|HUP) (?:was )?(?:received|caught)",
    ),
    (
        "nccl timeout",
        "infrastructure",
        "fatal",
        "DistBackendError",
        "collective operation timeout|NCCL watchdog|Watchdog caught|process group watchdog thread terminated",
        "",
    ),
    (
        "process group",
        "infrastructure",
        "error",
        "DistBackendError",
        "ProcessGroup",
        r"\[[EF]\d{3,4} \d\d:\d\d:\d\d\S* ProcessGroup\w+\.cpp:\d+\]",
    ),
    (
        "nccl",
        "infrastructure",
        "error",
        "DistBackendError",
        "NCCL error|ncclSystemError|ncclUnhandledCudaError|ncclRemoteError|ncclInternalError|NCCL WARN",
        r"NCCL error|nccl(?:System|UnhandledCuda|Remote|Internal)Error|NCCL WARN .*(?:fail|error|closed|timeout)",
    ),
    ("cuda device assert", "implementation", "error", "", "device-side assert triggered", ""),
    (
        "gpu lost",
        "infrastructure",
        "error",
        "",
        "Xid (|fallen off the bus|uncorrectable ECC|NVIDIA-SMI has failed",
        r"Xid \(|fallen off the bus|uncorrectable ECC|NVIDIA-SMI has failed",
    ),
    (
        "cuda",
        "implementation",
        "error",
        "",
        "CUDA error:|CUDA driver error|cudaErro|CUBLAS_STATUS|CUDNN_STATUS",
        r"CUDA (?:driver )?error:|cudaError\w+|CU(?:BLAS|DNN)_STATUS_\w+(?<!SUCCESS)",
    ),
    ("child failed", "infrastructure", "error", "", "failed (exitcode", ""),
    (
        "rank lost",
        "infrastructure",
        "error",
        "",
        "closing signal SIG|Connection closed by peer|Connection reset by peer|"
        "The following distributed tasks|coordination service|heartbeat timeout",
        "",
    ),
    (
        "network tool",
        "infrastructure",
        "error",
        "",
        "returned error|No route to host|Connection refused|Connection timed out|Broken pipe|Could not resolve|"
        "Connection reset",
        r"^(?:ssh|scp|rsync|curl|wget|nc|kubectl|aws|gsutil|rclone|mount)\b.*:",
    ),
    (
        "exception of a worker",
        "implementation",
        "error",
        "",
        "Exception in background worker|Exception in worker",
        r"^Exception in (?:background )?worker\b.*:$",
    ),
    # optimisers
    ("jax NaN", "convergence", "error", "FloatingPointError", "Invalid nan value", r"^Invalid nan value .* of a jax"),
    (
        "optimiser abnormal",
        "convergence",
        "error",
        "ABNORMAL",
        "ABNORMAL|Optimization terminated unsuccessfully|Optimization failed|optimization failed|"
        "not necessarily achieved due to precision loss",
        "",
    ),
    (
        "ran out of data",
        "data",
        "error",
        "",
        "ran out of data|ran out of batches|Ran out of data",
        r"(?i)ran out of (?:data|batches)",
    ),
    (
        "stan found no start",
        "convergence",
        "error",
        "",
        "Initialization between (|nitialization failed",
        r"^\s*(?:(?:\[\d+\] \")?Chain \[?\d+\]?:? )?Initialization (?:between \(.*\) failed|failed\.\"?\s*$)",
    ),
    (
        "chain lost",
        "convergence",
        "error",
        "",
        "finished unexpectedly",
        r"Chain \d+ finished unexpectedly",
    ),
    (
        "convergence in words",
        "convergence",
        "error",
        "",
        "ampling failed|ivergence detected|NaN detected|nan detected|NaNs detected|aximum iterations reached|"
        "ailed to converge|NOT CONVERGED|id not converge|loss exploded|Fitting failed|aximum number of iterations",
        r"(?i)^[^{}]{0,120}?\b(?:sampling failed|divergence detected|nans? detected|maximum iterations reached|"
        r"failed to converge|not converged|did not converge|loss exploded|fitting failed|"
        r"maximum number of iterations (?:reached|exceeded))(?!\s*[:=]\s*(?:0|false|no)\b)",
    ),
    # libraries that print before they raise
    ("lightgbm fatal", "implementation", "fatal", "LightGBMError", "[LightGBM] [Fatal]", ""),
    ("torch forward trace", "convergence", "lead", "", "Traceback of forward call that caused the error", ""),
    (
        "check of dmlc",
        "implementation",
        "error",
        "",
        "Check failed: ",
        r"^(?:\[\d\d:\d\d:\d\d\] \S+:\d+: )+Check failed: ",
    ),
    # engines of workflows: which step failed, its own words stand around it
    (
        "step of a workflow",
        "implementation",
        "error",
        "",
        "Error executing process|Error in rule",
        r"^(?:\S{0,30} ){0,4}?(?:Error executing process > \S|Error in (?:rule|checkpoint) \w+:$)",
    ),
    # usage, shell, make, tests
    (
        "usage",
        "implementation",
        "fatal",
        "SystemExit",
        ": error: ",
        r"^[\w./-]+(?: [\w-]+)?: error: (?P<message>.*(?:argument|option|required|invalid|expected|choose|"
        r"unrecognized|not allowed|must|mutually).*)",
    ),
    (
        "command line",
        "implementation",
        "error",
        "SystemExit",
        "Error: ",
        r"^Error: (?P<message>(?:No such (?:option|command)|Missing (?:argument|option)|Invalid value|Got un).*)",
    ),
    ("command line", "implementation", "fatal", "SystemExit", "─ Error ─", r"^╭─ Error ─+╮?$"),
    (
        "interpreter found no script",
        "implementation",
        "fatal",
        "",
        ": can't open file|: No module named |: can't find '__main__'",
        r"^\S*python[\d.]*: (?:can't|No module named)|^\S*python[\d.]*: Error while finding",
    ),
    ("make", "implementation", "fatal", "", ": *** ", r"^make(?:\[\d+\])?: \*\*\* .*(?:Error \d+|Stop\.$)"),
    *LANGUAGE_RULES,
    ("lightgbm end", "implementation", "lead", "", "Met Exceptions:", r"^Met Exceptions:$"),
    (
        "workflow step",
        "implementation",
        "fatal",
        "",
        "terminated with an error exit status",
        r"^ *Process \S.* terminated with an error exit status \(\d+\)$",
    ),
    (
        "compiler",
        "implementation",
        "fatal",
        "",
        "fatal error: ",
        r"^\S*(?:cc|cc1plus|c\+\+|g\+\+|clang\S*|nvcc|ptxas)\S*(?: :)? ?:? fatal error: (?P<message>.*)"
        r"|: fatal error: .*killed",
    ),
    ("compiler", "implementation", "error", "", "ptxas error|nvcc error", r"^(?:ptxas|nvcc) error *:"),
    ("compiler", "implementation", "error", "", "error[E", r"^error\[E\d+\]: (?P<message>.*)"),
    ("linker", "implementation", "error", "", "cannot find -l|undefined reference to", r"^\S*ld(?:\.\w+)?: "),
    (
        "environment",
        "infrastructure",
        "error",
        "",
        "CondaError: |EnvironmentNameNotFound: |EnvironmentLocationNotFound: |Lmod has detected|ModuleCmd_Load",
        r"^(?:CondaError|Environment(?:Name|Location)NotFound): |^Lmod has detected the following error|"
        r"ModuleCmd_Load.*ERROR",
    ),
    (
        "tests failed",
        "implementation",
        "fatal",
        "AssertionError",
        "FAILED (|failed in |failed, |= FAILURES =|= ERRORS =",
        r"^FAILED \((?:failures|errors)=\d+|^=+ (?:.*, )?\d+ failed.* =+$|^=+ (?:FAILURES|ERRORS) =+$",
    ),
    (
        "shell",
        "infrastructure",
        "error",
        "",
        "permission denied|Permission denied",
        r"^(?:\S*/)?(?:ba|da|z|k)?sh: (?:line )?\d*:? ?.*[Pp]ermission denied"
        r"|^\S+\.sh: (?:line )?\d+: .*[Pp]ermission denied",
    ),
    (
        "shell",
        "implementation",
        "error",
        "",
        "not found|No such file|syntax error|Syntax error|unbound variable",
        r"^(?:\S*/)?(?:(?:ba|da|z|k)?sh|\S+\.sh): (?:(?:line )?\d+:)? ?"
        r".*(?:not found|No such file|[sS]yntax error|unbound variable)|^\S+: line \d+: \S+: command not found",
    ),
    (
        "program found no file",
        "data",
        "error",
        "",
        "No such file or directory",
        r"^[\w./-]+: .*\S: No such file or directory$",
    ),
    (
        "status of a child",
        "implementation",
        "error",
        "",
        "exited with|Exited with|Exited With|exit code|return code|exit status",
        r"(?i)\b(?:exited with (?:code|status)|(?:exit|return) (?:code|status))[:=]? ?"
        r"\(?(?:12[67]|13[1-9]|143|-\d{1,2})\)?(?!\w)",
    ),
    # bare words
    (
        "word of the shell",
        "resource",
        "word",
        "SIGKILL",
        "Killed",
        r"^(?:\S+: (?:line )?\d+: +\d+ )?Killed(?:\s*$| {4,}\S.*$)",
    ),
    (
        "word of the shell",
        "infrastructure",
        "word",
        "SIGTERM",
        "Terminated|Hangup|Alarm clock",
        r"^(?:\S+: (?:line )?\d+: +\d+ )?(?:Terminated|Hangup|Alarm clock)(?:\s*$| {4,}\S.*$)",
    ),
    (
        "word of the shell",
        "implementation",
        "word",
        "",
        "Aborted|Segmentation fault|Illegal instruction|Floating point exception",
        r"^(?:\S+: (?:line )?\d+: +\d+ )?(?P<exception>Aborted|Segmentation fault|Illegal instruction|"
        r"Floating point exception)(?:: \d+)?(?:\s*$| {4,}\S.*$)",
    ),
    # levels of loggers
    (
        "logged as critical",
        "implementation",
        "fatal",
        "",
        'CRITICAL|FATAL|"critical|"fatal|[critical',
        r"^(?:.{0,80}?[\s\[|:\"])?(?:CRITICAL|FATAL)(?:[\]:|\"]|\s+[-:|]?\s*)(?!\s*(?:[=:]\s*)?\d+\s*$)"
        rf"(?P<message>(?:{_NAMED})?.*)"
        r"|\"(?:level|severity|levelname|log_level)\": ?\"(?:critical|fatal|CRITICAL|FATAL)\""
        r"|^\S+ \S+ \[critical *\]",
    ),
    (
        "logged as error",
        "implementation",
        "error",
        "",
        'ERROR|[E |"error"|error]|[error |[Error]|fatal:|Fatal|FATAL',
        r"^(?:.{0,80}?[\s\[|:\"])?ERROR(?:[\]:|\"]|\s+[-:|]?\s*)(?!\s*(?:[=:]\s*)?\d+\s*$)"
        r"(?P<message>.*)"
        r"|\"(?:level|severity|levelname|log_level)\": ?\"(?:error|ERROR)\"|^\[E (?:\d{4}|\w+\.cpp:\d)|\[[eE]rror *\]"
        r"(?!\s*[:=]?\s*[-+]?(?:\d+\.\d+(?![\d.])|\d+\s*$))"  # a metric of that name
        r"|^(?:fatal|Fatal(?: error)?|FATAL):(?: |$)",
    ),
    ("marked as error", "implementation", "error", "", "✘ |❌ ", r"^(?:✘|❌) +(?P<message>\S.*)"),
    (
        "exception in one line",
        "implementation",
        "error",
        "",
        "Error: |Exception: |Interrupt",
        r"^(?:\S{0,40} ){0,6}?[\"']?(?P<exception>(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt))"
        r"(?:: (?P<message>(?![-+]?[\d.]+(?:e[-+]?\d+)?\b).*)|$)",
    ),
    (
        "logged as error",
        "implementation",
        "error",
        "",
        "Error: |Exception: ",
        r"^E\d{4} \d\d:\d\d:\d\d\S* .*?(?<![\w.])(?P<exception>(?:\w+\.)*[A-Z]\w*(?:Error|"
        r"Exception)): (?P<message>.*)",
    ),
    (
        "error in plain words",
        "implementation",
        "error",
        "",
        "Error: |ERROR: |error: ",
        r"^(?:\[[^\]]{4,60}\] ){0,3}(?:\S{1,40}: )?(?:ERROR|Error|error): (?P<message>(?!-?[\d.]+\s*$).*)",
    ),
)
