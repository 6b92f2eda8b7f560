r"""Single lines that tell of a crash or of what ran out, in the form of `rule_table.py`.

Sources: what the libraries print (glibc, tcmalloc, CPython's faulthandler, bash, OpenBLAS, OpenMP, LLVM, ROCm, glog,
absl, CatBoost, the kernel, Slurm, PBS, LSF, YARN, containers), seen in real logs or read in their sources.
"""

from __future__ import annotations

CRASH_RULES: tuple[tuple[str, str, str, str, str, str], ...] = (
    # harmless by their own words
    ("fit failed", "implementation", "harmless", "", "FitFailedWarning", ""),
    (
        "unraisable",
        "implementation",
        "harmless",
        "",
        "Exception ignored",
        r"(?:^|[\])}%>| ])Exception ignored (?:in|while)\b",
    ),
    # native crashes
    (
        "c++ bad_alloc",
        "resource",
        "fatal",
        "",
        "terminate called|terminating due|terminating with",
        r"(?:terminate called .*'|terminating (?:due to|with) .* of type )(?:\w+::)*"
        r"(?P<exception>bad_alloc|bad_array_new_length)\b",
    ),
    (
        "c++ terminate",
        "implementation",
        "fatal",
        "SIGABRT",
        "terminate called",
        r"terminate called after throwing an instance of '(?:\w+::)*(?P<exception>\w+)|^terminate called without",
    ),
    (
        "libc++ abort",
        "implementation",
        "fatal",
        "SIGABRT",
        "terminating due|terminating with",
        r"libc\+\+abi: terminating (?:due to|with) uncaught exception(?: of type (?:\w+::)*(?P<exception>\w+))?",
    ),
    (
        "glibc heap",
        "implementation",
        "fatal",
        "SIGABRT",
        "free()|malloc|munmap_chunk|corrupted|double free|stack smashing|buffer overflow detected|free invalid pointer",
        r"^(?:\*\*\* Error in .*: )?(?:(?:free|malloc|realloc|munmap_chunk|malloc_consolidate)\(\): \w"
        r"|corrupted (?:double-linked list|size vs)|double free or corruption"
        r"|\*\*\* (?:stack smashing|buffer overflow) detected)|\] Attempt to free invalid pointer|"
        r"\bmalloc: \*\*\* error for object",
    ),
    (
        "gpu memory fault",
        "implementation",
        "fatal",
        "SIGABRT",
        "Memory access fault by GPU|HSA_STATUS_ERROR",
        r"Memory access fault by GPU node-\d+|:\d+: .*HSA_STATUS_ERROR_\w+|^Queue \S+ aborting with error",
    ),
    (
        "uncaught exception",
        "implementation",
        "fatal",
        "SIGABRT",
        "uncaught exception|Uncaught exception",
        r"^[Uu]ncaught exception:\s*$|^\(?[Uu]ncaught exception\)?(?: of type |, \()(?:\w+::)*(?P<exception>\w+)"
        r"(?:\) (?P<message>.*))?",
    ),
    (
        "unhandled exception",
        "implementation",
        "fatal",
        "SIGABRT",
        "Unhandled exception|Unhandled Exception",
        r"^Unhandled [Ee]xception[.:] (?:\w+\.)*(?P<exception>\w+Exception)(?:: (?P<message>.*))?$",
    ),
    (
        "threads refused",
        "resource",
        "fatal",
        "OSError",
        "pthread_create failed|pthread_create() failed|Thread creation failed|Resource unavailable",
        r"^OpenBLAS .*pthread_create failed|^OMP: Error #\d+: .*(?:unavailable|create)"
        r"|^libgomp: Thread creation failed",
    ),
    ("openmp", "implementation", "fatal", "SIGABRT", "OMP: Error", r"^OMP: Error #\d+: (?P<message>.*)"),
    ("llvm", "implementation", "fatal", "SIGABRT", "LLVM ERROR", r"^LLVM ERROR: (?P<message>.*)"),
    ("go panic", "implementation", "fatal", "panic", "panic: ", r"^panic: (?P<message>.*)"),
    ("python out of memory", "resource", "fatal", "MemoryError", "Fatal Python error", "Fatal Python error: .*memory"),
    (
        "segfault under faulthandler",
        "implementation",
        "fatal",
        "SIGSEGV",
        "Fatal Python error",
        r"Fatal Python error: Segmentation fault",
    ),
    ("abort under faulthandler", "implementation", "fatal", "SIGABRT", "Fatal Python error: Aborted", ""),
    ("bus error under faulthandler", "resource", "fatal", "SIGBUS", "Fatal Python error: Bus error", ""),
    ("fpe under faulthandler", "implementation", "fatal", "SIGFPE", "Fatal Python error: Floating", ""),
    (
        "failure signal handler",
        "implementation",
        "fatal",
        "",
        "(unix time)|received by PID",
        r"\*\*\* (?:Aborted at \d+ \(unix time\)|SIG(?:SEGV|ABRT|FPE|ILL)\b[^*]{0,200} received by PID)",
    ),
    (
        "signal under MPI",
        "implementation",
        "fatal",
        "",
        "Process received signal",
        r"^(?:\[[^\]]*\] ?|.{0,40}: ?)?\*\*\* Process received signal \*\*\*$",
    ),
    ("python fatal", "implementation", "fatal", "SIGABRT", "Fatal Python error", r"^Fatal Python error: "),
    ("faulthandler timeout", "infrastructure", "fatal", "stall", "Timeout (", r"^Timeout \(\d+:\d\d:\d\d(\.\d+)?\)!$"),
    (
        "label asked of a loss",
        "data",
        "fatal",
        "SIGABRT",
        "n_classes",
        r"\bLoss\.cu:\d+.*Assertion `.*n_classes` failed",
    ),
    (
        "c assertion",
        "implementation",
        "fatal",
        "SIGABRT",
        "Assertion|failed assertion|_ASSERT",
        r"^[A-Z]{2,}_ASSERT[:(] ?\S+\.\w+:\d+|:\d+: [A-Z]{2,}_ASSERT\(.*\) failed"
        r"|^\S+: (?:\S+:\d+: )?.*Assertion [`'].*' failed\.?"
        r"|^Assertion failed: .*, file|: block: \[.*Assertion .*failed|: failed assertion [`']",
    ),
    ("torch internal", "implementation", "fatal", "SIGABRT", "INTERNAL ASSERT FAILED", ""),
    (
        "rust panic",
        "implementation",
        "fatal",
        "PanicException",
        "panicked at",
        r"^thread '.*' (?:\(\d+\) )?panicked at",
    ),
    (
        "xla or absl fatal",
        "implementation",
        "fatal",
        "SIGABRT",
        "Check failed:|Terminating process because|Non-OK-status",
        r"(?:^|<stderr>: ?)F\d{4} \d\d:|: F [\w./]+:\d+\] |^\S+:\d+\] Check failed: |^\[.*FATAL.*Check failed",
    ),
    ("glog stack", "implementation", "fatal", "SIGABRT", "Check failure stack trace", r"^\*\*\* Check failure stack"),
    ("what was thrown", "implementation", "fatal", "SIGABRT", "what():", r"^\s*what\(\): +(?P<message>\S.*)"),
    (
        "abort from a function",
        "implementation",
        "fatal",
        "SIGABRT",
        "Aborted from ",
        r"\bAborted from \S.* in \S+:\d+$",
    ),
    (
        "abort told by shell",
        "implementation",
        "fatal",
        "",
        "core dumped",
        r"(?:^|\s)(?P<exception>Aborted)\s*\(core dumped\)",
    ),
    (
        "core dumped by shell",
        "implementation",
        "fatal",
        "",
        "core dumped",
        r"(?:^|\s)(?P<exception>Segmentation fault|Illegal instruction|Floating point exception|"
        r"Trace/breakpoint trap)\s*\(core dumped\)",
    ),
    (
        "signal under fortran",
        "implementation",
        "fatal",
        "",
        "Program received signal SIG",
        r"^Program received signal (?P<exception>SIG(?:SEGV|FPE|ABRT|ILL|BUS|TRAP))\b",
    ),
    (
        "signal under julia",
        "implementation",
        "fatal",
        "",
        "signal (",
        r"^(?:\[\d+\] )?signal (?:\d+ )?\(\d+(?:\.\d+)?\): "
        r"(?P<exception>Segmentation fault|Aborted|Illegal instruction)",
    ),
    ("bus error by shell", "resource", "fatal", "SIGBUS", "Bus error", r"(?:^|\d+ )Bus error\b.*"),
    # memory, disk, limits
    (
        "kernel oom killer",
        "resource",
        "fatal",
        "SIGKILL",
        "oom_kill|OOM Kill|OOMKill|Out of memory: Kill|kill event|invoked oom|oom-kill|Out Of Memory",
        r"(?i)oom[-_ ]?kill|out of memory: kill|^srun: error: .*: Out Of Memory",
    ),
    (
        "job killed",
        "infrastructure",
        "fatal",
        "SIGKILL",
        "PBS: job killed|TERM_MEMLIMIT|TERM_RUNLIMIT|exceeded hard limit|Exceeded step memory|Exceeded job memory|"
        "Container killed|killed on request|exceeds job hard limit|exceeding memory limits|NODE FAILURE",
        "",
    ),
    (
        "container",
        "infrastructure",
        "fatal",
        "",
        "Error response from daemon|OCI runtime|nvidia-container-cli|CrashLoopBackOff|ImagePullBackOff|"
        "ErrImagePull|Failed to pull image|Evicted",
        "",
    ),
    (
        "cuda out of memory",
        "resource",
        "error",
        "OutOfMemoryError",
        "CUDA out of memory|HIP out of memory|CUDA error: out of memory|CUBLAS_STATUS_ALLOC_FAILED|RESOURCE_EXHAUSTED|"
        "CUDA_ERROR_OUT_OF_MEMORY|MPS backend out of memory|hipErrorOutOfMemory|cudaErrorMemoryAllocation",
        "",
    ),
    (
        "disk full",
        "resource",
        "error",
        "OSError",
        "No space left on device|no space left on device|Disk quota exceeded|disk full|not enough free space|"
        "File too large",
        "",
    ),
    (
        "jvm out of memory",
        "resource",
        "error",
        "OutOfMemoryError",
        "java.lang.OutOfMemoryError",
        r"\bjava\.lang\.(?P<exception>OutOfMemoryError)\b",
    ),
    (
        "allocation",
        "resource",
        "error",
        "MemoryError",
        "Cannot allocate memory|cannot allocate memory|can't allocate memory|std::bad_alloc|cannot allocate vector|"
        "vector memory|Java heap space|GC overhead limit|OutOfMemoryError()|paging file is too small",
        "",
    ),
    (
        "descriptors or processes",
        "resource",
        "error",
        "OSError",
        "Too many open files|Resource temporarily unavailable|can't start new thread|received 0 items of ancdata|"
        "unable to open shared memory|insufficient shared memory",
        "",
    ),
    ("container start", "infrastructure", "fatal", "", "FATAL:   ", r"^FATAL:   (?P<message>\S.*)"),  # Singularity
    (
        "limit exceeded",
        "resource",
        "fatal",
        "",
        "limit exceeded",
        r"(?:^|\s)(?P<exception>CPU time|File size) limit exceeded",
    ),
)
