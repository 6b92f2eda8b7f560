r"""The table that gives a failure its type, for people to read and extend.

Each row: error type, pattern for the class of the exception (empty: any), pattern for its message (empty: any). Both
are searched; the first row that matches wins. Patterns of messages do not look at case unless they say so.

The convention: a wrong column, key, label, schema, unit or date in what was *read* is data; a wrong name, keyword,
shape or missing module in the *code* is implementation; what ran out, and whoever was killed without a reason given, is
resource; numbers that do not come to rest are convergence; what lies outside of the process (network, node, lock,
permission, time, signal) is infrastructure.
"""

from __future__ import annotations

from .error_type_data_rows import DATA_ROWS

ROWS: tuple[tuple[str, str, str], ...] = (
    # the code, whatever else its message says
    ("resource", r"ImportError", r"paging file|page file|cannot allocate memory|failed to map segment"),
    (
        "implementation",
        r"ImportError|ModuleNotFound|NameError|UnboundLocal|^SyntaxError|Indentation|^TabError|NotImplemented|"
        r"Recursion|"
        r"NotFitted|UndefVar|MethodError|ConfigAttribute|ConfigKeyError|MissingConfig|MissingMandatory|"
        r"ConfigComposition|Misconfigur|Missing\w*Param|Duplicated?(?:Study|Name|Registr)|ModelAccess|"
        r"^Scope(?:Variable|Param|Collection)|Tracer|Concretization|NoSuchKernel|Dynamo|BackendCompiler",
        "",
    ),
    ("implementation", r"InvalidParameterError|^PicklingError$", ""),
    # of Java: the code, whatever word of reading its message holds
    (
        "implementation",
        r"NullPointer|ClassCast|NoClassDef|IllegalState|IllegalAccess|StackOverflow|UnsupportedOperation",
        "",
    ),
    (
        "implementation",
        "",
        r"bad interpreter|no solution found when resolving|requirements are unsatisfiable|"
        r"can't locate \S+\.pm in @inc|\S*/env: \W\S+\W: no such file",
    ),
    ("implementation", "", r"^(?:panic: )?(?:runtime error: (?!out of memory)|.*(?:nil map|closed channel))"),  # of Go
    # a worker of R's that is gone
    ("resource", "", r"^error (?:reading from|writing to) connection\b"),
    (
        "implementation",
        "",
        r"(?:incorrect|inner|matrix) dimensions|non-?conform|(?:arrays|sizes) \w+ incompatible|"
        r"output (?:dir\w*|folder|path)\b.{0,80} already exists|"
        r"missing value for argument|(?:classes|labels|columns) (?:should|must) be specified|"
        r"changed size during iteration|event loop\b|generator raised stopiteration|"
        r"appropriate backend|malformed node or string|semantic error|ill-typed|not in scope|free variables|"
        r"deserialization of an? \w+ layer|attempt to access (?:slot\b|.{1,200} at index)|"
        r"expected 2d array|in coercion to|invalid for atomic|"
        r"(?:parameter|argument) \S+ has no default|finished reduction|"
        r"inconsistent sizes for array axes|entire path component|you should supply an encoding|expected target size|"
        r"tensors share memory|"
        r"specifying the columns using strings|type \S+ has no field|not a git repository|could not find function|"
        r"can only be applied to|unused argument|"
        r"could not infer dtype of n(?:umpy|p)|lib\w+\.so\S* (?:was )?(?:not|symbol|version|missing)|"
        r"invalid (?:learning rate|betas?|momentum|weight_decay|epsilon|dropout|"
        r"batch size)\b",
    ),
    (
        "implementation",
        r"NotFound|FailedPrecondition|InvalidArgument",
        r"no registered '|could not find device|not found in checkpoint|uninitialized value|from different frames|"
        r"invalid output \d+ of",
    ),
    ("data", r"KeyError", r"^index\(\["),
    ("data", "", r"invalid classes inferred|could not find key \S+ in|current coco set|uniformly strings or numbers"),
    # what is installed on the machine is not what the library was built for
    (
        "infrastructure",
        "",
        r"(?:installed|detected) cuda version|loaded runtime cudnn library|dnn library is not found|"
        r"insufficient driver version|cudnn version incompat|compiled +against .{1,40} but found runtime",
    ),
    # R in German, French, Spanish
    (
        "data",
        "",
        r"fehlende werte|valeurs manquantes|valores (?:faltantes|ausentes|perdidos)|undefinierte spalten|"
        r"colonnes non d",
    ),
    ("data", "", r"kann (?:verbindung|datei) \W?.*nicht öffnen|impossible d'ouvrir|no se puede abrir"),
    (
        "resource",
        "",
        r"kann .*vektor.* nicht? ?all|keinen vektor der|impossible d'allouer|no se puede ubicar un vector",
    ),
    (
        "implementation",
        "",
        r"objekt \W.* nicht gefunden|konnte funktion|introuvable|impossible de trouver la fonction|"
        r"objeto \W.* no encontrado",
    ),
    ("data", "", r"has class '\w+' and length"),
    ("implementation", "", r"(?:java\.lang\.|: )(?:classnotfound|noclassdeffound|nosuchmethod)"),
    ("resource", r"RuntimeError", r"unable to write to file </"),
    ("data", r"^StopIteration$", ""),
    # arrays that are not as long as their first: what was read has several shapes
    (
        "data",
        "",
        r"could not broadcast input array|"
        r"input arrays? (?:must have same number of dim|dimensions (?:except |for )?(?:for )?the concatenation)|"
        r"batch tensors with different shapes|non-rectangular|within the support(?!(?s:.)*\bnan\b)|n_samples ?[=<>]|"
        r"number of samples \d|too short (?:for|to)\b|extend empty axis|"
        r"invalid comparison between dtype|nan while assembling|numeric types to aggregate",
    ),
    (
        "data",
        "",
        r"check failed:.*\b(?:num_features|n(?:um)?_?data|n(?:um)?_?(?:rows?|cols?|samples)|labels?\w*|"
        r"feature_names)\b|factors? with 2 or more levels|"
        r"did not hold element-wise|__len__\(\) should return|out of bounds for (?:axis|dimension) \d+ with size 0|"
        r"could not infer dtype of none|bad object for \w+: ",
    ),
    (
        "data",
        r"TypeError",
        r"offset-(?:naive|aware)|ufunc '|numpy op \w+|cannot (?:subtract|add|perform|compare|convert) .*(?:array|"
        r"index|timestamp|categor)",
    ),
    ("data", r"error$", r"opencv\((?s:.)*?\b(?:src|img|image) (?:is not a numpy|data type = 0)"),
    ("data", "", r"(?-i:\bNA\b).{0,20}(?:nan|infinit|values)"),
    ("resource", "", r"only \S+ ?[kmgt]i?b (?:\w+ )?(?:left|free|available|remain\w*)"),
    ("implementation", r"EOFError", r"eof when reading a line"),
    ("implementation", "", r"re-initialize cuda|forked subprocess"),
    ("implementation", "", r"can't get attribute|numpy\.dtype size changed"),
    ("implementation", "", r"size mismatch for|missing key\(s\) in state_dict|unexpected key\(s\) in state_dict"),
    ("implementation", "", r"is not a valid model identifier|unrecognized (?:configuration class|model) in"),
    (
        "implementation",
        "",
        r"is not in struct|could not override|unexpected keyword|got multiple values for|no kernel image",
    ),
    (
        "implementation",
        "",
        r"validation error for \w*(?:config|args|settings|params)|tokenizer class|"
        r"is not currently imported|"
        r"invalid parameter|unknown (?:optimi[sz]er|objective|option|argument|parameter|loss|activation|layer)|"
        r"shared object file|inf checks|(?:operator|relation) \S+ does not exist|"
        r"expected \d-?d (?:or \d-?d )?input|slice index|dimension out of range|invalid device (?:id|ordinal)|"
        r"must end (?:in|with) [`'\".]|(?:should|must) be (?:an? )?(?:absolute|relative)|expected type:|"
        r"no \w+ handlers? (?:for|found)|"
        r"unknown (?:dataset name|url type|model)|no variable named .* for collection|"
        r"parameter '\w+' is unknown|truth value of a|unknown option",
    ),
    (
        "data",
        r"ReadError",
        r"unexpected end|not a \w+ file|could not be opened|empty (?:file|header)|truncat|checksum|invalid",
    ),
    ("infrastructure", r"BlockingIOError|OSError", r"unable to lock file"),
    ("data", r"IncompleteRead", r"read on a total of"),
    (
        "data",
        r"TypeError|ValueError",
        r"argument must be .*not '(?:nonetype|nat?type|timestamp|datetime\w*|list|dict|str|series)'|"
        r"(?:json|yaml|csv) object .*nonetype",
    ),
    ("infrastructure", "", r"(?:acquire|obtain|get|hold) (?:the |a )?(?:file ?)?lock"),
    ("data", "", r"processing stage=data"),
    ("infrastructure", "", r"slurm_script|execve\(\): \S*(?:slurm|spool|job)"),
    ("implementation", "", r"execve\(\): \S+ no such file"),
    (
        "infrastructure",
        "",
        r"no (?:progress|output|batch|answer|heartbeat|response|sign of life) (?:from \S+ )?(?:for|in|"
        r"since) \d+ ?(?:s|m|h)",
    ),
    ("data", "", r"column \S+ must be of type"),
    (
        "data",
        "",
        r"(?:nan|missing|null|empty) values? (?:should|must|need|have to|can ?not|are not)\b|"
        r"(?:invalid|bad|wrong|unexpected) (?:types?|values?) (?:for|of|in|at) (?:the )?(?:\w+_)?"
        r"(?:features?|columns?|fields?|labels?|targets?|rows?)\b|"
        r"(?:model|file|data|record|header|input|row) format (?:error|is (?:not|wrong|invalid))",
    ),
    # memory
    ("resource", r"Memory|TerminatedWorker|BrokenProcessPool|BrokenExecutor|ResourceExhausted|WorkerCrashed", ""),
    (
        "infrastructure",
        "",
        r"hard limit \W?[hs]_(?:rt|cpu)|(?:pull|push|fetch|upload|download) (?:data )?(?:to|from) the (?:cloud|remote)",
    ),
    ("data", "", r"error:? 404\b|http(?:/[\d.]+)? 404\b"),
    ("resource", "", r"wrote only \d+ of"),
    ("infrastructure", "", r"killed by (?:the )?(?:owner|user|admin\w*|operator|scheduler)"),
    ("infrastructure", r"^Again$", ""),
    ("infrastructure", "", r"munge|\bnode (?:has )?(?:crashed|died|failed)\b"),
    ("resource", r"Capacity", ""),
    ("resource", r"OutOfMemory|KilledWorker|DeadKernel", ""),
    (
        "resource",
        "",
        r"out[ _-]of[ _-]memory|oom[- _]?kill|(?:can.?t|cannot|could not|unable to|fail(?:s|ed)? to) allocate|"
        r"bad_alloc|"
        r"resource_?exhausted|ran out of memory|paging file|page file|insufficient system resources|"
        r"not enough memory|memory allocation (?:failure|failed)|memoryallocation|alloc_failed|java heap space|"
        r"stored in (?:the )?kv cache|outofmemory|kernel is unresponsive|hard limit \W?[hs]_(?:vmem|rss|data)|"
        r"gc overhead limit|vector memory (?:exhausted|limit)|"
        r"dst tensor is not initialized|low on (?:memory|"
        r"resources?)\b|"
        r"array is too big|exceed\w* (?:\w+ ){0,3}memory|memory (?:usage )?limit|mem \S+ exceeded|\bevicted\b|"
        r"cublas_status_not_initialized|"
        r"cudnn_status_not_initialized|valid cudnn algorithm|could not create cudnn handle|"
        r"cudnn failed to initialize|blas \w+ launch failed|get convolution algorithm",
    ),
    # disk, also behind other words
    (
        "resource",
        "",
        r"no space left|quota exceeded|\berrno ?[:=]? ?(?:28|122)\b|os error 28|not enough (?:free |disk )?space|"
        r"winerror 112|disk (?:\S+ )?(?:is )?(?:100% )?full|file too large|file size limit|insufficient disk",
    ),
    (
        "resource",
        "",
        r"pytorchstreamwriter failed|inline_container.*(?:unexpected pos|enforce fail)|file write failed|"
        r"can't write data|short write|fwrite.*fail|unable to write (?:file|to disk)|writing \d+ bytes",
    ),
    # descriptors, threads, shared memory, processes that were killed
    (
        "resource",
        "",
        r"too many open files|\bulimit\b|resource temporarily|start new thread|pthread_create|thread creation",
    ),
    ("resource", "", r"ancdata|rlimit_nproc|cpu time limit|shared memory|\bshm\b|bus error|sigbus|unable to mmap"),
    (
        "implementation",
        "",
        r"killed by signal: (?:segmentation|abort)|sigsegv|sigabrt|sigill\b|sigfpe|segmentation fault",
    ),
    ("implementation", "", r"status 3221225477"),
    (
        "infrastructure",
        "",
        r"sigterm|sigint\b|sighup|sigusr",
    ),
    (
        "resource",
        "",
        r"killed by signal|exited unexpectedly|terminated abruptly|unexpectedly terminated|killed signal terminated|"
        r"\bsigkill\b|worker .*(?:died|was killed)|died unexpectedly|: killed\b|"
        r"kernel (?:appears to have )?died|"
        r"have died and been|workers? (?:are|is) no longer alive|worker lost|raylet died|"
        r"object store because it is full",
    ),
    # time, locks, network, nodes
    ("infrastructure", r"KeyboardInterrupt|Timeout|^Connect|Permission|URLError|HTTP|gaierror|SSL|BrokenPipe", ""),
    (
        "infrastructure",
        r"Disconnected|Closed(?:Error)?$|PlacementGroup|SignalException|^Dist[A-Z]|RayActor|NodeDied|NCCL|ProxyError|"
        r"^ReadError",
        "",
    ),
    (
        "infrastructure",
        r"ChunkedEncoding|CommError|Unavailable|DeadlineExceeded|Aborted|GatedRepo|LocalEntryNotFound",
        "",
    ),
    ("data", r"^(?:Repository|Revision|RemoteEntry|Entry)NotFound", r"^404"),
    ("infrastructure", r"Horovod|Preempt|RpcError|RefreshError|DefaultCredentials|UsageError|NoCredentials", ""),
    ("infrastructure", r"FileExists", r"lock"),
    ("infrastructure", r"EndpointConnection|NoCredentials|ServiceError|OfflineMode|RemoteDisconnected|SocketError", ""),
    (
        "infrastructure",
        "",
        r"timed? ?out|time-?out|deadline|time limit|wall[- ]?time|wall[- ]?clock|exit (?:code|status):? 124\b|"
        r"database is locked|"
        r"(?:acquire|obtain|get) (?:the |a )?(?:file ?)?lock|unable to (?:synchronously )?(?:open|"
        r"lock) file.*unable to lock|"
        r"lock(?:ed| file| could not| held)|stale (?:nfs )?file handle|\berrno ?[:=]? ?(?:5|107|110|111|113|116)\b|"
        r"input/output error|remote i/o error|transport endpoint|resource deadlock",
    ),
    (
        "infrastructure",
        "",
        r"nccl|gloo\b|connection (?:unexpectedly )?(?:refused|reset|closed|error|aborted|timed)|failed to connect|"
        r"couldn.t connect|"
        r"could not connect|couldn.t reach|unreachable|no route to host|host is down|name resolution|"
        r"name or service not known|nodename nor servname|max retries|service unavailable|bad gateway|"
        r"too many requests|"
        r"rate limit|unauthori[sz]ed|forbidden|access ?denied|permission denied|operation not permitted|"
        r"read-only file system|address already in use|cannot assign requested address|broken pipe|"
        r"\b(?:401|403|429|500|502|503|504) (?:client|server) error|gated repo|certificate|offline mode",
    ),
    (
        "infrastructure",
        "",
        r"node (?:fail|has died|was (?:marked|lost))|node_fail|preempt|heartbeat|coordination service|"
        r"distributed service|library initialization failed|no visible gpu|"
        r"unable to initialize backend|no cuda(?: gpus| devices?|-capable)|"
        r"cuda_error_(?:no_device|system)|"
        r"no (?:supported )?gpus? "
        r"(?:found|available)|driver version is insufficient|cuda driver (?:initiali[sz]ation )?|ecc error|"
        r"fallen off the bus|unspecified launch failure|at least (?:1|one) cuda device|no opencl device|"
        r"cudagetdevicecount|system not yet init|"
        r"device driver|error response from daemon|peer access|no nvidia driver|nvidia driver .*too old|"
        r"cuda unknown error|cuda\.is_available\(\) is false|server socket has failed|monitoredbarrier|"
        r"stop_waiting|mismatch between collectives|device or resource busy|no locks available|can't connect to|"
        r"went away|\bunavailable\b: |(?:task|tasks) [\d-]+: terminated|being reclaimed|acquire lock|socket closed",
    ),
    # numbers that do not come to rest
    (
        "data",
        "",
        r"(?:columns?|dataframe|series)\b.{0,40}\bcontains? (?:any )?nan|less than \d+ non-nan|"
        r"found nan in (?:column|target|label)|nans? (?:values? )?in (?:\w+ )?(?:columns?|"
        r"data|inputs?|labels?|targets?|features?)\b",
    ),
    # a sampler that finds no start; others may be asked for more than the data hold
    (
        "convergence",
        r"Sampling|Init|ValueError|RuntimeError",
        r"initial evaluation of model|bad initial energy|starting point",
    ),
    (
        "convergence",
        "",
        r"^(?:chain \[?\d+\]?:? ?)?initialization (?:between \(|failed\.\W*$)|needs finite values|"
        r"initial value in '\w+' is not finite|domainerror with",
    ),
    ("data", "", r"inconsistent with (?:unobserved )?parents"),
    (
        "convergence",
        "",
        r"valid initial param|initial (?:point|value|state|position)|initialization points failed",
    ),
    (
        "data",
        "",
        r"(?:input|audio|signal|image|waveform|data)s? (?:\w+ )?(?:is|are) (?:not|non-?)finite|(?:input|audio|"
        r"signal|image|waveform|data)s? (?:\w+ )?(?:is|are) not finite|input .*contains|(?:label|target|data|"
        r"exog|endog|feature|column|x|y)s? contains? (?:nan|inf|missing|null)",
    ),
    (
        "data",
        "",
        r"convert (?:float nan|non-finite)|nan to integer|"
        r"nan'?s? can ?not be converted|missing values|contains? (?:null|missing)",
    ),
    ("convergence", r"FloatingPoint|Diverg|Convergence|NonFinite|NaN|NanLoss|Autocorr|PosDef|SingularExc", ""),
    (
        "convergence",
        "",
        r"\bnans?\b|non-?finite|not finite|infinit|positive.?(?:semi-?)?definite|diverg|loss (?:is|became) inf|"
        r"returned nan|parameter \w+ has invalid values|\binfs?\b|to satisfy the constraint",
    ),
    (
        "convergence",
        "",
        r"input should be between 0 and 1|not (?:stationary|invertible)|induce stationarity|pirls|step-?halv|"
        r"convergence not achieved|"
        r"singular(?!ity(?:\.d|[ /-]?(?:exec|image|container|cache)))|"
        r"ill-?conditioned|leading minor|condition number|(?:not|n't|fail\w* to|without) converg|"
        r"no convergence|abnormal_|abnormal termination|mass matrix contains zeros|overflow encountered|"
        r"loss scale .*(?:minimum|too small|decrease)|minimum loss scale|gradients? overflow|explod|explosion|"
        r"optimal parameters not found|maxfev|maximum (?:number of )?(?:iterations|function evaluations)|"
        r"elements? of std >= 0|precision loss|math range error|numerical (?:result out of range|overflow|instabilit)|"
        r"line ?search fail|underflow in dt|sum to zero|matrix inversion|perfect separation|chain is shorter",
    ),
    ("implementation", r"LinAlg", r"must be square|dimension"),
    ("convergence", r"LinAlg|ModelFitting|NotPSD", ""),
    *DATA_ROWS,
)
