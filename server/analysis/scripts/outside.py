"""Calls of what is not of the workspace: builtins, the environment, wrappers; everything else is recognised."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Sequence

from . import folding
from .command_line import bind_options
from .interpreter import Call
from .lengths import count_of, element_of
from .libraries import GRADIENTS, WRAPPERS, canonical, short_name
from .objects import Objects
from .recognise import Recognise
from .records import ActiveLoop
from .values import (
    Function,
    Instance,
    Items,
    Known,
    Made,
    Partial,
    Scalar,
    Table,
    Unknown,
    Value,
    all_tags,
    join,
    number_of,
    retagged,
    text_of,
)

_CONVERSIONS = {
    **{f"builtins.{one}": one for one in ("int", "float", "str", "bool", "abs", "round")},
    **{f"math.{one}": one for one in ("ceil", "floor", "sqrt")},
    **{f"numpy.{one}": one.rstrip("_36420") for one in ("int64", "int32", "float64", "float32", "int_", "float_")},
    "pathlib.Path": "str",
}
_RUN_TIME = frozenset({"builtins.eval", "builtins.exec", "builtins.compile", "runpy.run_path", "runpy.run_module"})
_COMMANDS = frozenset({"typer.run", "fire.Fire", "defopt.run", "clize.run", "plac.call"})
_PROCESSES = ("subprocess.", "os.system", "os.popen", "os.exec", "os.spawn", "pexpect.")
_MAPS = frozenset({"map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "pmap", "vmap_map"})


_LOOKING = frozenset({"git", "nvidia-smi", "hostname", "uname", "nproc", "free", "df", "ls", "date", "lscpu"})
"""Programs that only tell something about the machine or the project."""


def _looks_only(args: list[Value]) -> bool:
    first = args[0] if args else None
    words = text_of(first.items[0]) if isinstance(first, Items) and first.items else text_of(first)
    return words is not None and words.split(" ")[0] in _LOOKING


class Outside(Objects, Recognise):
    """Reads calls of what is not of the workspace."""

    def outside(self, call: Call) -> Value:
        """Return what a call returns, noting what it means for samplers, estimators, loops and files."""
        call.ref = canonical(call.ref)
        for handle in (self._builtin, self._python, self._wrapper, self._mapped):
            value = handle(call)
            if value is not None:
                return value
        result = self.recognised(call)
        self.call_back([*call.args, *call.keywords.values()], call.node)
        return result

    def _builtin(self, call: Call) -> Value | None:  # noqa: PLR0911 (one for each sort)
        name, args = call.ref, call.args
        if name in _CONVERSIONS and args:
            return folding.converted(_CONVERSIONS[name], args[0]) if len(args) == 1 else None
        match name:
            case "builtins.dict":
                return self._dict_of(call)
            case "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.sorted" | "builtins.frozenset":
                source = args[0] if args else Items("list", [], 0)
                if isinstance(source, Items):
                    return Items("list", list(source.items), source.count, tags=source.tags)
                count = count_of(source)
                return (
                    Items("list", [element_of(source)], count, tags=source.tags) if count != 0 else Items("list", [], 0)
                )
            case "builtins.len" if args:
                count = count_of(args[0])
                return Unknown("a length", tags=args[0].tags) if count is None else folding.scalar(count)
            case "builtins.max" | "builtins.min" | "builtins.sum":
                return self._reduced(name.removeprefix("builtins."), args)
            case "builtins.getattr" | "builtins.setattr" | "builtins.delattr":
                return self._by_name(call)
            case "builtins.pow" if len(args) == 2:
                return folding.binary(ast.Pow, args[0], args[1])
            case _:
                return None

    def _dict_of(self, call: Call) -> Value:
        first = call.args[0] if call.args else Table({})
        table = (
            Table(dict(first.items), first.whole, tags=first.tags)
            if isinstance(first, Table)
            else Table({}, whole=False)
        )
        table.items.update(call.keywords)
        table.whole = table.whole and call.whole
        table.tags |= all_tags(list(call.keywords.values()))
        return table

    def _reduced(self, name: str, args: list[Value]) -> Value:
        values = args[0].items if len(args) == 1 and isinstance(args[0], Items) else args
        numbers = [number_of(one) for one in values]
        known = [one for one in numbers if one is not None]
        tags = all_tags(args)
        if not known or len(known) != len(numbers) or (len(args) == 1 and count_of(args[0]) != len(known)):
            return Unknown("computed at run time", tags=tags)
        result = {"max": max, "min": min, "sum": sum}[name](known)
        return retagged(folding.scalar(result), tags)

    def _by_name(self, call: Call) -> Value:
        name = text_of(call.args[1]) if len(call.args) > 1 else None
        what = short_name(call.ref)
        if len(call.args) < 2:
            return Unknown()
        owner = call.args[0]
        if name is None:
            if not isinstance(owner, Instance | Unknown | Known):
                self.unclear(call.node, f"{what} with a name that is made at run time")
            owner_why = owner.why if isinstance(owner, Unknown) else ""
            return Unknown(owner_why or "an attribute whose name is made at run time", tags=owner.tags)
        if what == "setattr" and len(call.args) > 2:
            self.set_attribute(owner, name, call.args[2], call.node)
            return Known(None)
        found = self.attribute(owner, name)
        return join(found, call.args[2]) if len(call.args) > 2 and isinstance(owner, Unknown) else found

    def _python(self, call: Call) -> Value | None:  # noqa: PLR0911 (one for each sort)
        name, args = call.ref, call.args
        if name in _RUN_TIME:
            self.unclear(call.node, f"{short_name(name)} runs code that is made at run time")
            return Unknown(f"made by {short_name(name)}", tags=all_tags(args))
        if name in {"os.environ.get", "os.getenv"} and args:
            default = args[1] if len(args) > 1 else call.keywords.get("default", Known(None))
            return self.environment(text_of(args[0]) or "?", default)
        if name in {"importlib.import_module", "builtins.__import__"} and args:
            return self._import_by_name(call)
        if name == "functools.partial" and args:
            return Partial(args[0], args[1:], call.keywords, tags=all_tags([*args, *call.keywords.values()]))
        if name in {"types.SimpleNamespace", "argparse.Namespace", "easydict.EasyDict"}:
            return Instance(None, dict(call.keywords), tags=all_tags(list(call.keywords.values())))
        if name == "dataclasses.replace" and args and isinstance(args[0], Instance):
            return Instance(args[0].cls, {**args[0].attributes, **call.keywords}, args[0].made, tags=args[0].tags)
        if name == "dataclasses.asdict" and args and isinstance(args[0], Instance):
            keys: dict[Scalar, Value] = {**args[0].attributes}
            return Table(keys, tags=args[0].tags)
        if name in {"sys.path.insert", "sys.path.append", "site.addsitedir"}:
            self._search_path(call)
        if name in {"os.path.abspath", "os.path.realpath", "os.path.normpath", "os.fspath"} and args:
            return args[0]
        if name in {"os.path.dirname", "os.path.join"} and args and all(text_of(one) is not None for one in args):
            texts = [text_of(one) or "" for one in args]
            return Known(posixpath.join(*texts) if name == "os.path.join" else posixpath.dirname(texts[0]))
        if name.startswith(_PROCESSES) and not _looks_only(args):
            self.unclear(call.node, f"starts another program with {name}")
        if name.endswith(("mock.patch", "mock.patch.object", "mock.patch().__enter__", "monkeypatch.setattr")):
            self.unclear(call.node, "replaces something with a mock")
        return self._command(call)

    def _search_path(self, call: Call) -> None:
        """Follow `sys.path.insert(0, "lib")`: imports look there, too."""
        folder = text_of(call.args[-1]) if call.args else None
        inside = posixpath.normpath(folder) if folder is not None else ".."
        if inside.startswith(("/", "..")):
            self.unclear(call.node, "imports from a folder that is outside or made at run time")
            return
        first = short_name(call.ref) == "insert"
        self.sources.add_folder("" if inside == "." else inside, first=first)

    def _import_by_name(self, call: Call) -> Value:
        name = text_of(call.args[0])
        if name is None:
            self.unclear(call.node, "imports a module whose name is made at run time")
            return Unknown("a module whose name is made at run time")
        return self.imported(name, call.node)

    def _command(self, call: Call) -> Value | None:
        """Follow a function that is started by the command line: typer, fire."""
        target: Value | None = None
        if call.ref in _COMMANDS and call.args:
            target = call.args[0]
        elif call.ref == "typer.Typer()" and isinstance(call.owner, Made):
            target = call.owner.attributes.get("command")
        if not isinstance(target, Function):
            return None
        keywords, problem = bind_options(target, self.given.args)
        if problem:
            self.unclear(call.node, problem)
        return self.call(target, [], keywords, call.node, whole=True)

    def _wrapper(self, call: Call) -> Value | None:
        first = call.args[0] if call.args else None
        if first is None:
            return None
        if call.ref in WRAPPERS:
            return first
        if call.ref in GRADIENTS:
            return Made(call.ref, list(call.args), dict(call.keywords), tags=all_tags(call.args))
        last = short_name(call.ref)
        if last in {"asyncio.run", "run_until_complete"} or call.ref in {"asyncio.run", "anyio.run", "trio.run"}:
            return self.call(first, [], {}, call.node, whole=True) if isinstance(first, Function | Partial) else first
        return None

    def _mapped(self, call: Call) -> Value | None:
        """Follow `map(function, range(1000))` and `pool.map(…)`: a loop."""
        if short_name(call.ref) not in _MAPS or len(call.args) < 2:
            return None
        function, source = call.args[0], call.args[1]
        if not isinstance(function, Function | Partial):
            return None
        active = ActiveLoop(call.at[1], call.at[2], count_of(source))
        with self.loop(active), self.perhaps():
            result = self.call(function, [element_of(source)], {}, call.node, whole=True)
        self.close_loop(active)
        return Items("list", [result], active.count, tags=result.tags)

    def imported(self, name: str, node: ast.AST) -> Value:
        """Return a module by its name; filled in by the module of calls."""
        raise NotImplementedError

    def call_back(self, values: Sequence[Value], node: ast.AST) -> None:
        """Read functions that are handed out; filled in by the module of calls."""
        raise NotImplementedError
