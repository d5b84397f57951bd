"""Random expressions against Python's own arithmetic: types, operators, and every place of computation."""

import math
import random as chance

import numpy as np
import pytest
from spikefarm import *
from spikefarm.devices import isolated_session

COUNT, DEPTH = 80, 4
FLOATS = ["a", "b", "c", "kf", "2.5", "0.75", "7.0", "(-1.5)", "m", "km", "i", "3"]
INTEGERS = ["m", "n", "o", "km", "i", "N", "2", "3"]
TRUTHS = ["p", "q", "s", "kp"]


class Writer:
    """Writes expressions of each type, at most so deep."""

    def __init__(self, seed):
        self.random = chance.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def leaf(self, depth):
        return depth <= 0 or self.random.random() < 0.15

    def floats(self, depth):
        if self.leaf(depth):
            return self.pick(*FLOATS)
        x, y = self.floats(depth - 1), self.floats(depth - 2)
        divisor = self.pick(f"(abs({y}) + 0.5)", "b", "c", "kf", "km", "3", "2.5")
        function = self.pick("abs", "floor", "ceil", "sign", "-")
        return self.pick(
            *(f"({x} {op} {self.floats(depth - 1)})" for op in "+-*"),
            *(f"({x} {op} {divisor})" for op in ("/", "//", "%", "/")),
            *(
                f"({x})**{self.pick(0, 1, 2, 3)}",
                f"({function}({x}))",
                f"clip({x}, -2.5, {self.pick('10', 'km + 5')})",
            ),
            *(f"sqrt(abs({x}))", f"exp(clip({x}, -5, 5))", f"int({self.truths(depth - 1)})*{y}"),
        )

    def integers(self, depth):
        if self.leaf(depth):
            return self.pick(*INTEGERS)
        x, y = self.integers(depth - 1), self.integers(depth - 1)
        divisor = self.pick("km", "3", "(-2)", "o", "(km + 4)")
        return self.pick(
            *(f"({x} {op} {y})" for op in "+-*"),
            *(f"({x} {op} {divisor})" for op in ("//", "%")),
            *(f"({x})**{self.pick(2, 3)}", f"({self.pick('abs', 'sign', '-')}({x}))", f"clip({x}, -3, 9)"),
            *(f"int({self.truths(depth - 1)})", f"int(clip({self.floats(depth - 1)}, -100, 100))"),
        )

    def truths(self, depth):
        if self.leaf(depth):
            return self.pick(*TRUTHS)
        x, y = self.truths(depth - 1), self.truths(depth - 1)
        return self.pick(
            *(f"({x} and {y})", f"({x} or {y})", f"(not {x})"),
            *(f"({self.floats(depth - 1)} {op} {self.floats(depth - 1)})" for op in ("<", "<=", ">", ">=")),
            *(f"({self.integers(depth - 1)} {op} {self.integers(depth - 1)})" for op in ("==", "!=")),
        )


PYTHON = {
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "int": int,
    "clip": lambda x, low, high: min(max(x, low), high),
    "sign": lambda x: (x > 0) - (x < 0),
}
STATE = {  # per neuron, per neuron and constant, shared; then the constants of the script
    "a": [-3.7, -1.0, 0.0, 0.3, 5.5, 11.0],
    "b": [0.1, 0.2, -0.3, 7.0, 1e3, -1e-3],
    "c": -2.25,
    "m": [-9, -2, 0, 1, 8, 100],
    "n": [4, 3, 2, 0, -1, -2],
    "o": 7,
    "p": [True, False, True, False, False, True],
    "q": [False, False, True, True, False, True],
    "s": False,
}
CONSTANTS = {"kf": 1.7, "km": 5, "kp": True}


def wanted(expression, neuron):
    """Python's value; None where it has none or is too large to compare."""
    values = {name: v[neuron] if isinstance(v, list) else v for name, v in STATE.items()}
    try:
        value = eval(expression, PYTHON, {**values, **CONSTANTS, "i": neuron, "N": 6})
    except (ZeroDivisionError, OverflowError):
        return None
    return value if abs(value) < 2**31 else None


@pytest.mark.parametrize("seed", [1, 2])
def test_random_expressions(seed):
    """Each is recorded as a subexpression, and integrated as a rate, which is written another way."""
    writer = Writer(seed)
    kinds = [writer.pick("1", "integer", "boolean") for _ in range(COUNT)]
    writers = {"1": writer.floats, "integer": writer.integers, "boolean": writer.truths}
    texts = [writers[kind](DEPTH) for kind in kinds]
    lines = ["a : 1\nb : 1 (constant)\nc : 1 (shared)\nm : integer\nn : integer (constant)"]
    lines += ["o : integer (shared, constant)\np : boolean\nq : boolean (constant)\ns : boolean (shared)"]
    for k, (kind, text) in enumerate(zip(kinds, texts, strict=True)):
        lines.append(f"x{k} = {text} : {kind}")
        lines.append(f"dy{k}/dt = {f'int({text})' if kind == 'boolean' else f'({text})'}/dt : 1")
    with isolated_session(0):
        group = NeuronGroup(6, "\n".join(lines), method="euler", namespace=CONSTANTS)
        for name, values in STATE.items():
            setattr(group, name, values)
        states = StateMonitor(group, [f"x{k}" for k in range(COUNT)], record=True)
        run(0.1 * ms)
        recorded = [np.asarray(getattr(states, f"x{k}"))[:, 0] for k in range(COUNT)]
        integrated = [np.asarray(group.state(f"y{k}")) for k in range(COUNT)]
    compared = 0
    for kind, text, x, y in zip(kinds, texts, recorded, integrated, strict=True):
        for neuron in range(6):
            value = wanted(text, neuron)
            if value is not None:
                exact = {} if kind == "1" else {"rel": 0, "abs": 0}
                assert x[neuron] == pytest.approx(value, **exact or {"rel": 1e-12, "abs": 1e-11}), (
                    text,
                    neuron,
                )
                assert y[neuron] == pytest.approx(float(value), rel=1e-9, abs=1e-9), (text, neuron)
                compared += 1
    assert compared > 0.8 * 6 * COUNT
