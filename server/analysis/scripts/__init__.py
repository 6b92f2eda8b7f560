"""What a training script really does, read from its parsed form. Nothing is run; pure functions of bytes."""

from ...vocabulary.estimators import LINEAR
from .change import Change
from .changes import changes
from .neutral import broken_names
from .program import (
    BootstrapLoop,
    EpochLoop,
    EstimatorUse,
    OptimiserCall,
    Program,
    SamplerCall,
    SearchCall,
    SourceFile,
    Unresolved,
)
from .reader import read_program

__all__ = [
    "LINEAR",
    "BootstrapLoop",
    "Change",
    "EpochLoop",
    "EstimatorUse",
    "OptimiserCall",
    "Program",
    "SamplerCall",
    "SearchCall",
    "SourceFile",
    "Unresolved",
    "broken_names",
    "changes",
    "read_program",
]
