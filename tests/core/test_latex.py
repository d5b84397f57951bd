"""How notebooks show equations."""

import pytest
from spikefarm import *
from spikefarm.core.expr import parse
from spikefarm.core.latex import latex
from spikefarm.devices import isolated_session


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(v0 - v)/tau_m", r"\frac{\mathrm{v0} - v}{\tau_{m}}"),
        ("sigma*xi*tau_m**-0.5", r"\sigma\,\xi\,\tau_{m}^{-0.5}"),
        ("a*(b + c) - (d - e)", r"a\,\left(b + c\right) - \left(d - e\right)"),
        ("(a/b)**2", r"\left(\frac{a}{b}\right)^{2}"),
        ("(-a)**2", r"\left(-a\right)^{2}"),
        ("exp(-abs(x))*sqrt(x + 1)", r"\exp\left(-\left|x\right|\right)\,\sqrt{x + 1}"),
        (
            "int(a <= b and not c != d)",
            r"\operatorname{int}\left(a \leq b \wedge \neg \left(c \neq d\right)\right)",
        ),
        ("a // b + a % b", r"\left\lfloor \frac{a}{b} \right\rfloor + a \bmod b"),
        ("my_fun(True, 2.5)", r"\operatorname{my\_fun}\left(\mathrm{True}, 2.5\right)"),
    ],
)
def test_expressions(text, wanted):
    assert latex(parse(text)) == wanted


def test_equations():
    equations = Equations(
        """dv/dt = -v/tau : volt (unless refractory)
           I = g*v : amp
           g : siemens/meter**2 (constant)"""
    )
    assert equations._repr_latex_() == "\n".join(
        [
            r"\begin{align*}",
            r"\frac{\mathrm{d}v}{\mathrm{d}t} & = \frac{-v}{\tau} && \text{(volt, unless refractory)} \\",
            r"I & = g\,v && \text{(amp)} \\",
            r"g & && \text{(siemens/meter^2, constant)}",
            r"\end{align*}",
        ]
    )


def test_floor_and_ceil_keep_units():
    with isolated_session(0):
        group = NeuronGroup(2, "v : volt\nlow = floor(v) : volt\nhigh = ceil(v)/mV : 1")
        group.v = [1.5, -1.5] * volt
        trace = StateMonitor(group, ["low", "high"], record=True)
        run(0.1 * ms)
        assert list(trace.low[:, 0] / volt) == [1, -2]
        assert list(trace.high[:, 0]) == pytest.approx([2000, -1000])
