"""Views of the variables of synapses, which take pairs of neurons for an index too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .records import with_unit
from .variables import VariableView

if TYPE_CHECKING:
    from .synapses import Synapses

Numbers = NDArray[np.int64]


class SynapticView(VariableView):
    """A variable of synapses: ``S.w``, ``S.w[3]`` (a synapse), ``S.w[1, 2]`` (all from 1 to 2), ``S.w['i < 5']``.

    Both parts of a pair may be an integer, a slice or integers: ``S.w[:, 3]`` are the weights of all synapses of
    the target 3. In the standalone device, where connections are made when the simulation runs, a pair takes
    integers and slices.
    """

    group: Synapses

    @property
    def size(self) -> int:
        """Number of values."""
        return 1 if self.shared else self.group.N

    def _refuse_readonly(self) -> None:
        if self.name in self.group.special:
            raise TypeError(f"{self.label} is read-only; connect() makes synapses.")
        if self.name in self.group.references:
            raise TypeError(f"{self.label} belongs to the neurons; set it there.")
        super()._refuse_readonly()

    def assign(self, index: Any, value: Any, level: int = 0) -> None:
        """Set values; see the class."""
        self._become_own()
        if isinstance(index, tuple) and self.group.known_ends is None:
            index = self._pair_condition(index)
        super().assign(index, value, level + 1)

    def check(self, value: Any) -> None:
        """See `VariableView.check`."""
        self._refuse_readonly()
        self._become_own()
        super().check(value)

    def _become_own(self) -> None:
        """Delays that are set become those of each synapse, unless there is one in common; there must be synapses."""
        self.group.before_assignment(self.name)
        if not (self.shared or self.group.connected):
            raise TypeError(
                f"{self.label}: call {self.group.name}.connect() first; there are no synapses yet."
            )

    def _pair_condition(self, index: tuple[Any, ...]) -> str:
        """A pair of integers or slices as a condition that holds for its synapses."""
        if len(index) not in (2, 3):
            raise IndexError(f"{self.label}[{index!r:.60}]: an index has two parts, for i and for j.")
        parts = self._count_condition(index[2]) if len(index) == 3 else []
        for name, part, size in zip("ij", index, self.group.sizes, strict=False):
            if isinstance(part, slice):
                start, stop, step = part.indices(size)
                parts.append(f"{name} >= {start} and {name} < {stop}")
                if step != 1:
                    parts.append(f"({name} - {start}) % {step} == 0")
            elif isinstance(part, int | np.integer) and not isinstance(part, bool):
                parts.append(f"{name} == {self._neuron(int(part), size, name)}")
            else:
                raise NotImplementedError(
                    f"{self.label}[{index!r:.60}]: which synapses these are is known when the simulation runs; use "
                    "integers, slices or a string with a condition."
                )
        return " and ".join(parts)

    def _count_condition(self, part: Any) -> list[str]:
        """The third part of an index: which of the synapses of a pair."""
        name = self.group.pair_index
        if not name:
            raise IndexError(
                f"{self.label}: a third part of an index needs Synapses(…, multisynaptic_index=…)."
            )
        if isinstance(part, int | np.integer) and not isinstance(part, bool) and part >= 0:
            return [f"{name} == {part}"]
        known = isinstance(part, slice) and min(part.start or 0, part.stop or 0) >= 0
        if not known or (part.step or 1) < 1:
            raise NotImplementedError(
                f"{self.label}: how many synapses a pair has is known when the simulation runs; let the third part "
                "of an index count from 0."
            )
        start, step = part.start or 0, part.step or 1
        stop = [f"{name} < {part.stop}"] if part.stop is not None else []
        return [f"{name} >= {start}", f"({name} - {start}) % {step} == 0", *stop]

    def _neuron(self, neuron: int, size: int, name: str) -> int:
        if not -size <= neuron < size:
            raise IndexError(
                f"{self.label}: {name}={neuron} lies outside the {size} neuron(s) of the "
                f"{'source' if name == 'i' else 'target'}."
            )
        return neuron % size

    def _indices(self, index: Any) -> Numbers | None:
        if isinstance(index, slice) and index == slice(None):
            return None
        if self.shared:
            raise IndexError(
                f"{self.label} has one value for all synapses and no elements; set {self.label}."
            )
        ends = self.group.known_ends
        if isinstance(index, tuple):
            return self.group.numbers(index, self.label)
        if ends is not None:
            return super()._indices(index)
        chosen = np.atleast_1d(np.asarray(index)) if not isinstance(index, slice) else None
        if chosen is None or chosen.dtype.kind not in "iu" or chosen.ndim != 1 or (chosen < 0).any():
            raise NotImplementedError(
                f"{self.label}[{index!r:.60}]: how many synapses there are is known when the simulation runs; use "
                "their numbers, or a string with a condition."
            )
        return chosen.astype(np.int64)

    def _concrete(self, value: Any, where: Any) -> NDArray[Any]:
        if where is None and not self.shared and self.group.known_ends is None:
            count = int(np.size(np.asarray(value))) if np.ndim(np.asarray(value)) == 1 else 1
            return self.check_values(value, count)
        return super()._concrete(value, where)

    def _check_numbers(self, array: NDArray[Any], shown: str) -> None:
        super()._check_numbers(array, shown)
        if self.name.endswith(".delay") and array.size and not (np.isfinite(array) & (array >= 0)).all():
            raise ValueError(f"{self.label} takes finite times of zero or more, but {shown} is none.")

    def values(self) -> NDArray[Any]:
        """Values in base units; see `VariableView.values`."""
        if self.name in ("i", "j"):
            return self.group.ends()["ij".index(self.name)]
        if self.name in self.group.references:
            return self.group.end_values(self.name)
        if self.name in ("N_incoming", "N_outgoing"):
            return self.group.ends_per_neuron(self.name)
        if self.name in ("N_pre", "N_post"):
            return np.array([self.group.sizes["pre post".split().index(self.name[2:])]])
        return super().values()

    def _known(self) -> NDArray[Any] | None:
        if not self.shared and self.group.known_ends is None:
            return None
        return super()._known()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple):
            chosen = self.group.numbers(index, self.label)
            found = with_unit(self.values(), self.dim)[chosen]
            single = all(isinstance(part, int | np.integer) for part in index)
            return found[0] if single and len(found) == 1 else found
        return super().__getitem__(index)


__all__ = ["SynapticView"]
