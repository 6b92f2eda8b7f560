"""Imports: modules of the workspace are read, everything else is a library's."""

from __future__ import annotations

import ast

from .libraries import CROSS_VALIDATIONS, SEARCHES, SPLITTERS
from .outside import Outside
from .program import TAKES_PLACE
from .values import Items, Module, Ref, Unknown, Value, text_of


class Imports(Outside):
    """Reads imports."""

    def import_names(self, node: ast.Import | ast.ImportFrom) -> None:
        """Bind what an import brings."""
        if isinstance(node, ast.Import):
            for one in node.names:
                module = self.imported(one.name, node)
                top = module if one.asname else self.imported(one.name.split(".")[0], node)
                self.bind(one.asname or one.name.split(".")[0], top)
            return
        source = self._imported_from(node)
        for one in node.names:
            if one.name == "*":
                self._import_all(source, node)
            else:
                self.bind(one.asname or one.name, self._imported_name(source, node, one.name))

    def _imported_from(self, node: ast.ImportFrom) -> Value:
        if not node.level:
            return self.imported(node.module or "", node)
        found = self.sources.find_beside(self.frame.module.package, node.level, node.module or "")
        return self.load_module(*found) if found else Module("", self._package_above(node))

    def _package_above(self, node: ast.ImportFrom) -> str:
        package = self.frame.module.package
        for _ in range(node.level - 1):
            package = package.rpartition("/")[0]
        return "/".join(one for one in (package, (node.module or "").replace(".", "/")) if one)

    def _imported_name(self, source: Value, node: ast.ImportFrom, name: str) -> Value:
        if isinstance(source, Module) and name not in source.scope.names:
            found = self.sources.find_beside(source.package, 1, name)
            return self.load_module(*found) if found else Unknown(f"{name} of a module that was not found")
        if isinstance(source, Ref):
            inner = self.sources.find(f"{source.name}.{name}") if not node.level else None
            return self.load_module(*inner) if inner else self.library(f"{source.name}.{name}")
        return self.attribute(source, name)

    def _import_all(self, source: Value, node: ast.AST) -> None:
        if isinstance(source, Module):
            listed = source.scope.names.get("__all__")
            names = [text_of(one) for one in listed.items] if isinstance(listed, Items) else None
            for name, value in list(source.scope.names.items()):
                if (name in names) if names is not None else not name.startswith("_"):
                    self.bind(name, value)
        elif isinstance(source, Ref):
            self.star(source.name, node)

    def imported(self, name: str, node: ast.AST) -> Value:
        """Return a module: of the workspace where there is such a file, else of a library."""
        if name in self.replaced:
            return self.replaced[name]
        found = self.sources.find(name)
        if found is None:
            return self.library(name)
        top = name.split(".", maxsplit=1)[0]
        if top in SHADOWED:
            self.unclear(node, f"{found[0]} {TAKES_PLACE} {top}")
        module = self.load_module(*found)
        for inner in range(1, name.count(".") + 1):
            outer = self.sources.find(".".join(name.split(".")[:inner]))
            if outer:
                self.load_module(*outer)
        return module

    def star(self, library: str, node: ast.AST) -> None:
        """Bind what `from library import *` brings."""
        for name in STAR_NAMES.get(library.split(".", maxsplit=1)[0], ()):
            self.bind(name, self.library(f"{library}.{name}"))
        if library.split(".", maxsplit=1)[0] not in STAR_NAMES:
            self.unclear(node, f"from {library} import *: which names it brings cannot be read")


SHADOWED = frozenset(
    {
        *("pymc", "pymc3", "nutpie", "numpyro", "pyro", "cmdstanpy", "stan", "pystan", "emcee", "bambi", "blackjax"),
        *("sklearn", "torch", "tensorflow", "keras", "jax", "numpy", "scipy", "pandas", "statsmodels", "xgboost"),
        *("lightgbm", "catboost", "optuna", "pytorch_lightning", "lightning", "transformers", "arviz", "os", "json"),
    }
)
STAR_NAMES: dict[str, tuple[str, ...]] = {
    "pymc": ("sample", "Model", "Normal", "HalfNormal", "HalfCauchy", "Deterministic", "sample_smc", "fit", "find_MAP"),
    "pymc3": (
        "sample",
        "Model",
        "Normal",
        "HalfNormal",
        "HalfCauchy",
        "Deterministic",
        "sample_smc",
        "fit",
        "find_MAP",
    ),
    "numpy": ("array", "linspace", "arange", "polyfit", "mean", "exp", "log", "sqrt", "random", "linalg", "logspace"),
    "sklearn": (
        *("Ridge", "Lasso", "ElasticNet", "LinearRegression", "RidgeCV", "LassoCV", "LogisticRegression"),
        *("RandomForestRegressor", "RandomForestClassifier", "GradientBoostingRegressor", "GridSearchCV", "KFold"),
        *("MLPRegressor", "MLPClassifier", "resample", *SEARCHES, *SPLITTERS, *CROSS_VALIDATIONS),
    ),
    "nutpie": ("sample", "compile_pymc_model"),
    "scipy": ("linregress", "curve_fit", "minimize", "optimize", "stats", "linalg"),
    "math": ("ceil", "floor", "sqrt", "exp", "log", "pi", "inf"),
}
"""What star imports of libraries are worth knowing."""
