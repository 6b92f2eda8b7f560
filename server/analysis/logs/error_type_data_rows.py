r"""The last rows of `error_type_table`: messages and classes of what was read, where no row before them matched."""

from __future__ import annotations

DATA_ROWS: tuple[tuple[str, str, str], ...] = (
    # the files
    (
        "data",
        r"FileNotFound|Decode(?:Error)?$|ScannerError|YAMLError|[Yy]aml|EmptyData|Parser|Unicode|Unpickling|"
        r"BadZip|BadGzip|"
        r"EOFError|NotADirectory|IsADirectory|zlib|LZMA|binascii|Arrow|Safetensor|DataLoss|UnidentifiedImage|"
        r"DataFilesNotFound|Decompression|NonExistentTime|AmbiguousTime|Dimensionality|Libsndfile|NetCDF|"
        r"CastError|MergeError|InvalidIndex|IntegrityError|"
        r"ColumnNotFound|SchemaField|struct\.error|DatasetNotFound|DatasetGeneration|ExpectedMoreSplits|"
        r"OutOfBoundsDatetime|TFRecord",
        "",
    ),
    ("data", r"^error$", r"unpack requires|while decompressing"),
    (
        "data",
        "",
        r"corrupt|truncat|checksum|crc (?:check|error)|bad magic|malformed|invalid header|unexpected end|"
        r"failed reading|^error reading (?!from (?:\w+ ){0,2}(?:conn|socket|server|pipe|remote|peer|stream))|"
        r"ran out of (?:input|data)|central directory|end-of-stream|cannot identify image|image file format|"
        r"decode(?:r)? (?:jpeg|png|image|error)|deserializ|signature not found|parquet magic|file contain(?:s|"
        r"ing) pickled|"
        r"(?:failed to|unable to|could not|cannot) (?:read|load|open|parse) ['\"]?\S+\.\w+|^dataset \S+ error|"
        r"(?:images?|labels?) not found|"
        r"(?:error|failed to|unable to|could not|cannot) (?:open|opening|reading|read|load|loading|decode|decoding) "
        r"(?:image|video|audio|weights|file|record|shard|sample|'?/|\S+\.(?:csv|wav|jpe?g|png|npy|json|parquet|h5|"
        r"tif))|"
        r"broken data stream|unrecognized data stream|cannot write mode|frames decoded|netcdf: |file format is not|"
        r"does not appear to have a file named|larger than field limit|"
        r"can.?t parse|(?:can ?not|can't) be (?:opened|read|loaded|decoded)|not (?:a|in) (?:valid )?(?:gzip|zip|json|"
        r"jpeg|png|parquet|hdf5)|invalid (?:json|xml|checkpoint)",
    ),
    (
        "data",
        "",
        r"no such file|no (?:urls?|files?|objects?|paths?) match|"
        r"(?:file|path|folder|director\w+|dataset|columns?|object|key|table|checkpoint|record|response)\b"
        r".{0,80}(?:does not|doesn't) exist|[/\\.]\S*['\"]? (?:does not|doesn't) exist|"
        r"'\S+' (?:does not|doesn't) exist|file or doesn't exist|!\w+\.empty\(\)|"
        r"(?:file|director\w+|folder|dataset|checkpoint) (?:was )?not found|"
        r"no file or directory|is not exist|"
        r"\S+\.(?:pth?|ckpt|csv|tsv|jsonl?|h5|npz?|parquet|pkl|txt|nii|wav|png|jpe?g|bin)\S* (?:was |is )?"
        r"(?:not found|missing|unreadable|empty)|no such file or no access|"
        r"(?:files?|folder|data\w*|checkpoint|images?) (?:is |are )?missing|"
        r"unable to (?:synchronously )?open|(?:no|could not find|cannot find|can't find|couldn't find)"
        r"(?: an?| any| the| valid)*"
        r" (?:files?|images?|labels?|data(?:sets?)?|samples?|folder|director\w+|checkpoints?|records?|"
        r"class folder)\b|"
        r"cannot open (?:file|the connection)|not found:? \S*[/\\]\S+",
    ),
    # what stands in them
    ("data", r"IntCasting|SchemaError|MissingData|Validation(?!Curve)|SchemaModel", ""),
    (
        "data",
        "",
        r"parse(?:float|int|bool|char)error|could not convert|cannot convert (?!.*(?:tensor|to numpy|cuda|symbolic))|"
        r"invalid literal for (?:int|"
        r"float|decimal)|cannot parse|"
        r"unable to parse|error parsing|error tokenizing|parse (?:error|date)|(?:does not|"
        r"doesn't) match (?:the )?(?:format|schema)|"
        r"unconverted data remains|"
        r"out of range for (?:day|month)|(?:day|month|hour) (?:is out of range|must be in)|out of bounds nanosecond|"
        r"isoformat|not likely a datetime|unit mismatch|unknown (?:split|column|field|unit|category|categories|"
        r"class|label)|"
        r"found unknown categ",
    ),
    (
        "data",
        "",
        r"0 \(non-na\) cases|does not support \.\w+ file format|variables? \S+ not found|variables can (?:not|"
        r"neither)(?: be)? found|"
        r"variables can neither be|missing (?:required )?(?:columns?|values?|data|input|fields?|"
        r"features?|labels?|keys? in)|not in index|"
        r"no variable named|file in the archive|class values must|failed to read|expected token '|out-of-bounds|"
        r"couldn't cast|pos_label|is multiclass but|has 1 level|zero-size array|"
        r"must have columns|already exists$|year \d+ is out of range|placement implies|values outside|"
        r"not found in axis|are in the \[|no columns|columns? .*(?:mismatch|missing|not (?:found|present|in)|"
        r"overlap)|"
        r"usecols|length mismatch: expected axis|cannot reindex|duplicate (?:labels|keys|index|entries)|"
        r"trying to merge on|bin edges must be unique|undefined columns|predvars|\bcsv\b|schema|feature[_ ]names|"
        r"column of type|should be feature with name|(?:class|factor) levels?\b|no more (?:scalars|values) to read|"
        r"dtypes for data must be|expect \d+ fields|is required but could not be found",
    ),
    (
        "data",
        "",
        r"unseen label|unknown label|label \S+ (?:is )?(?:greater|larger|higher|outside|exceeds)|"
        r"label (?:value|must|\S+ (?:is )?(?:out|outside))|labels? (?:must|should) be in|"
        r"target \S+ is out of bounds|bounds\.$|index out of range in self|= \S+ is not in \[0|"
        r"number of (?:classes|labels)|only one class|one unique value|least populated class|invalid classes|"
        r"number of members in each class|class (?:labels?|index) .*(?:range|unknown)|outside the valid range",
    ),
    (
        "data",
        "",
        r"\b0 sample|num_samples=0|zero samples|inconsistent numbers? of samples|empty (?:data\w*|file|csv|"
        r"input|tensor list)|"
        r"(?:dataset|data ?frame|file|train\w* set|input|split|loader) (?:\S+ )?is empty|"
        r"dataset .*(?:unavailable|empty)|"
        r"no objects to concatenate|at least one array to concatenate|no samples|not enough data|"
        r"too few (?:rows|samples)|"
        r"(?:sample|row|record|shard|image|batch) \S+ (?:is empty|is missing|has \d)|folder \S+ is empty",
    ),
    (
        "data",
        "",
        r"x has \d+ features|number of features|expecting \d+ features|(?:of|be) equal size|resize storage|"
        r"numpy array to a tensor|mismatched dtypes|metadata mismatch|inhomogeneous shape|"
        r"type numpy\.object_|object dtype|found <class 'nonetype'>|text(?:encode)?input|must be .*not float$|"
        r"got 'float'$",
    ),
    ("data", r"OutOfRange", r"end of sequence"),
    (
        "data",
        "",
        r"op:iteratorgetnext|node \S*(?:decode|parse)(?:wav|jpe?g|png|bmp|gif|image|raw|csv|json|example|single)",
    ),
)
