"""What libraries call their samplers, searches, optimisers and fits, and the defaults of their arguments.

Checked against the installed library: `pymc.sample` and `sample_smc` (5.28), draws, tune and chains of nutpie 0.16,
GridSearchCV, RandomizedSearchCV and MLPRegressor of scikit-learn 1.9. The others were written down from memory and have
not been held against their libraries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_Default = int | float | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """Where an argument stands: its names, its position (from 0) and its default, None where the library decides."""

    names: tuple[str, ...]
    position: int | None = None
    default: _Default = None


_NONE = Parameter(())


@dataclass(frozen=True, slots=True)
class Sampler:
    """A call that samples.

    :ivar derived: what stands in for a number of chains that was left out: `cores` is max(2, cores) (PyMC).
    :ivar halved: whether `draws` counts warm-up too (PyStan 2).
    """

    library: str
    draws: Parameter
    tune: Parameter = _NONE
    chains: Parameter = _NONE
    cores: Parameter = _NONE
    target_accept: Parameter = _NONE
    derived: str = ""
    halved: bool = False


_PYMC = Sampler(
    "pymc",
    draws=Parameter(("draws",), 0, 1000),
    tune=Parameter(("tune",), None, 1000),
    chains=Parameter(("chains",)),
    cores=Parameter(("cores",)),
    target_accept=Parameter(("target_accept",), None, 0.8),
    derived="cores",
)
_JAX = Sampler(
    "numpyro",
    draws=Parameter(("draws",), 0, 1000),
    tune=Parameter(("tune",), 1, 1000),
    chains=Parameter(("chains",), 2, 4),
    target_accept=Parameter(("target_accept",), 3, 0.8),
)
_CMDSTAN = Sampler(
    "cmdstanpy",
    draws=Parameter(("iter_sampling",), 8, 1000),
    tune=Parameter(("iter_warmup",), 7, 1000),
    chains=Parameter(("chains",), 1, 4),
    cores=Parameter(("parallel_chains",), 2),
    target_accept=Parameter(("adapt_delta",), None, 0.8),
)
_EMCEE_CHAINS = Parameter(("nwalkers",), 0)

SAMPLERS: dict[str, Sampler] = {
    "pymc.sample": _PYMC,
    "pymc.sample_smc": Sampler(
        "pymc",
        draws=Parameter(("draws",), 0, 2000),
        chains=Parameter(("chains",)),
        cores=Parameter(("cores",)),
        derived="cores",
    ),
    "pymc.sample_numpyro_nuts": _JAX,
    "pymc.sample_blackjax_nuts": _JAX,
    "pymc3.sample": Sampler(
        "pymc3",
        draws=Parameter(("draws",), 0, 1000),
        tune=Parameter(("tune",), 9, 1000),
        chains=Parameter(("chains",), 7),
        cores=Parameter(("cores",), 8),
        target_accept=Parameter(("target_accept",), None, 0.8),
        derived="cores",
    ),
    "nutpie.sample": Sampler(
        "nutpie",
        draws=Parameter(("draws",), None, 1000),
        tune=Parameter(("tune",), None, 400),
        chains=Parameter(("chains",), None, 6),
        cores=Parameter(("cores",)),
        target_accept=Parameter(("target_accept",), None, 0.8),
    ),
    "bambi.Model().fit": Sampler(
        "bambi",
        draws=Parameter(("draws",), 0, 1000),
        tune=Parameter(("tune",), 1, 1000),
        chains=Parameter(("chains",)),
        cores=Parameter(("cores",)),
        target_accept=Parameter(("target_accept",), None, 0.8),
        derived="cores",
    ),
    "cmdstanpy.CmdStanModel().sample": _CMDSTAN,
    "stan.build().sample": Sampler(
        "pystan",
        draws=Parameter(("num_samples",), None, 1000),
        tune=Parameter(("num_warmup",), None, 1000),
        chains=Parameter(("num_chains",), None, 4),
        target_accept=Parameter(("delta",), None, 0.8),
    ),
    "pystan.StanModel().sampling": Sampler(
        "pystan",
        draws=Parameter(("iter",), 3, 2000),
        tune=Parameter(("warmup",), 4),
        chains=Parameter(("chains",), 2, 4),
        halved=True,
    ),
    "numpyro.infer.MCMC": Sampler(
        "numpyro",
        draws=Parameter(("num_samples",), 2),
        tune=Parameter(("num_warmup",), 1),
        chains=Parameter(("num_chains",), 3, 1),
    ),
    "pyro.infer.MCMC": Sampler(
        "pyro",
        draws=Parameter(("num_samples",), 1),
        tune=Parameter(("warmup_steps",), 2),
        chains=Parameter(("num_chains",), 4, 1),
    ),
    "emcee.EnsembleSampler().run_mcmc": Sampler("emcee", draws=Parameter(("nsteps",), 1), chains=_EMCEE_CHAINS),
    "emcee.EnsembleSampler().sample": Sampler("emcee", draws=Parameter(("iterations",), None, 1), chains=_EMCEE_CHAINS),
    "tensorflow_probability.mcmc.sample_chain": Sampler(
        "tensorflow_probability",
        draws=Parameter(("num_results",), 0),
        tune=Parameter(("num_burnin_steps",), 4, 0),
    ),
}
KERNEL_ACCEPT = Parameter(("target_accept_prob",), None, 0.8)
"""NUTS of numpyro and pyro carries the target of the acceptance rate."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """A call, or a class whose `fit` runs, that trains for a number of rounds."""

    library: str
    count: Parameter


_SK_ITER = Rounds("sklearn", Parameter(("max_iter",), None, 200))
_XGB = Rounds("xgboost", Parameter(("n_estimators",), None, 100))
_LGBM = Rounds("lightgbm", Parameter(("n_estimators",), 4, 100))
_CAT = Rounds("catboost", Parameter(("iterations", "n_estimators", "num_trees", "num_boost_round"), 0, 1000))

CALLED_ROUNDS: dict[str, Rounds] = {
    "xgboost.train": Rounds("xgboost", Parameter(("num_boost_round",), 2, 10)),
    "xgboost.cv": Rounds("xgboost", Parameter(("num_boost_round",), 2, 10)),
    "lightgbm.train": Rounds("lightgbm", Parameter(("num_boost_round",), 2, 100)),
    "catboost.train": Rounds("catboost", Parameter(("num_boost_round", "iterations"), 4, 1000)),
    "pytorch_lightning.Trainer": Rounds("lightning", Parameter(("max_epochs",), None, 1000)),
    "transformers.TrainingArguments": Rounds("transformers", Parameter(("num_train_epochs",), None, 3)),
    "transformers.Seq2SeqTrainingArguments": Rounds("transformers", Parameter(("num_train_epochs",), None, 3)),
}
FITTED_ROUNDS: dict[str, Rounds] = {
    **dict.fromkeys(("MLPRegressor", "MLPClassifier"), _SK_ITER),
    **dict.fromkeys(("XGBRegressor", "XGBClassifier", "XGBRanker", "XGBRFRegressor", "XGBRFClassifier"), _XGB),
    **dict.fromkeys(("LGBMRegressor", "LGBMClassifier", "LGBMRanker"), _LGBM),
    **dict.fromkeys(("CatBoostRegressor", "CatBoostClassifier", "CatBoost"), _CAT),
    **dict.fromkeys(
        ("NeuralNetRegressor", "NeuralNetClassifier"), Rounds("skorch", Parameter(("max_epochs",), None, 10))
    ),
}
EPOCHS = Parameter(("epochs", "nb_epoch"), 3, 1)
"""Keras' `fit(x, y, batch_size, epochs=1)`; seen on any object when it is given by name."""

SEARCHES = {
    "GridSearchCV": None,
    "HalvingGridSearchCV": None,
    "RandomizedSearchCV": 10,
    "HalvingRandomSearchCV": None,
    "BayesSearchCV": 50,
}
"""Searches and their default number of candidates (None: the grid says it)."""
CROSS_VALIDATIONS = frozenset({"cross_val_score", "cross_validate", "cross_val_predict"})
DEFAULT_CV = 5
SPLITTERS = {
    "KFold": 5,
    "StratifiedKFold": 5,
    "GroupKFold": 5,
    "StratifiedGroupKFold": 5,
    "TimeSeriesSplit": 5,
    "RepeatedKFold": 5,
    "RepeatedStratifiedKFold": 5,
    "ShuffleSplit": 10,
    "StratifiedShuffleSplit": 10,
    "GroupShuffleSplit": 5,
}
REPEATED = frozenset({"RepeatedKFold", "RepeatedStratifiedKFold"})
DEFAULT_REPEATS = 10

FITTING_FUNCTIONS = {
    "numpy.polyfit": "polyfit",
    "numpy.polynomial.polynomial.polyfit": "polyfit",
    "numpy.polynomial.Polynomial.fit": "Polynomial.fit",
    "numpy.polynomial.polynomial.Polynomial.fit": "Polynomial.fit",
    "numpy.linalg.lstsq": "lstsq",
    "scipy.linalg.lstsq": "lstsq",
    "torch.linalg.lstsq": "lstsq",
    "jax.numpy.linalg.lstsq": "lstsq",
    "scipy.stats.linregress": "linregress",
    "scipy.stats.mstats.linregress": "linregress",
    "scipy.stats.theilslopes": "theilslopes",
    "scipy.stats.siegelslopes": "siegelslopes",
    "scipy.optimize.curve_fit": "curve_fit",
    "scipy.optimize.nnls": "nnls",
    "scipy.optimize.lsq_linear": "lsq_linear",
}
INVERSES = re.compile(r"(numpy|scipy|torch|jax\.numpy)\.(linalg\.)?(inv|inverse|solve|pinv|pinvh|cho_solve)")
STATSMODELS = frozenset({"OLS", "ols", "WLS", "wls", "GLS", "gls", "GLM", "glm", "Logit", "logit", "RLM", "rlm"})

_FITTED_MODULES = re.compile(
    r"sklearn\.(linear_model|ensemble|svm|tree|neighbors|gaussian_process|neural_network|naive_bayes|kernel_ridge"
    r"|isotonic|cross_decomposition|discriminant_analysis|dummy|mixture|cluster|compose\.TransformedTargetRegressor)\b"
)
_BOOSTED = re.compile(r"(xgboost|lightgbm|catboost|skorch)\.(\w+\.)*[A-Z]\w*(Regressor|Classifier|Ranker|CatBoost)\Z")
_CLASS = re.compile(r"[A-Z]\w*\Z")

OPTIMISERS = re.compile(
    r"scipy\.optimize\.(minimize|minimize_scalar|differential_evolution|dual_annealing|basinhopping|shgo|brute|direct"
    r"|least_squares|fmin\w*|root)|(torch|keras)\.(optim|optimizers)\.(\w+\.)?[A-Z]\w*|optax\.[a-z]\w*"
    r"|pymc\.(fit|find_MAP|ADVI)|hyperopt\.fmin|cma\.\w+|pyswarms\.\S*Best\w+"
)
NO_OPTIMISERS = re.compile(r".*\.(lr_scheduler|schedules)\b.*|optax\.(apply_updates|global_norm|\w+_schedule)\Z")

WRITERS = frozenset(
    {
        *("to_csv", "to_parquet", "to_json", "to_pickle", "to_excel", "to_feather", "to_hdf", "to_netcdf", "to_zarr"),
        *("dump", "savetxt", "to_sql", "save", "savez", "savez_compressed", "save_model", "save_pretrained"),
        *("save_weights", "write", "writelines", "writerow", "writerows", "write_text", "write_bytes", "write_csv"),
        *("write_parquet", "save_file", "saveh5", "create_dataset", "tofile", "to_file", "write_table"),
    }
)
"""Methods and functions that write what they are given."""
TABLE_WRITERS = frozenset(
    {
        *("to_csv", "to_parquet", "to_json", "to_excel", "to_feather", "to_sql", "savetxt", "write_csv"),
        *("write_parquet", "write_table", "writerow", "writerows", "write", "writelines", "write_text"),
    }
)
"""Those of them that write figures for a reader, and no object or trace as it is."""

SAME_OBJECT = frozenset(
    {"fit", "partial_fit", "train", "eval", "to", "cuda", "cpu", "double", "float", "set_params", "requires_grad_"}
)
"""Methods that return the object that they were called on."""
WRAPPERS = frozenset(
    {
        *("jax.jit", "jax.vmap", "jax.pmap", "jax.checkpoint", "numba.njit", "numba.jit", "tensorflow.function"),
        *("torch.compile", "joblib.delayed", "dask.delayed", "ray.remote", "functools.lru_cache", "functools.cache"),
        *("copy.copy", "copy.deepcopy", "sklearn.base.clone", "builtins.iter", "builtins.staticmethod"),
        *("builtins.classmethod", "contextlib.contextmanager", "tensorflow.autograph.experimental.do_not_convert"),
        *("typer.Option", "typer.Argument", "atexit.register", "torch.no_grad", "numpy.vectorize"),
        *("torch.jit.script", "builtins.property", "typing.cast"),
    }
)
GRADIENTS = frozenset(
    {"jax.grad", "jax.value_and_grad", "autograd.grad", "torch.func.grad", "equinox.filter_value_and_grad"}
)
PROGRESS = re.compile(r"(tqdm(\.\w+)*\.(tqdm|trange)|rich\.progress\.track|(fastprogress\.)?progress_bar|alive_it)\Z")

_PREFIXES = (
    ("pymc.sampling.jax.", "pymc."),
    ("pymc.sampling_jax.", "pymc."),
    ("pymc.sampling.mcmc.", "pymc."),
    ("pymc.jax.", "pymc."),
    ("pymc.mcmc.", "pymc."),
    ("pymc.sampling.", "pymc."),
    ("pymc.smc.sampling.", "pymc."),
    ("pymc.smc.", "pymc."),
    ("pymc3.sampling.", "pymc3."),
    ("lightning.pytorch.", "pytorch_lightning."),
    ("lightning.Trainer", "pytorch_lightning.Trainer"),
    ("pytorch_lightning.trainer.", "pytorch_lightning."),
    ("tensorflow.keras.", "keras."),
    ("tensorflow.python.keras.", "keras."),
    ("tf_keras.", "keras."),
    ("numpyro.infer.mcmc.", "numpyro.infer."),
    ("pyro.infer.mcmc.api.", "pyro.infer."),
    ("pyro.infer.mcmc.", "pyro.infer."),
    ("tensorflow_probability.substrates.jax.", "tensorflow_probability."),
    ("tensorflow_probability.substrates.numpy.", "tensorflow_probability."),
    ("emcee.ensemble.", "emcee."),
    ("nutpie.sample.sample", "nutpie.sample"),
)


def canonical(name: str) -> str:
    """Return the name under which the tables know something that has several."""
    for prefix, short in _PREFIXES:
        if name.startswith(prefix):
            return short + name[len(prefix) :]
    return name


def short_name(ref: str) -> str:
    """Return the last part of a dotted name."""
    return ref.rsplit(".", 1)[-1]


def is_estimator(ref: str) -> bool:
    """Whether a class of a library is something that is fitted to data and predicts."""
    last = short_name(ref)
    if not _CLASS.match(last):
        return False
    return bool(_FITTED_MODULES.match(ref) or _BOOSTED.match(ref))


def is_statsmodel(ref: str) -> bool:
    """Whether a class or formula function of statsmodels fits a regression."""
    return ref.startswith("statsmodels.") and short_name(ref) in STATSMODELS
