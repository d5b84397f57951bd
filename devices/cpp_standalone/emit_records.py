"""C++ of what monitors record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.context import REFRACTORY, SPECIAL
from ...core.model import Probe
from ...core.synapsenames import SYNAPTIC, SYNAPTIC_SHARED
from .emit_entries import recorded_type
from .expressions import C_TYPES, cpp, identifier

if TYPE_CHECKING:
    from .emit import Emitter


@dataclass(frozen=True)
class RecordEmitter:
    """What the template asks for about monitors."""

    emitter: Emitter

    def values(self, probe: Probe) -> list[tuple[str, str, str]]:
        """Of a probe: each variable, the C++ of its value and its type."""
        kernel = next(k for k in self.emitter.kernels.kernels if k.owner == probe.id)
        scope = self.emitter.scope(kernel)
        source = self.emitter.model.source(probe.source)
        result = []
        for s in kernel.body:
            dtype = recorded_type(self.emitter.model, source, s.target)[0]
            result.append((identifier(f"{probe.id}.{s.target}"), cpp(s.expr, scope), C_TYPES[dtype]))
        return result

    def rows(self, probe: Probe, name: str) -> str:
        """C++ of the number of values that each sample of a recorded variable has."""
        if self.is_shared(probe, name):
            return "1"
        source = self.emitter.model.source(probe.source)
        if probe.record == "all" and source.ends is not None:
            return self.emitter.syn.count(source)
        if probe.record == "all":
            return str(self.emitter.model.span(probe.source).size)
        return f"_c->inputs[{self.emitter.slot[probe.record]}].count"

    def is_shared(self, probe: Probe, name: str) -> bool:
        """Whether a recorded variable has one value for all neurons."""
        source = self.emitter.model.source(probe.source)
        if source.ends is not None and name in SYNAPTIC:
            return name in SYNAPTIC_SHARED
        if name in SPECIAL:
            return name != "i"
        if name in REFRACTORY:
            return False
        return any(v.name == name and v.shared for v in source.variables)


__all__ = ["RecordEmitter"]
