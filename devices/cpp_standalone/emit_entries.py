"""What a build reads and what can be read from it, in the order of its slots."""

from __future__ import annotations

from ...core.infer import unit_of
from ...core.kernels import Kernels
from ...core.model import Model, Population, Probe
from ...core.precision import stored_as
from ..base import PROFILE, InputSpec, OutputSpec

#: The output that says which objects are active, in order; where Python is called, it can be written to.
ACTIVE = ":active"
#: Types of entries as the engine calls them.
ENTRY = {
    "float64": "SF_F64",
    "int64": "SF_I64",
    "bool": "SF_BOOL",
    "int32": "SF_I32",
    "uint64": "SF_U64",
    "float32": "SF_F32",
}


def input_specs(model: Model) -> tuple[InputSpec, ...]:
    """The inputs of a build, in the order of their slots."""
    return tuple(InputSpec(i.id, i.name, i.kind, i.dtype, i.size, unit_of(i.dim)) for i in model.inputs)


def output_specs(model: Model, profiled: Kernels | None = None) -> tuple[OutputSpec, ...]:
    """The outputs of a build, in the order of their slots; the times of kernels are the last, if they are measured."""
    outputs = []
    for p in model.populations:
        for v in p.variables:
            if v.stored:
                size = 1 if v.shared else p.size
                outputs.append(OutputSpec(f"{p.id}.{v.name}", v.stored_as, size, unit_of(v.dim)))
        for path in p.ends.pathways if p.ends is not None else ():
            outputs.append(OutputSpec(f"{p.id}.{path.name}.pending", "int32", -1, "1"))
            outputs.append(OutputSpec(f"{p.id}.{path.name}.due", "float64", -1, "second"))
        if p.refracts:
            outputs.append(OutputSpec(f"{p.id}.lastspike", "float64", p.size, "second"))
            outputs.append(OutputSpec(f"{p.id}.not_refractory", "bool", p.size, "1"))
    for probe in model.probes:
        outputs += _probe_outputs(model, probe)
    if model.callbacks:
        outputs.append(OutputSpec(ACTIVE, "bool", len(model.objects), "1"))
    outputs += [OutputSpec(time_of(n), "float64", 1, "second") for n in range(1, model.networks)]
    times = [] if profiled is None else [OutputSpec(PROFILE, "float64", len(profiled.kernels), "second")]
    return (*outputs, OutputSpec("t", "float64", 1, "second"), *times)


def time_of(network: int) -> str:
    """The output with the time that a network has reached."""
    return f"t@{network}" if network else "t"


def _probe_outputs(model: Model, probe: Probe) -> list[OutputSpec]:
    source = model.source(probe.source)
    columns = [
        OutputSpec(f"{probe.id}.{name}", dtype, -1, unit)
        for name in probe.variables
        for dtype, unit in [recorded_type(model, source, name)]
    ]
    if probe.kind == "events":
        return [*columns, OutputSpec(f"{probe.id}.count", "int32", model.span(probe.source).size, "1")]
    times = OutputSpec(f"{probe.id}.t", "float64", -1, "second")
    if probe.kind == "rate":
        return [times, OutputSpec(f"{probe.id}.rate", "float64", -1, "hertz")]
    return [times, *columns]


def recorded_type(model: Model, population: Population, name: str) -> tuple[str, str]:
    found = model.type_of(population, name)
    assert found is not None
    single = any(v.name == name and v.single for v in population.variables)
    return stored_as(found.dtype, single), unit_of(found.dim)
