"""What the compiler has made of a model's loops: which work on many neurons at a time, and why others do not."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...core.kernels import Kernel, Kernels
from ...core.model import Model
from ...core.profiling import kernel_labels
from .compile import compiler_remarks
from .emit_stages import INLINE
from .remarks import Remark, read_remarks
from .toolchain import CompileOptions, find_compiler

SOURCE = "model.cpp"
#: Where functions over arrays are.
FUNCTIONS = "blocks.h"
#: Marks of loops whose rounds do not depend on each other: what is expected to be vectorised.
_MARKS = re.compile(r"^\s*(SF_INDEPENDENT|SF_TOGETHER|#pragma omp parallel for.*)$")
_FUNCTION = re.compile(r"^(?:SF_APART )?static \w+ (\w+)\(sf_\w+\* _[cg], const sf_clock& ?\w*\) \{$")
_CALLED = re.compile(r"sf_over<(?:sf_)?(\w+?)f?>")
#: Why loops of a kind are not expected to be.
_NOT_EXPECTED = {
    "reset": "only neurons that had an event just now",
    "events": "only neurons that had an event just now",
    "generate": "a list of spikes, which is read in order",
    "states": "values are appended to a record",
    "rate": "one value",
    "pathway": "synapses change neurons here and there, one after the other",
    "summed": "synapses add to neurons here and there, one after the other",
    "held_shared": "one value",
    "callback": "Python is called",
    "threshold": "few neurons, looked at one by one",
}


@dataclass(frozen=True)
class Loop:
    """A loop of a kernel that is expected to be vectorised.

    Parameters
    ----------
    line : int
        In the generated code.
    bits : int
        Width of the registers; 0 where it was not vectorised.
    reason : str
        Why it was not.
    said : str
        The same in the compiler's words.
    code : str
        The statement that is the reason, where the compiler names one.
    """

    line: int
    bits: int
    reason: str = ""
    said: str = ""
    code: str = ""

    @property
    def vectorised(self) -> bool:
        return self.bits > 0


@dataclass(frozen=True)
class KernelReport:
    """What became of one kernel.

    Parameters
    ----------
    name : str
        As in a profile: the object, and which part of it.
    kind : str
        As `core.kernels.Kernel` has it.
    does : tuple of str
        Its statements.
    loops : tuple of Loop
        Those that are expected to be vectorised; a function called for many neurons is a loop too.
    calls : tuple of str
        Functions of the C library that it calls neuron by neuron, in loops of their own.
    expected : str
        Where there is no such loop, why none is expected.
    """

    name: str
    kind: str
    does: tuple[str, ...]
    loops: tuple[Loop, ...]
    calls: tuple[str, ...] = ()
    expected: str = ""

    @property
    def vectorised(self) -> bool:
        """Whether all that is expected to be is."""
        return all(loop.vectorised for loop in self.loops)


@dataclass(frozen=True)
class Explanation:
    """What the compiler has made of a model; printed as a text."""

    compiler: str
    kernels: tuple[KernelReport, ...]

    def missed(self) -> Explanation:
        """The same for those kernels alone that should be vectorised and are not."""
        return replace(self, kernels=tuple(k for k in self.kernels if not k.vectorised))

    def data(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [self.compiler]
        for kernel in self.kernels:
            lines += ["", *_lines(kernel)]
        return "\n".join(lines)


def _lines(kernel: KernelReport) -> list[str]:
    calls = {name: kernel.calls.count(name) for name in dict.fromkeys(kernel.calls)}
    lines = [f"{kernel.name}: {_verdict(kernel)}"]
    lines += [f"    {line}" for line in kernel.does]
    if calls:
        told = ", ".join(f"{name} ({n} times)" if n > 1 else name for name, n in calls.items())
        lines.append(f"  calls neuron by neuron, in loops of their own: {told}")
    for loop in kernel.loops:
        if not loop.vectorised:
            lines.append(f"  line {loop.line} is not vectorised: {loop.reason}")
            lines += [
                f"    {part}" for part in (loop.code, f"the compiler: {loop.said}" * bool(loop.said)) if part
            ]
    return lines


def _verdict(kernel: KernelReport) -> str:
    if not kernel.loops:
        return f"not expected to be vectorised ({kernel.expected})"
    good = [loop for loop in kernel.loops if loop.vectorised]
    bits = " and ".join(f"{n} bits" for n in sorted({loop.bits for loop in good}))
    loops = "" if len(kernel.loops) == 1 else f"{len(good)} of {len(kernel.loops)} loops "
    return f"{loops}vectorised, {bits} at a time" if good else "NOT vectorised"


def explain(model: Model, options: CompileOptions, compiler: str | None = None) -> Explanation:
    """Compile a model for its compiler's remarks alone; nothing is kept.

    Parameters
    ----------
    compiler : str, optional
        Which one, instead of the one found.

    Raises
    ------
    CompilerNotFoundError, BuildError
    """
    from ...core.lower import lower
    from .emit import emit_model

    kernels = lower(model)
    found = find_compiler(compiler)
    text = emit_model(kernels, options.profile, options.openmp_threads, options.lanes)
    with tempfile.TemporaryDirectory(prefix="spikefarm-") as folder:
        source = Path(folder) / SOURCE
        source.write_text(text)
        said = compiler_remarks(source, found, options)
    functions = read_remarks(said, FUNCTIONS).values()
    best = max(functions, key=lambda r: (r.bits, r.numbers), default=Remark())
    return Explanation(found.version, report(kernels, text, read_remarks(said, SOURCE), best))


def report(
    kernels: Kernels, text: str, remarks: Mapping[int, Remark], over_arrays: Remark
) -> tuple[KernelReport, ...]:
    """Remarks by kernel, from those by line of the generated code and that about functions over arrays."""
    from .emit import Emitter

    emitter = Emitter(kernels)
    lines = text.splitlines()
    functions = dict(_functions(lines))
    result = []
    for kernel, label in zip(kernels.kernels, kernel_labels(kernels.kernels), strict=True):
        name = emitter.function(kernel)
        first, last = functions.get(f"all_{name}") or functions.get(name, (0, 0))
        loops, calls = [], []
        for number in range(first, last):
            called = _CALLED.search(lines[number - 1])
            if called is not None and called[1] not in INLINE:
                calls.append(called[1])
            elif called is not None:
                loops.append(_loop(lines, number, over_arrays))
            elif _marked(lines, number):
                loops.append(_loop(lines, number, remarks.get(number)))
        expected = "" if loops else _why_not(kernel)
        does = tuple(line.strip() for line in list(kernel.dump())[1:])
        result.append(KernelReport(label, kernel.kind, does, tuple(loops), tuple(calls), expected))
    return tuple(result)


def _why_not(kernel: Kernel) -> str:
    return "once" if kernel.single else _NOT_EXPECTED.get(kernel.kind, "one after the other")


def _functions(lines: Sequence[str]) -> list[tuple[str, tuple[int, int]]]:
    """Each kernel's function: number of the line after its first, and of its last; the first line is 1."""
    found = []
    for number, line in enumerate(lines, 1):
        match = _FUNCTION.match(line)
        if match is not None:
            end = next(k for k in range(number, len(lines)) if lines[k] == "}")
            found.append((match[1], (number + 1, end + 1)))
    return found


def _marked(lines: Sequence[str], number: int) -> bool:
    """Whether a line, counted from 1, begins a loop that is marked as free of dependences."""
    return (
        "for (" in lines[number - 1]
        and _MARKS.match(lines[number - 2]) is not None
        and (not lines[number - 1].strip().startswith("for (int64_t _first"))
    )


def _loop(lines: Sequence[str], number: int, remark: Remark | None) -> Loop:
    if remark is None:
        return Loop(number, 0, "the compiler has dissolved it, or says nothing about it")
    bits = remark.bits or 64 * remark.numbers
    if bits:
        return Loop(number, bits)
    code = lines[remark.line - 1].strip() if remark.line not in (0, number) else ""
    return Loop(number, 0, remark.reason or "the compiler does not say why", remark.said, code)


__all__ = ["Explanation", "KernelReport", "Loop", "explain", "report"]
