"""The decorator that holds functions to their units."""

import pytest
from spikefarm.core.units import *


@check_units(I=amp, R=ohm, wibble=metre, result=volt)
def voltage(I, R, **kwargs):
    return I * R


@check_units(a=None, b="a", result=lambda a, b: a**2)
def squared(a, b):
    return a * b


@check_units(flag=bool, x=1, result=bool)
def positive(flag, x=1):
    return x > 0 if flag else x


def test_fitting_calls():
    assert voltage(1 * amp, 2 * ohm) == 2 * volt
    assert voltage(1 * amp, R=2 * ohm, wibble=1 * metre) == 2 * volt
    assert squared(2 * volt, 3 * volt) == 6 * volt**2
    assert positive(True, 3)
    assert voltage.__name__ == "voltage"
    assert voltage._arg_names == ("I", "R", "kwargs")
    assert voltage._arg_units[:2] == [amp, ohm]
    assert voltage._return_unit is volt.dim


def test_none_and_strings_pass():
    @check_units(a=volt)
    def same(a):
        return a

    assert same(None) is None
    assert same("3*mV") == "3*mV"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: voltage(1, 1 * ohm),
            r"^voltage: the argument 'I' has to have units of amp, got 1, which has no units",
        ),
        (
            lambda: voltage(1 * amp, 1 * mV),
            r"'R' has to have units of ohm, got 1\. mV, which has units of volt",
        ),
        (lambda: voltage(1 * amp, 1 * ohm, wibble=1), r"'wibble' has to have units of metre, got 1"),
        (lambda: squared(1 * nA, 1 * mV), r"'b' and 'a' have to have the same units, but 'b' is 1\. mV"),
        (
            lambda: check_units(result=volt)(lambda: 3)(),
            r"the result has to have units of volt, got 3, which has no",
        ),
        (
            lambda: check_units(a=None, result=lambda a: a**2)(lambda a: a)(nA),
            r"result has to have units of amp2",
        ),
        (lambda: positive(True, 1 * mV), r"'x' has to have no units, got 1\. mV"),
        (lambda: check_units(a=volt)(lambda a: a)(0), r"got 0, which has no units"),
    ],
)
def test_wrong_units_are_named(call, message):
    with pytest.raises(DimensionMismatchError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: positive(1), "'flag' has to be True or False, got 1"),
        (lambda: positive(False, 3), "result has to be True or False, got 3"),
        (lambda: voltage(object(), 1 * ohm), "'I' has to have units of amp: <object"),
        (lambda: check_units(a="b")(lambda a: a)(1), "no argument of that name was given"),
    ],
)
def test_wrong_types_are_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()
