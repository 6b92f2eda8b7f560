"""Walks through the opcodes of a pickle and keeps book of what they would build.

The opcodes and what they take from the stack are those of `pickletools`. No global is resolved and no call is made:
they stay names (`symbols`). A stack that does not add up ends the walk.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable

from .symbols import UNKNOWN, Blob, Call, Mapping, Name, Sequence, Stored

_MARK = object()
MOST_GLOBALS = 5_000


class Machine:
    """A stack and a memo of symbolic values."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.globals: dict[str, None] = {}
        self.calls = 0
        self.protocol: int | None = None

    def step(self, opcode: pickletools.OpcodeInfo, argument: object) -> None:
        """Apply one opcode.

        :raises IndexError: if the stack or the memo does not hold what it takes.
        """
        act = _ACTS.get(opcode.name)
        if act is not None:
            act(self, argument)
        elif not opcode.stack_before and opcode.stack_after:
            self.stack.append(argument if argument is not None else _CONSTANTS.get(opcode.name))
        else:
            self._otherwise(opcode)

    def _otherwise(self, opcode: pickletools.OpcodeInfo) -> None:
        for one in reversed(opcode.stack_before):
            if one is pickletools.stackslice:
                self.to_mark()
            elif one is not pickletools.markobject:
                self.stack.pop()
        self.stack += [UNKNOWN] * len(opcode.stack_after)

    def to_mark(self) -> list[object]:
        """Take everything above the topmost mark, and the mark."""
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                taken = self.stack[place + 1 :]
                del self.stack[place:]
                return taken
        raise IndexError("no mark")

    def take(self, count: int) -> list[object]:
        """Take the topmost values, in the order in which they were pushed."""
        if len(self.stack) < count:
            raise IndexError("the stack is too short")
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def name(self, name: str) -> None:
        """Push a global."""
        if len(self.globals) < MOST_GLOBALS:
            self.globals[name[:300]] = None
        self.stack.append(Name(name[:300]))

    def call(self, callee: object, arguments: object) -> None:
        """Push what a call would return."""
        self.calls += 1
        self.stack.append(Call(callee, arguments))

    def remember(self, place: object) -> None:
        """Put the topmost value into the memo."""
        self.memo[place if isinstance(place, int) else len(self.memo)] = self.stack[-1]

    def recall(self, place: object) -> None:
        """Push a value of the memo."""
        if place not in self.memo:
            raise IndexError("nothing there in the memo")
        self.stack.append(self.memo[place])  # pyright: ignore[reportArgumentType] # it is a key, as was just asked

    def extend(self, items: list[object]) -> None:
        """Append to the list, set or object on top."""
        top = self.stack[-1]
        if isinstance(top, Sequence):
            top.items += items
        elif isinstance(top, Call):
            top.appended.items += items

    def update(self, items: list[object]) -> None:
        """Add keys and values to the dictionary or object on top."""
        top = self.stack[-1]
        if isinstance(top, Mapping | Call):
            (top if isinstance(top, Mapping) else top.added).pairs += zip(items[::2], items[1::2], strict=False)


def _stack_global(machine: Machine) -> None:
    module, name = machine.take(2)
    machine.name(f"{_text(module)}.{_text(name)}")


def _text(value: object) -> str:
    return value if isinstance(value, str) else "?"


def _inst(machine: Machine, argument: object) -> None:
    arguments = machine.to_mark()
    machine.name(str(argument).replace(" ", "."))
    machine.call(machine.stack.pop(), Sequence(arguments))


def _obj(machine: Machine) -> None:
    taken = machine.to_mark()
    machine.call(taken[0], Sequence(taken[1:]))


def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    top = machine.stack[-1]
    if isinstance(top, Call):
        top.state.append(state)


def _new_with_keywords(machine: Machine) -> None:
    callee, arguments, keywords = machine.take(3)
    machine.call(callee, arguments)
    made = machine.stack[-1]
    if isinstance(made, Call):
        made.state.append(keywords)


def _protocol(machine: Machine, argument: object) -> None:
    machine.protocol = argument if isinstance(argument, int) else None


def _push(make: Callable[[Machine], object]) -> Callable[[Machine, object], None]:
    def act(machine: Machine, _: object) -> None:
        machine.stack.append(make(machine))

    return act


def _do(act: Callable[[Machine], object]) -> Callable[[Machine, object], None]:
    def wrapped(machine: Machine, _: object) -> None:
        act(machine)

    return wrapped


def _dictionary(machine: Machine) -> Mapping:
    taken = machine.to_mark()
    return Mapping(list(zip(taken[::2], taken[1::2], strict=False)))


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_ACTS: dict[str, Callable[[Machine, object], None]] = {
    "PROTO": _protocol,
    "MARK": _push(lambda _: _MARK),
    "EMPTY_DICT": _push(lambda _: Mapping()),
    "EMPTY_LIST": _push(lambda _: Sequence()),
    "EMPTY_SET": _push(lambda _: Sequence()),
    "EMPTY_TUPLE": _push(lambda _: Sequence()),
    "TUPLE": _push(lambda machine: Sequence(machine.to_mark())),
    "TUPLE1": _push(lambda machine: Sequence(machine.take(1))),
    "TUPLE2": _push(lambda machine: Sequence(machine.take(2))),
    "TUPLE3": _push(lambda machine: Sequence(machine.take(3))),
    "LIST": _push(lambda machine: Sequence(machine.to_mark())),
    "FROZENSET": _push(lambda machine: Sequence(machine.to_mark())),
    "DICT": _push(_dictionary),
    "APPEND": _do(lambda machine: machine.extend(machine.take(1))),
    "APPENDS": _do(lambda machine: machine.extend(machine.to_mark())),
    "ADDITEMS": _do(lambda machine: machine.extend(machine.to_mark())),
    "SETITEM": _do(lambda machine: machine.update(machine.take(2))),
    "SETITEMS": _do(lambda machine: machine.update(machine.to_mark())),
    "GLOBAL": lambda machine, argument: machine.name(str(argument).replace(" ", ".")),
    "STACK_GLOBAL": _do(_stack_global),
    "EXT1": lambda machine, argument: machine.name(f"extension {argument}"),
    "EXT2": lambda machine, argument: machine.name(f"extension {argument}"),
    "EXT4": lambda machine, argument: machine.name(f"extension {argument}"),
    "INST": _inst,
    "OBJ": _do(_obj),
    "REDUCE": _do(lambda machine: machine.call(*machine.take(2))),
    "NEWOBJ": _do(lambda machine: machine.call(*machine.take(2))),
    "NEWOBJ_EX": _do(_new_with_keywords),
    "BUILD": _do(_build),
    "STOP": lambda _, __: None,  # the result stays on the stack
    "PERSID": lambda machine, argument: machine.stack.append(Stored(argument)),
    "BINPERSID": _push(lambda machine: Stored(machine.stack.pop())),
    "NEXT_BUFFER": _push(lambda _: Blob(b"", 0, 0)),
    "READONLY_BUFFER": _do(lambda machine: machine.stack[-1]),
    "DUP": _push(lambda machine: machine.stack[-1]),
    "POP": _do(lambda machine: machine.stack.pop()),
    "POP_MARK": _do(lambda machine: machine.to_mark()),
    "PUT": lambda machine, argument: machine.remember(argument),
    "BINPUT": lambda machine, argument: machine.remember(argument),
    "LONG_BINPUT": lambda machine, argument: machine.remember(argument),
    "MEMOIZE": _do(lambda machine: machine.remember(None)),
    "GET": lambda machine, argument: machine.recall(argument),
    "BINGET": lambda machine, argument: machine.recall(argument),
    "LONG_BINGET": lambda machine, argument: machine.recall(argument),
}
