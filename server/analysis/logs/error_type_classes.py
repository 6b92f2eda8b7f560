"""Classes of exceptions whose name alone tells the type, as the libraries around a training call them.

Asked where no row of `error_type_table` knows the message: a class that only its message explains is not here.
"""

from __future__ import annotations

from functools import cache

from ...vocabulary.runs import ErrorType

_NAMES = {
    ErrorType.INFRASTRUCTURE: (
        # HTTP and sockets: requests, urllib3, aiohttp, httpx, http.client
        "TooManyRedirects ProtocolError RemoteProtocolError "
        "NameResolutionError ClientConnectorError ClientPayloadError ClientOSError "
        "ClientResponseError IncompleteRead BadStatusLine CannotSendRequest ResponseNotReady herror "
        # clouds: botocore, google, azure, kubernetes
        "TokenRetrievalError UnauthorizedSSOTokenError ProfileNotFound NoRegionError TransportError TooManyRequests "
        "ApiException MaintenanceModeError ServiceRequestError ClientAuthenticationError HttpResponseError "
        # databases and stores
        "AuthorizationFailure AutoReconnect ServerSelectionTimeoutError InterfaceError NoValidConnectionsError "
        "StorageLockedError StorageInternalError NotLocked AlreadyLocked DeadlockDetected SerializationFailure "
        "LockNotAvailable QueryCanceled AdminShutdown TooManyConnections InsufficientPrivilege InvalidPassword "
        # trackers, hubs, services
        "NoBrokersAvailable MailboxError "
        "RestException APIConnectionError APIStatusError RateLimitError LicenseError GurobiError "
        # clusters
        "RuntimeEnvSetupError CUDAMismatchException "
        "RaySystemError WorkerGroupFailure SlurmTimeoutError RendezvousClosedError "
        "RendezvousStateError"
    ),
    ErrorType.DATA: (
        # tables
        "DtypeWarning OutOfBoundsTimedelta UndefinedVariableError ComputeError AnalysisException NonUniqueError "
        "DuplicateError StringCacheMismatchError NoDataError "
        # data sets
        "NonMatchingChecksumError NonMatchingSplitsSizesError MissingBeamOptions CoordinateError ExpectationFailed "
        "DataContextError DataError "
        # formats
        "NoBackendError HeaderError ComposerError "
        "ConstructorError ExpatError ParseError XMLSyntaxError XLRDError RasterioIOError "
        "DriverError GEOSException ShapelyError TopologicalError InvalidDicomError NoSuchNodeError ImageFileError "
        "HeaderDataError "
        # stores that lack what was asked for
        "NoSuchKey NoSuchBucket UndefinedTable UndefinedColumn NotNullViolation UniqueViolation CheckViolation "
        # molecules, text
        "NumberFormatException InputMismatchException DateTimeParseException "
        "StatisticsError KekulizeException MolSanitizeException AtomValenceException TokenizationError"
    ),
    ErrorType.RESOURCE: "ChildProcessError LocalRayletDiedError NoSpaceLeft MapFullError OutOfResources",
    ErrorType.CONVERGENCE: "IllConditionedError ArpackNoConvergence SingularMatrixException DomainError",
    ErrorType.IMPLEMENTATION: (
        "DistributionNotFound VersionConflict ContextualVersionConflict PackageNotFoundError InvalidVersion "
        "BadParameter NoSuchOption ArgumentError InterpolationKeyError UnsupportedInterpolationType "
        "CircularDependencyError TemplateSyntaxError OnnxExporterError"
    ),
}


@cache
def _types() -> dict[str, ErrorType]:
    return {name: kind for kind, names in _NAMES.items() for name in names.split()}


def type_of_class(exception: str) -> ErrorType | None:
    """Return what the name of a class tells, with or without its module; None where it tells nothing."""
    return _types().get(exception.rpartition(".")[2])
