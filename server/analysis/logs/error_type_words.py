r"""What a message in words that no row of the table knows speaks of, and how much each word says about its type.

`error_type_score` adds the weights of all words found in the class (taken apart: `YamlSyntaxException` says "Yaml
Syntax") and in the message; the type with the most wins. So a sentence of any program counts by its subjects, whatever
its grammar: "12 of 4001 utterances have no transcription" speaks twice of what was read.

Weights: 3 a phrase that decides alone, 2 a word that is rarely used of anything else, 1 a word that leans one way.
Advice ("Try to ...", "Please ...", "See https://...") is about the way out, and counts half.
"""

from __future__ import annotations

from ...vocabulary.runs import ErrorType

_IMPLEMENTATION, _DATA, _RESOURCE, _CONVERGENCE, _INFRASTRUCTURE = (
    ErrorType.IMPLEMENTATION,
    ErrorType.DATA,
    ErrorType.RESOURCE,
    ErrorType.CONVERGENCE,
    ErrorType.INFRASTRUCTURE,
)

WORDS: tuple[tuple[ErrorType, int, str], ...] = (
    # the code and what it asks for
    (
        _IMPLEMENTATION,
        3,
        r"not implemented|unsupported|not supported|does ?n[o']t (?:support|accept|handle|implement|transform)|"
        r"deprecated|removed in|undefined (?:symbol|reference)|"
        r"same device|same dtype|device-side assert|illegal (?:memory|instruction)|misaligned|in-?place operation|"
        r"state_dict|requires_grad|grad_fn|not (?:callable|subscriptable|iterable|registered)|no attribute|"
        r"must be (?:called|initiali[sz]ed|specified|provided|set|passed)|has not been (?:built|fitted|compiled|"
        r"called)|"
        r"cannot both|mutually exclusive|either .{1,60} or .{1,60} must|not divisible|divisible by|"
        r"must be (?:an? |of type |one of )?(?:str\w*|int\w*|float\w*|bool\w*|instance|callable|list|dict|tuple|"
        r"either|in \[)|syntax error|compilation|(?:compile|build|link|import)(?:ing)? (?:\\S+ )?(?:failed|"
        r"error|path|extension)|fail\\w* to (?:compile|build|link|import|instantiate)|not allowed|"
        r"must (?:inherit|implement|override|return)|"
        r"unexpected (?:argument|keyword|option)|unknown (?:option|flag|argument|parameter|model|optimi[sz]er)|"
        r"already (?:registered|defined|declared|imported|initiali[sz]ed|built|added)|internal (?:\w+ )?error|"
        r"contact (?:the )?developers?|"
        r"this is a bug|should (?:never|not) happen|interpolation keys?|(?:was|were|is|are) not used|unused|"
        r"no gradients? (?:provided|found)|supports? only|"
        r"only supports?|batch[_ ]sizes?|must specify|at least one of|specify either|is (?:none|"
        r"not one) of|(?:must|should|can) be one of|"
        r"choose from|valid (?:choices|options|values)|"
        r"did you mean|"
        r"(?:find|no) (?:an? )?(?:appropriate|suitable|matching) \w+|type ?hint|stack trace|race condition|"
        r"(?:unhandled|unrecogni[sz]ed|unsupported|unknown|invalid|illegal) (?:\w+ ){0,3}(?:strategy|mode|method|"
        r"policy|algorithm|scheduler|backend|solver|kernel|metric|task)\b|"
        r"unresolved (?:reference|symbol|import)|multiple (?:\w+ ){1,3}named|command not found|"
        r"process group|device ?mesh|mesh shape|pjit|vmap|sharding",
    ),
    (
        _IMPLEMENTATION,
        2,
        r"(?:should|must|has to|needs to) be \S+ (?:if|when|unless|or)|arguments?|parameters? (?:is|are|must|"
        r"name|group)|keywords?|config\w*|hyper-?parameters?|settings?|kwargs|"
        r"overrides?|tuples?|tracers?|traced|lowering|concreti[sz]\w+|torch\.\w+|not (?:provided|given|set|"
        r"specified)|tensors?|shapes?|dims?|dimensions?|dtypes?|ndim|broadcast\w*|operands?|matmul|"
        r"mat[12]|strides?|contiguous|"
        r"layers?|modules?|attributes?|methods?|functions?|callbacks?|hooks?|class(?:name)? name|subclass|instance|"
        r"compil\w+|linker?|symbols?|kernel image|autograd|backward|computational graph|jit|dynamo|operators?|"
        r"template|"
        r"registry|plugin|syntax|imports?|importing|versions?|packages?|install\w*|batch_size|architectures?|"
        r"does(?: not|n't) fit|embeddings?|"
        r"tokeni[sz]er|logits|num_\w+|n_\w+|[1-5]-?d|attention|adapter|lora|quanti[sz]ation|bfloat16|fp16|"
        r"device ordinal|early[_ -]?stopping|monitor\w*|returned metrics|offload\w*|api",
    ),
    (
        _IMPLEMENTATION,
        2,
        r"`\w+[_.][\w.]+`|(?:can ?not|can't) be (?:used|sampled|applied|combined|called|compiled|pickled)|"
        r"\w+\[['\"]\w+['\"]\]|\w+\(\)|['\"][\w./]+=|--[a-z][\w-]+",
    ),
    (
        _IMPLEMENTATION,
        1,
        r"`\w+`|must be (?:positive|greater|smaller|at least|even|odd)|python|script|environments?|options?|"
        r"flags?|types?|objects?|device|backends?|index(?:es|ing)?|axis|forward|"
        r"model|scheduler|"
        r"optimi[sz]er|loss function|estimator|pipeline|expression|variable|compatible|incompatible|assert\w*|"
        r"internal|scope|collection|inherit\w*|"
        r"command|initiali[sz]ed|mode|stage|strategy|name|heads?|hidden|sizes?|channels|weights?",
    ),
    # what was read
    (
        _DATA,
        2,
        r"\S+\.(?:csv|tsv|jsonl?|parquet|feather|npz?|npy|h5|hdf5|nc|tif{1,2}|jpe?g|png|wav|flac|mp[34]|nii|dcm|"
        r"xlsx?|xml|"
        r"txt|tfrecords?|arrow|zip|tar|gz|shp|bam|vcf|fasta?|pth?|ckpt|safetensors|bin|pkl|ya?ml)\b",
    ),
    (
        _DATA,
        3,
        r"nothing (?:to (?:train|fit|read|load)|left to)|"
        r"(?:data ?(?:sets?|frames?)|columns?|rows?|files?|folders?) \S* ?(?:\S+ )?(?:is|are|has|have|was|were) "
        r"(?:missing|empty|corrupt\w*|invalid|duplicated?|not|no)|no (?:observations|images|rows|data|samples|"
        r"records|files|"
        r"columns)\b|"
        r"(?:input|target)_lengths|edge[ _]index|(?:obs(?:ervation)?|var|row|column|cell|gene|sample) names|"
        r"(?:for|in|of|at) (?:case|sample|patient|subject|utt\w*|image|record|row|shard|scan|station|series) \S*\d|"
        r"ground truth|no \w+ (?:available|left) for (?:training|validation|testing)|new levels?|bad (?:values?|"
        r"lines?|rows?|samples?|records?)|empty (?:sequence|list)|"
        r"at least one array|passed values|(?:pd|pl|np)\.(?:read_\w+|"
        r"load\w*)|(?:could|can)(?: ?not|n't) (?:parse|convert|decode|"
        r"read)|(?:cast|convert\w*) (?:from )?(?:str\w*|"
        r"object|text) to (?:float|int\w*|num\w*)|"
        r"train(?:ing)? (?:set|split|data)|test (?:set|split|data)|validation (?:set|split|data)|both train and test",
    ),
    (
        _DATA,
        2,
        r"imread|imdecode|columns?|headers?|rows?|records?|labels?|targets?|datasets?|data ?frames?|samples?|images?|"
        r"pixels?|masks?|"
        r"annotat\w+|label(?:l?ed|l?ing)|frames?|as many|but has \d+|bbox\w*|boxes|audio|videos?|waveforms?|"
        r"utterances?|transcri\w+|captions?|documents?|sentences?|"
        r"corpus|vocabulary|vocab|csv|tsv|parquet|json|jsonl|xml|yaml|excel|sheet|hdf5|netcdf|tfrecords?|"
        r"shards?|archive|"
        r"\d+ of \d+ \w+s|\w+\[\w+\] [<>]=?|negative \w+|lbls?|cardinality|durations?|topolog\w+|endog|exog|"
        r"\d{4}-\d\d-\d\d(?![ t]\d\d:)|input (?:data|files?)|"
        r"timestamps?|dates?|time ?zones?|datetimes?|units?|categor\w+|stations?|sensors?|"
        r"patients?|subjects?|"
        r"coordinates|crs|geometr\w+|rasters?|tiles|bands?|schema|encoding|utf-?\d*|delimiter|duplicate[sd]?|"
        r"duplicated|"
        r"sampling rate|sample ?rate|sequences? length of|genes?|cells|reads|barcodes?|scans?|slices|voxels?|atoms?|"
        r"molecules?|smiles|residues?|edges|nodes? (?:ids?|features?)|measurements?|events|visits|entit(?:y|ies)|"
        r"spans?|"
        r"strata|stratif\w+|outliers?|null|malformed|corrupt\w*|truncated|unreadable|decod\w+|pars(?:e|ed|ing)|"
        r"out of range|monotonic\w*|sorted|freq(?:uency)?|gaps?|overlap\w*|inconsistent|class(?:es)? (?:in|"
        r"values|weights)|"
        r"entries|examples|questions|prompts?|conversations?|roles|pairs|chromosomes?|contigs?|files?|folders?|"
        r"director(?:y|ies)|"
        r"checkpoints?|partitions?|split|splits|leak\w*",
    ),
    (
        _DATA,
        1,
        r"data|inputs?|ha(?:s|ve) no|open(?:ing)?|reading|lookup|codes|folds?|cohorts?|respondents|users|items|"
        r"ratings|sessions|trips|"
        r"orders|prices|quotes|readings|spectra|peaks|tracks|points|point clouds?|mesh(?:es)?|clips|speakers|"
        r"languages|articles|"
        r"reviews|tags|species|scenes|polygons|countries|currencies|months?|days?|years?|weeks?|predictors|indices|"
        r"(?:larger|greater|smaller|less|more|fewer) than \S*\d|validation|"
        r"path|graph|nodes|fields?|values?|keys?|ids?|features?|strings?|missing|empty|"
        r"no such|not found|doesn't exist|does not exist|"
        r"negative|lines? \d+|format|range|convert\w*|characters?|bytes|found \d+|expected \d+|contains?|text|groups?|"
        r"series|sequence|lengths?|counts?|classes|match(?:es)?|table|entry|invalid|time",
    ),
    # what ran out
    (
        _RESOURCE,
        3,
        r"out of (?:\w+ )?(?:memory|resources?|space|disk|handles|swap|inodes|descriptors)|oom|"
        r"(?:not enough|insufficient|no (?:available|free)|too little|exceed\w*|low on|limit of|above the budget of) "
        r"(?:\S+ ){0,3}(?:memory|ram|vram|space|disk|swap|threads|descriptors|shared memory|resources)|"
        r"(?:more|larger|bigger|less) (?:\w+ )?(?:memory|ram|vram|disk)|"
        r"(?:memory|cpus?|gpus?|processors) (?:required|requested)|(?:open )?(?:files?|process\w*|threads?) limit|"
        r"(?:memory|ram|vram|disk|space|quota|swap|descriptors|threads|inodes) (?:\S+ ){0,3}"
        r"(?:full|exhausted|exceeded|limit|used up)|ran out of|(?:not enough|insufficient|"
        r"no free) (?:\S+ ){0,2}(?:slots|cpus|gpus|cores|workers|capacity)|used up|depleted|"
        r"(?:fail\w*|unable|could not|cannot|can't) (?:\S+ ){0,2}(?:allocat\w+|fork|spawn)|sigkill|killed|"
        r"(?:exit(?:ed)?|return|status) ?(?:code|status|value|with)?\W{0,3}(?:code )?(?:137|-9)\b",
    ),
    (
        _RESOURCE,
        2,
        r"memory|ram|vram|rss|heap|swap|disk|free space|storage|inodes?|quota|descriptors?|fork|allocat\w+|"
        r"\d+(?:\.\d+)? ?(?:[gmtk]i?b|bytes)|exhausted|full|mmap|shm|capacity|free (?:memory|space|disk)|"
        r"pressure|needs \d|resident|"
        r"cache blocks|kv cache|ulimit|cgroup",
    ),
    (_RESOURCE, 2, r"(?:gpu|cpu|core|node)[- ]?hours?|limit (?:is |was )?(?:reached|hit|exceeded)|mapsize|map_full"),
    (_RESOURCE, 1, r"limit|limits|budget|threads?|processes|buffers?|insufficient|not enough|exceed\w*|workers? died"),
    # numbers that do not come to rest
    (
        _CONVERGENCE,
        3,
        r"(?:not|n't|fail\w* to|without|never|no|poor|un) ?converg\w*|converg\w+|diverg\w*|r[-_ ]?hat|"
        r"effective sample size|"
        r"(?:min_|bulk_|tail_)?ess|gelman|step ?size|time ?step (?:too|became|is)|loss (?:went|rose|grew|fell|"
        r"stays|is|was|became|of|has|"
        r"did|at|jumped|"
        r"exceed\w*|spike\w*|not)|blew up|blow\w* up|blowing up|lost atoms|atoms? (?:lost|missing)|(?:does|"
        r"do)(?: not|n't) mix|mixing|explod\w+|vanish\w+|singular|"
        r"ill-?(?:conditioned|defined|"
        r"posed)|rank[- ]deficien\w+|collinear\w*|(?:not |non-?)?positive[- ](?:semi-?)?definite|cholesky|"
        r"hessian|jacobian|"
        r"newton\w*|line ?search|eigen\w+|pivot|underflow\w*|overflow\w*|plateau\w*|collaps\w+|stuck at|"
        r"unstable|instabilit\w+|"
        r"infeasible|unbounded|degenerate|log-?likelihood|non-?finite|nans?|inf|infinit\w+|acceptance (?:rate|"
        r"prob\w*)|"
        r"maximum (?:number of )?(?:iterations|steps)|max_?iter\w*|no (?:improvement|progress)|not improv\w+|"
        r"not decreas\w+|"
        r"(?:could|can)(?: ?not|n't) (?:\w+ )?(?:fit|solve|optimi[sz]e)|(?:no )?(?:better|worse) than (?:chance|"
        r"random|the baseline)|"
        r"stagnat\w*|trust region|duality gap|min_?factor|step factor|acceptance|autocorrelation|moved too far|"
        r"perplexity|grad(?:ient)? norm|loss scale|mode collapse|steady state|equilibri\w+|oscillat\w+",
    ),
    (
        _CONVERGENCE,
        2,
        r"(?:val|valid|train|test|dev|eval)_(?:loss|acc|accuracy|auc|f1|rmse|mae|mse|nll|ppl)|walkers?|ll|monte carlo|"
        r"parameter bounds|proposals|rejected|rejection|accepted|for \d+ epochs|(?:above|"
        r"below) (?:the )?(?:target|threshold|"
        r"limit)|after \d+ (?:\w+ )?(?:passes|epochs|iterations|steps|rounds|sweeps|attempts|tries)|"
        r"loss(?:es)?|gradients?|residuals?|tolerance|iterations?|likelihood|posterior|covariance|variance|"
        r"matrix|matrices|"
        r"factori[sz]\w+|decomposition|inver(?:t|sion|se)|lu|qr|svd|solver|solve[ds]?|nonlinear|chains?|scf|"
        r"numerical\w*|"
        r"precision loss|minimi[sz]\w+|fit(?:ting|s)?|energy|mass matrix|integrat\w+|equation|cfl|courant|"
        r"sampl(?:ing|er)|"
        r"entropy|kl|reward|separation|multiplier|optimum|elbo|temperature|density|ode",
    ),
    (
        _CONVERGENCE,
        1,
        r"optimi[sz](?:ation|ing)|reached|in a row|threshold|too (?:large|small|high)|attempts|accuracy|score",
    ),
    # what lies outside of the process
    (
        _INFRASTRUCTURE,
        3,
        r"timed? ?out|timeouts?|deadline|unreachable|refused|connection (?:lost|reset|closed|aborted|error)|"
        r"lost connection|"
        r"disconnect\w*|no route|name resolution|could not resolve|resolve host|unauthori[sz]ed|forbidden|"
        r"(?:access|permission|request) denied|permissions?|credentials?|authenticat\w+|logged in|log ?in|api[ _-]key|"
        r"(?:token|licen[cs]e|session|certificate|lease) (?:\S+ ){0,2}(?:expired|invalid|revoked|rejected|missing|"
        r"not found|denied)|"
        r"expired|rate[- ]limit\w*|heartbeat|preempt\w*|evicted|cancell?ed|terminated by|interrupted|sig(?:term|"
        r"int|hup)|"
        r"node (?:\S+ )?(?:fail\w*|down|lost|drain\w*|died|has|is|was|went)|pull(?:ing)? (?:the )?image|is locked|"
        r"lock (?:held|file|is)|\S+\.lock|"
        r"another (?:process|instance|job|run)|already (?:running|locked|in use)|stale|not mounted|mount\w*|read-?only|"
        r"offline|"
        r"unavailable|device (?:\w+ )?(?:acquire|busy|lost|failed|in use)|acquire (?:\w+ )?(?:failed|device)|"
        r"maintenance|interruption|spot instances?|terminated|wall[- ]?(?:clock|time)|not yet initiali[sz]ed|"
        r"service|busy|fell off|fallen off|ecc|"
        r"no (?:free )?gpus?|(?:driver|"
        r"runtime)\S* (?:\S+ )?(?:version|too old|"
        r"mismatch|not)|nvlink|infiniband|watchdog|s3://\S+|gs://\S+|[45]\d\d (?:client|server) error|"
        r"\bhttp (?:error )?[45]\d\d|(?:status|code|error)\W{1,3}(?:40[13789]|429|50[0234])\b|"
        r"(?:exit(?:ed)?|return|status) ?(?:code|status|value|with)?\W{0,3}(?:code )?(?:124|143|130|-15|-2|-1)\b",
    ),
    (
        _INFRASTRUCTURE,
        2,
        r"hosts?|servers?|networks?|connect(?:ion|ing|ed)?|sockets?|ports?|dns|proxy|node|cluster|queue|locks?|"
        r"licen[cs]e|nfs|lustre|gpfs|buckets?|s3|gcs|endpoint|daemon|driver|gpus?|ranks?|peers?|nccl|gloo|mpi|rdma|"
        r"signal|https?|url|ssl|tls|certificate|auth|remote|upload\w*|download\w*|hub|ssh|rpc|grpc|broker|redis|"
        r"database|"
        r"slurmstepd|srun|salloc|job credential|job step|(?:task|application) launch|layout tasks|distribute tasks|"
        r"nvidia-smi|barrier|rendezvous|slurm|kubernetes|pod|container|docker|scheduler daemon|tracking server|"
        r"walltime|hardware|"
        r"firewall|vpn|gateway|retries|retry|responded|request|regions?|access|communication|vault|clon(?:e|ing)|"
        r"repositor(?:y|ies)|tunnel|reservation|open display|"
        r"partition|account",
    ),
    (
        _INFRASTRUCTURE,
        1,
        r"https?://\S+|nodes|hours|minutes|booked|allotted|jobs?|waiting|waited|respond\w*|unable to reach|"
        r"reach|lost|hung|stalled|fetch\w*|"
        r"session",
    ),
)

RAISERS: tuple[tuple[ErrorType, int, str], ...] = (
    (
        _DATA,
        2,
        r"(?:pandas|albumentations|imgaug|monai[/\\](?:data|transforms)|torchvision[/\\]transforms|polars|"
        r"site-packages[/\\]datasets|PIL|cv2|imageio|librosa|soundfile|torchaudio|"
        r"torchvision[/\\](?:io|"
        r"datasets)|h5py|netCDF4|"
        r"xarray|pyarrow|json|csv|yaml|rasterio|geopandas|nibabel|pydicom|Bio|anndata|rdkit|webdataset|pycocotools|"
        r"zipfile\.py|tarfile\.py|gzip\.py|sklearn[/\\](?:preprocessing|model_selection|utils[/\\]validation)|"
        r"lxml|openpyxl)\b",
    ),
    (
        _INFRASTRUCTURE,
        2,
        r"(?:requests|urllib3|urllib|http|httpx|aiohttp|socket\.py|ssl\.py|botocore|boto3|"
        r"google[/\\](?:api_core|cloud|auth)|"
        r"azure|grpc|paramiko|huggingface_hub|wandb|mlflow|clearml|neptune|redis|psycopg2|pymysql|sqlalchemy|"
        r"fsspec|s3fs|"
        r"gcsfs|torch[/\\]distributed|filelock|subprocess\.py|kubernetes|docker|signal\.py)\b",
    ),
    (
        _CONVERGENCE,
        1,
        r"(?:scipy[/\\](?:optimize|linalg|integrate)|numpy[/\\]linalg|statsmodels|pymc\w*|arviz|numpyro|pyro|"
        r"blackjax|emcee|"
        r"dynesty|cmdstanpy|pystan|gpytorch|botorch|linear_operator|lifelines|cvxpy|casadi|pyomo|"
        r"sklearn[/\\](?:mixture|"
        r"gaussian_process|decomposition)|diffrax|optimistix|lmfit|arch)\b",
    ),
    (
        _IMPLEMENTATION,
        2,
        r"(?:torch[/\\](?:nn|_dynamo|_inductor|autograd|jit)|transformers[/\\](?:models|configuration\w*|"
        r"generation)|argparse|"
        r"hydra|omegaconf|gym(?:nasium)?[/\\]spaces|inspect|importlib|pydantic|click|typer|fire|jsonargparse|keras[/\\]src[/\\](?:layers|"
        r"models))\b",
    ),
    (
        _DATA,
        1,
        r"(?:data\w*|\w*_data|load\w*|read\w*|preprocess\w*|prepare\w*|ingest|etl|validate\w*|transforms?|"
        r"features?)\.py",
    ),
    (
        _DATA,
        1,
        r"site-packages[/\\]\w+[/\\](?:\w+[/\\])*(?:data|datasets?|preprocessing|io|readers?|corpora|corpus)[/\\]",
    ),
    (_CONVERGENCE, 1, r"(?:fit|sample|posterior|diagnos\w*|solve\w*|calibrat\w*|optimi[sz]\w*)\.py"),
    (_IMPLEMENTATION, 1, r"(?:model\w*|net\w*|layers?|arch\w*|config\w*|cli)\.py"),
)
"""Whose code raised: the newest file of a traceback leans to what its library is there for."""
