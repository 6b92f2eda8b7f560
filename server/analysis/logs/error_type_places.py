"""What the place where an exception arose tells of its type: whose frames, which functions, which lines of code. Pure.

Frames are one text: file, function and line of code of each, the newest last ("/work/a.py in load x = row['a']").
"""

from __future__ import annotations

import re

from ...vocabulary.runs import ErrorType
from . import traceback_lines

NEWEST_CHARS = 240
"""How much of the frames is of the place itself and of what called it."""
_READERS = re.compile(
    r"(?:(?:site|dist)-packages[/\\](?:[\w.+-]+\.egg[/\\])?|[/\\]src[/\\]|(?<![^\s\"']))"
    r"(?:pandas|polars|datasets|pycocotools|h5py|netCDF4|xarray|pyarrow|tables|geopandas|dask|cudf|zarr|"
    r"sklearn[/\\](?:preprocessing|utils(?![/\\](?:parallel|fixes|_param_validation|deprecation|metaestimators))))[/\\]"
)
"""Libraries whose keys are those of what was read, and that sort and compare its values.

Installed ones: a project may lie in a folder of such a name ("/home/me/datasets/train.py")."""
_OF_A_SAMPLE = re.compile(
    r"torch[/\\]utils[/\\]data[/\\]_utils[/\\](?:fetch|collate)\.py|torch[/\\]utils[/\\]data[/\\]datapipes|"
    r"(?:fetch|collate)\.py in fetch|datasets[/\\](?:arrow_dataset|iterable_dataset|packaged_modules|builder)|"
    r"webdataset[/\\]|generator_yields_elements|IteratorGetNext"
)
"""What calls the code that reads one sample, or makes a batch of several."""
_PLACE = re.compile(r"(\S+\.pyx?) in ([\w.<>]+)")
_READS = re.compile(
    r"(?i)^(?:\w+\.)*(?:__getitem(?:s)?__|__iter__|\w*collat\w+|_?(?:read|load|parse|open|decode|prepare|preprocess|"
    r"tokenize|encode|convert|extract|get|build|make|create|process|generate|filter|clean|merge|join|map|normali[sz]e|"
    r"split|pad|crop|resize|augment|impute|drop|select|sort|group|stack|index)_(?:\w+_)?"
    r"(?:data\w*|csv|tsv|json\w*|xml|images?|img\w*|ann\w*|labels?|targets?|samples?|examples?|items?|features?|"
    r"records?|rows?|audios?|wavs?|waveform|texts?|files?|lines?|columns?|tables?|frames?|df|split\w*|manifest|vocab\w*|corpus|"
    r"masks?|boxes|bbox\w*|documents?|dicom|nifti|volume|signals?|sequences?|tokens?))$"
)
"""Functions that turn what was read into samples."""
_LOADS = re.compile(
    r"^(?:\w+\.)*_?(?:load|read|parse|decode)_(?!\w*(?:state|model|config|pretrained|weights|checkpoint|optim|extension|"
    r"args?|argv|arguments?|options?|opts|cli|command|module|plugin|class|backend|library|kernel|settings|params)"
    r"(?![a-z]))\w+$"
)
"""Functions, also of libraries, that read what is no part of the program."""
_OF_DATA = re.compile(
    r"(?i)(?:^|[/\\])(?:(?:[a-z\d]+_)*(?:data|data_?sets?|data_?loaders?)(?:_(?!parallel)[a-z\d]+)*|"
    r"data_?(?:utils|module|prep\w*)s?|loaders?|preprocess\w*|prepare\w*|"
    r"transforms?|augment\w*|features?|etl|ingest\w*|readers?)"
    r"(?:\.py$|[/\\](?!(?:train|main|run|fine_?tune|fit|sample|models?|net|loop|eval\w*|test)\w*\.py$)[^/\\]+$)"
)
"""The user's own files that are there for reading; not a program that lies beside its data ("/data/train.py")."""
_READING_LIBRARY = re.compile(
    r"(?:site|dist)-packages[/\\]\w+[/\\](?:\w+[/\\])*(?:data|datasets?|\w*collat\w+|preprocessing)(?:\.py|[/\\])"
)
"""Modules of libraries that make samples of what was read."""
_HANDLES_DATA = re.compile(
    r"(?:(?:site|dist)-packages[/\\]|(?<![^\s\"']))(?:"
    r"pandas|polars|pyarrow|xarray|datasets|h5py|netCDF4|geopandas|rasterio|nibabel|pydicom|anndata|spacy[/\\]tokens|"
    r"sklearn[/\\](?:preprocessing|impute|utils[/\\](?:validation|_encode|multiclass)))[/\\.]"
)
"""Libraries that take apart and convert tables, arrays and records; images also come from the code's own steps."""
_OF_A_CALL = re.compile(
    r"(?i)keyword|positional|parameter|callable|unexpected|multiple values for|\btakes \d|subclass|attribute|module|"
    r"<class |pickle|hashable|mutable|understood|does not support"
)
"""What a message says that is about how something was called, and not about a value."""
_NO_RECORD = re.compile(r"object is not (?:subscriptable|iterable)|indices must be|object has no len|not a sequence")
"""What a value says that has another form than a sample should have."""
_HELD = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)\[([^\[\]]*)\]")
_LABEL = re.compile(
    r"(?i)^(?:\w+\.)?(?:labels?|cls|class(?:_?(?:id|idx|name))?|category(?:_id)?|y|targets?|tokens?|words?|chars?)$"
)
"""What a table is asked for with: the label that was read is not in it."""
_OF_A_RECORD = re.compile(
    r"^['\"](?:annotations?|categories|images?|image_id|category_id|captions?|segmentations?|bbox(?:es)?|labels?|targets?|"
    r"texts?|sentences?|questions?|answers?|transcripts?|messages|conversations|speaker(?:_id)?|utt_id)['\"]$"
)
"""What a record of a data set has, by its name alone."""
_FILE_KEY = re.compile(
    r"^['\"][^'\" ]*\w\.(?:wav|flac|mp3|jpe?g|png|npy|txt|json|nii|dcm|csv|pt|npz|tif{1,2}|bin)['\"]$"
)
"""A key that is the name of a file: what is listed is not what was read."""
_TABLES = re.compile(
    r" in (?:to_categorical|embedding|nll_loss|cross_entropy|one_hot|scatter\w*|gather|_?index_select|bincount)"
    r"\b[^/\\]*$"
)
"""Functions that ask a table of the model with what was read."""
_ASKS = re.compile(r"\b(?:scatter\w*|gather|index_select|one_hot|embedding)\([^/\\]*$")
_DATA_NAMES = re.compile(
    r"(?i)^(?:(?:\w+_)?df\w*|attrib|infos?|(?:input|info)s?_dict|(?:\w+_)?data\w*|rows?|rec|records?|samples?|items?|ex|examples?|batch|feats?|features?|"
    r"inputs?|anns?|annotations?|meta(?:data)?|labels?\w*|targets?|cols?|columns?|tables?|frames?|entry|entries|"
    r"lines?|docs?|documents?|json\w*|payload|obs|observations?|\w+_(?:map|to_idx?|to_index|to_id|index|ids|ind)|"
    r"[a-z]+2[a-z]\w*|ckpt|checkpoint|state_dict|vocab\w*|stoi|class_to_idx|schema|h5\w*|hf|npz|arrays?|raw|"
    r"parsed|response|resp|elem(?:ent)?|tokens?|parts|fields|words|cells|captions?|images?|boxes|bboxes|obj)$"
)
_CONFIG_NAMES = re.compile(
    r"(?i)^(?:cfg|conf|config\w*|args|opts?|options|params?|hparams|kwargs|settings|\w+_(?:cfg|config|args|kwargs|"
    r"params)|environ|registry|\w+_registry|MODELS?|argv)$"
)
_CHECKS_DATA = re.compile(
    r"assert\b.*\b(?:\w*df|data\w*|labels?|targets?|rows|columns|y_(?:train|test)|X|boxes|bboxes|annotations?|masks?|"
    r"ids|images?|samples|files)\b(?:\.|\[|\))"
)
"""An assertion about a data frame or the like."""
_API_OF_FRAMES = re.compile(
    r"^(?:append|iteritems|ix|as_matrix|lookup|mad|sort|get_value|set_value|applymap|swaplevel|to_panel|from_csv|"
    r"rolling_mean|groupby_rolling|with_column|tolist|reshape|cuda)$"
)
"""Methods that a data frame had or other objects have: to ask for them is no missing column."""
_NO_ATTRIBUTE = re.compile(r"'(?:\w+\.)*(\w+)' object has no attribute '(\w+)'")
_OF_TEXT = re.compile(
    r"^(?:lower|upper|strip|split|replace|encode|decode|startswith|endswith|translate|title|isdigit)$"
)
"""What only text can do; asked of a number it tells of a value that is missing where text was expected."""
_OF_RECORDS = re.compile(r"^(?:keys|values|items|get|append|extend)$")
"""What only a record or a list of records can do, which what was read is not."""
_OF_IMAGES = re.compile(r"^(?:shape|size|convert|resize|astype|copy|crop|ndim)$")
_PIPES = re.compile(r"^Connection(?:Reset|Refused)Error$|^EOFError$|^BrokenPipeError$|^(?:_queue\.)?(?:Empty|Full)$")
"""What waits for another process raises these when that one is gone."""
_NETWORK = re.compile(r"[/\\]comm[/\\]tcp\.py|websockets?[/\\]|asyncio[/\\]streams\.py|paramiko[/\\]")
"""Where the other end of a connection is another machine's or service's."""
_MIXED = re.compile(r"(?:not supported between|unsupported operand).*'(?:str|float|NoneType|int)'|tz-naive|tz-aware")
_VALUES_OF_TEXT = re.compile(
    r"^(?:argument of type )?'float' (?:object )?is not iterable|^object of type 'float' has no len|"
    r"expected string or bytes-like object|expected str instance, \w+ found|"
    r"(?:must be|expected) (?:str|string|unicode)\w*,? (?:not|got|instead of) '?(?:float|NoneType)|"
    r"concatenate str \(not \"float"
)
"""What a value says that is missing, hence a number, where text was expected."""
_RAGGED = re.compile(r"(?i)sizes? of tensors|equal size|same (?:size|shape|length)")
"""What `torch.stack` says of samples that differ."""
_CHANGES_IMAGES = re.compile(
    r"(?:torchvision[/\\]transforms|albumentations|imgaug|torchio|monai[/\\]transforms|kornia[/\\]augmentation|skimage|"
    r"keras\w*[/\\](?:src[/\\])?(?:preprocessing|legacy[/\\]preprocessing))[/\\.]"
)
_SHAPES = re.compile(r"(?i)must match the size|broadcast|number of channels|incompatible with|invalid number of ch")
_SPLITS = re.compile(r"split\(|partition\(")
_TAKEN_APART = re.compile(r"to unpack|^cannot reshape array")
_SIZE_OF_IMAGE = re.compile(r"= *(?:\w*im(?:g|age)?\w*|frame|mask)\.shape")
_LISTS_FILES = re.compile(r"split\(|csv|glob\(|listdir\(|iterdir\(|scandir\(|os\.walk\(")
"""What gives a list as long as what is read: of a line's fields, of a folder's files."""
_READS_IMAGES = re.compile(r"imread|cv2|Image\.open|img|image", re.IGNORECASE)
_FINDS = re.compile(r"\.find\(|\bre\.(?:match|search)\(|\.(?:match|search)\(")
_LENGTH = re.compile(
    r"/ ?(?:float\()?len\((?:self\.)?\w*(?:loader|ds|data\w*|dataset|samples|files|images|rows|"
    r"train|val|test|set|scores|losses)\)"
)
_OF_SETTINGS = re.compile(r"(?i)(?:conf(?:ig)?|cfg|settings|hparams|args|options)(?:\.py)?(?: \S+)?$")
"""A file or a function that reads settings."""
_NEUTRAL = re.compile(
    r"^(?:Value|Index|Runtime|Assertion|ZeroDivision|Unicode\w*|O?S|IO|Lookup|Overflow)?(?:Error|Exception)$|^StopIteration$"
)
"""Classes that say nothing of whether the code or what was read is wrong."""


def by_place(exception: str, message: str, frames: str) -> ErrorType | None:
    """Return what class and frames together tell; None where they tell nothing."""
    decide = _BY_CLASS.get(exception)
    if decide and (told := decide(message, frames)):
        return told
    if _PIPES.search(exception) and _NETWORK.search(frames):
        return ErrorType.INFRASTRUCTURE
    return ErrorType.RESOURCE if _PIPES.search(exception) and "multiprocessing" in frames else None


def reads_a_sample(exception: str, frames: str) -> bool:
    """Whether an exception that says nothing of the code arose where a sample was read or a batch was made."""
    return _NEUTRAL.match(exception) is not None and _in_reading(frames)


def _handles_data(frames: str) -> bool:
    """Whether the newest place is in a library that takes apart what it is given."""
    places = _PLACE.findall(frames)
    return bool(places) and _HANDLES_DATA.search(places[-1][0]) is not None


def _in_reading(frames: str) -> bool:
    if _OF_A_SAMPLE.search(frames[-2 * NEWEST_CHARS :]):
        return True
    places = _places(frames)
    if places and _LOADS.match(places[-1][1]):
        return True
    own = [place for place in places if traceback_lines.is_own(place[0])]
    return bool(own) and (_READS.match(own[-1][1]) or _OF_DATA.search(own[-1][0])) is not None


def _places(frames: str) -> list[tuple[str, str]]:
    """Return file and function of each frame; a comprehension and a lambda belong to the function around them."""
    places: list[tuple[str, str]] = []
    for file, function in _PLACE.findall(frames):
        inner = function.startswith("<") and function != "<module>"
        places.append(places[-1] if inner and places and places[-1][0] == file else (file, function))
    return places


def _near_data(frames: str) -> bool:
    """Whether the newest frame makes samples, the user's code or a library's."""
    places = _PLACE.findall(frames)
    return _in_reading(frames) or (bool(places) and _READING_LIBRARY.search(places[-1][0]) is not None)


def checks_data(frames: str) -> bool:
    """Whether the newest line is an assertion about what was read."""
    return _CHECKS_DATA.search(frames[-200:]) is not None


def _assertion(message: str, frames: str) -> ErrorType | None:
    if _in_reading(frames):
        return None if message else ErrorType.DATA
    asks = re.search(r"isnan|isfinite|isinf", frames[-NEWEST_CHARS:])
    return ErrorType.CONVERGENCE if asks else None


def _key(message: str, frames: str) -> ErrorType | None:
    if _key_of_what_was_read(message, frames) or message.startswith("Timestamp(") or _FILE_KEY.match(message):
        return ErrorType.DATA
    return None if " " in message.strip("'\" ") else ErrorType.IMPLEMENTATION


def _key_of_what_was_read(message: str, frames: str) -> bool:
    held, asked = _held(frames, message)
    of_config = any(map(_CONFIG_NAMES.match, held))
    if of_config and _newest_is_own(frames):
        return False  # also in a function that a table is mapped with
    if _READERS.search(frames):
        return True
    if of_config:
        return False
    named = any(map(_DATA_NAMES.match, held[-1:])) or _LABEL.match(asked) or _OF_A_RECORD.match(message)
    return bool(named) or _in_reading(frames)


def _newest_is_own(frames: str) -> bool:
    places = _PLACE.findall(frames)
    return bool(places) and traceback_lines.is_own(places[-1][0])


def _held(frames: str, key: str = "") -> tuple[list[str], str]:
    """Return of what the newest line takes which item: (["self", "classes"], "name") for `self.classes[name]`.

    Of several the one that is asked for with the key as it is written, else the last.
    """
    found = _HELD.findall(frames[-160:])
    named = [one for one in found if key and one[1].strip() == key] or found
    return (named[-1][0].split("."), named[-1][1].strip()) if named else ([], "")


def _index(message: str, frames: str) -> ErrorType | None:
    held, asked = _held(frames)
    if any(map(_CONFIG_NAMES.match, held)):
        return ErrorType.IMPLEMENTATION
    last = asked.rpartition(",")[2].strip()
    read = _LABEL.match(last) or _TABLES.search(frames) or _LISTS_FILES.search(frames[-160:])
    return ErrorType.DATA if read or ("out of bounds" in message and _in_reading(frames)) else None


def _attribute(message: str, frames: str) -> ErrorType:
    found = _NO_ATTRIBUTE.search(message)
    data = _missing_value(found[1], found[2], frames) if found else message.startswith("Can only use .")
    return ErrorType.DATA if data else ErrorType.IMPLEMENTATION


def _missing_value(kind: str, attribute: str, frames: str) -> bool:
    """Whether an attribute is missing because a column or a value is."""
    if kind in ("DataFrame", "Series"):
        return not _API_OF_FRAMES.match(attribute) and _asked_by_own_code(frames)
    if kind in ("float", "int"):
        return _OF_TEXT.match(attribute) is not None
    if kind in ("list", "str", "dict") and _near_data(frames):
        return _OF_RECORDS.match(attribute) is not None
    if kind != "NoneType":
        return False
    if _near_data(frames) or (_OF_IMAGES.match(attribute) and _READS_IMAGES.search(frames)):
        return True
    return attribute in ("text", "attrib", "group", "groups", "find", "findall", "get_text") and bool(
        _FINDS.search(frames)
    )


def _asked_by_own_code(frames: str) -> bool:
    """Whether no library but pandas itself asked for the attribute."""
    asking = [file for file, _ in _places(frames) if not re.search(r"pandas[/\\]core", file)]
    return not asking or traceback_lines.is_own(asking[-1])


def _type_error(message: str, frames: str) -> ErrorType | None:
    mixed = _MIXED.search(message) and (_READERS.search(frames) or ("'str'" in message and _in_reading(frames)))
    if mixed or _VALUES_OF_TEXT.search(message):
        return ErrorType.DATA
    if _NO_RECORD.search(message) and _near_data(frames):
        return ErrorType.DATA
    return ErrorType.DATA if _handles_data(frames) and not _OF_A_CALL.search(message) else None


def _runtime(message: str, frames: str) -> ErrorType | None:
    read = ("collate" in frames and _RAGGED.search(message)) or ("out of bounds" in message and _asks_a_table(frames))
    return ErrorType.DATA if read or _of_another_shape(message, frames) else None


def _asks_a_table(frames: str) -> bool:
    """Whether a table of the model, or of a graph's nodes, is asked for what was read."""
    return _TABLES.search(frames) is not None or _ASKS.search(frames[-NEWEST_CHARS:]) is not None


def _of_another_shape(message: str, frames: str) -> bool:
    """Whether a library that changes images was given one with another number of channels or dimensions."""
    places = _places(frames)
    return bool(places and _CHANGES_IMAGES.search(places[-1][0]) and _SHAPES.search(message))


def _value(message: str, frames: str) -> ErrorType | None:
    if _of_another_shape(message, frames):
        return ErrorType.DATA
    newest = frames[-NEWEST_CHARS:]
    if "to unpack" in message and _newest_is_own(frames) and not _in_reading(frames):
        return ErrorType.DATA if _SPLITS.search(newest) or _SIZE_OF_IMAGE.search(newest) else ErrorType.IMPLEMENTATION
    if "cannot reshape array" in message and _in_reading(frames):
        return ErrorType.DATA
    return ErrorType.DATA if _TAKEN_APART.search(message) and _SPLITS.search(newest) else None


def _no_file(_message: str, frames: str) -> ErrorType | None:
    """A program that is not installed is nothing that was to be read."""
    return ErrorType.IMPLEMENTATION if re.search(r"subprocess\.py\b[^/\\]*$", frames) else None


def _parsed(_message: str, frames: str) -> ErrorType | None:
    """What is written wrong in a file of settings is part of the program, not of what was read."""
    own = [f"{file} {function}" for file, function in _places(frames) if traceback_lines.is_own(file)]
    return ErrorType.IMPLEMENTATION if own and _OF_SETTINGS.search(own[-1]) else None


def _division(_message: str, frames: str) -> ErrorType | None:
    return ErrorType.DATA if _LENGTH.search(frames[-NEWEST_CHARS:]) else None


_BY_CLASS = {
    "AssertionError": _assertion,
    "KeyError": _key,
    "IndexError": _index,
    "AttributeError": _attribute,
    "TypeError": _type_error,
    "RuntimeError": _runtime,
    "ValueError": _value,
    "FileNotFoundError": _no_file,
    "ZeroDivisionError": _division,
    **dict.fromkeys(("ScannerError", "ParserError", "ConstructorError", "JSONDecodeError", "TOMLDecodeError"), _parsed),
}
