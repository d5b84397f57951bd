"""Which synapses an index means: pairs of neurons, numbers, conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .neurons import Neurons
from .synapticviews import Numbers

if TYPE_CHECKING:
    from .synapses import Synapses


def selected(synapses: Synapses, index: Any, label: str) -> Numbers:
    """Numbers of the synapses that an index means: ``[i, j]``, a number, a slice, numbers or truth values.

    Raises
    ------
    IndexError
        Naming the part that lies outside.
    """
    i, j = synapses.ends()
    if not isinstance(index, tuple):
        everyone = np.arange(len(i), dtype=np.int64)
        return np.atleast_1d(everyone[index])
    if len(index) not in (2, 3):
        raise IndexError(f"{label}[{index!r:.60}]: an index has two parts, for i and for j.")
    chosen = np.ones(len(i), dtype=bool)
    for neurons, part, size in zip((i, j), index, synapses.sizes, strict=False):
        try:
            wanted = np.atleast_1d(np.arange(size)[_neurons(part)])
        except IndexError:
            raise IndexError(f"{label}[{index!r:.60}]: {part!r:.40} lies outside {size} neuron(s).") from None
        chosen &= np.isin(neurons, wanted)
    if len(index) == 3:
        if not synapses.pair_index:
            raise IndexError(
                f"{label}[{index!r:.60}]: a third part needs Synapses(…, multisynaptic_index=…)."
            )
        of_pair = synapses.state(synapses.pair_index).values()
        chosen &= np.isin(of_pair, np.atleast_1d(np.arange(of_pair.max(initial=0) + 1)[index[2]]))
    return np.flatnonzero(chosen)


def _neurons(part: Any) -> Any:
    """Part of an index, where a subgroup stands for its neurons."""
    return slice(part._rows.start, part._rows.stop) if isinstance(part, Neurons) else part


class SynapseNumbers:
    """Numbers of synapses by pairs of neurons, as ``S.indices[1, :]``."""

    def __init__(self, synapses: Synapses) -> None:
        self._synapses = synapses

    def __getitem__(self, index: Any) -> Numbers:
        return self._synapses[index].numbers


class Selection:
    """Some synapses, as ``S[1, 2]`` or ``S['i == j']``: for `StateMonitor`, and to ask a monitor for them."""

    def __init__(self, synapses: Synapses, index: Any) -> None:
        self.synapses = synapses
        self.index = index

    @property
    def numbers(self) -> Numbers:
        """Numbers of the synapses."""
        if isinstance(self.index, str):
            return np.flatnonzero(self.synapses.state("i")._condition(self.index))
        return self.synapses.numbers(self.index, self.synapses.name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.numbers.astype(dtype or np.int64)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.numbers)

    def __repr__(self) -> str:
        return f"<{self.synapses.name}[{self.index!r}]>"

    def __len__(self) -> int:
        return len(self.numbers)
