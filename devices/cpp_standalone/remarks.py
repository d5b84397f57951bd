"""What compilers say about loops that they vectorised, or did not: read, and put in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

#: What makes a compiler talk; the first two write to a file whose name follows, or to the standard error.
GCC_FLAG = "-fopt-info-vec-optimized-missed="
CLANG_FLAGS = tuple(f"-Rpass{kind}=loop-vectorize" for kind in ("", "-missed", "-analysis"))

_PLACE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):\d+: (?P<text>.*)$")
_GCC_WIDTH = re.compile(r"optimized: loop vectorized using (variable length|\d+ byte) vectors")
_CLANG_WIDTH = re.compile(r"remark: vectorized loop \(vectorization width: (?:vscale x )?(\d+)")
_CALL = re.compile(r"(?:clobbers memory: |call to ).*?\b([a-z_]\w*) ?\(")

#: Parts of what compilers say, and what that means.
_WORDS = (
    ("control flow", "it branches"),
    ("number of iterations cannot be computed", "how often it goes round is not known beforehand"),
    ("could not determine number of loop iterations", "how often it goes round is not known beforehand"),
    ("consecutive inner loops", "it has several loops inside"),
    ("loop is not the innermost loop", "it has several loops inside"),
    ("not profitable", "the compiler thinks that it would not pay"),
    ("cost-model", "the compiler thinks that it would not pay"),
    ("no vectype for stmt", "the compiler finds no vector form for what it does"),
    ("data-type", "it works on a type that registers do not hold side by side"),
    ("volatile", "others may change what it reads"),
    ("can throw", "what it calls may throw"),
    ("dependence", "its rounds may depend on each other"),
    ("unsafe dependent memory", "its rounds may depend on each other"),
    ("cannot be analyzed", "it calls a function, or reads what the compiler cannot tell apart"),
    ("call instruction cannot be vectorized", "it calls a function that has no vector form"),
    ("not supported", "the processor has no such operation on vectors"),
    ("unsupported", "the processor has no such operation on vectors"),
)


@dataclass(frozen=True)
class Remark:
    """What became of the loop that begins on a line.

    Parameters
    ----------
    bits : int
        Width of the registers; 0 where it was not vectorised.
    numbers : int
        How many of them a register holds, where the compiler says that instead of the width.
    reason : str
        Why not, in words.
    said : str
        Why not, in the compiler's words.
    line : int
        Where the reason is, 0 if the compiler did not say.
    """

    bits: int = 0
    numbers: int = 0
    reason: str = ""
    said: str = ""
    line: int = 0

    @property
    def vectorised(self) -> bool:
        return self.bits > 0 or self.numbers > 0


def words(said: str) -> str:
    """A compiler's reason as a person would put it."""
    call = _CALL.search(said)
    if call is not None:
        return f"it calls {call[1]}, which has no vector form"
    return next((meaning for part, meaning in _WORDS if part in said), said)


def read_remarks(text: str, source: str) -> Mapping[int, Remark]:
    """Remarks about the loops of one file by line, from the output of g++ or clang++.

    Of several about a loop, as for its remainder, the widest counts.

    Parameters
    ----------
    source : str
        The file's name, without folders.
    """
    found: dict[int, Remark] = {}
    current = 0  # the loop that reasons are given for
    for file, line, said in _places(text):
        own = file == source
        width = _width(said)
        if width is not None:
            if own:
                found[line] = max(found.get(line, Remark()), width, key=lambda r: (r.bits, r.numbers))
            current = 0
        elif "couldn't vectorize loop" in said or "remark: loop not vectorized" in said:
            current = line if own else 0
            if own:
                found.setdefault(line, Remark())
        if current:
            found[current] = _because(found[current], said, line if own else 0)
    return found


def _places(text: str) -> Iterable[tuple[str, int, str]]:
    for line in text.splitlines():
        match = _PLACE.match(line)
        if match is not None:
            yield match["file"].rsplit("/", 1)[-1], int(match["line"]), match["text"]


def _width(said: str) -> Remark | None:
    match = _GCC_WIDTH.search(said)
    if match is not None:
        return Remark(bits=128 if match[1].startswith("variable") else 8 * int(match[1].split()[0]))
    match = _CLANG_WIDTH.search(said)
    return None if match is None else Remark(numbers=int(match[1]))


def _because(remark: Remark, said: str, line: int) -> Remark:
    """The remark with its reason, the first one counts."""
    reason = said.partition("not vectorized: ")[2] or said.partition("missed: statement ")[2]
    reason = re.sub(r"\s*\[-Rpass[^\]]*\]$", "", reason)
    if remark.vectorised or remark.reason or not reason:
        return remark
    return replace(remark, reason=words(reason), said=reason.strip(), line=line)


__all__ = ["CLANG_FLAGS", "GCC_FLAG", "Remark", "read_remarks", "words"]
