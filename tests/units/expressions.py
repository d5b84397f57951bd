"""Expressions that Brian 2 and we are to agree on; `make_reference.py` records Brian 2's answers."""

from itertools import product

_OPERANDS = (
    "3*mV", "[1.5, 2, 4]*mV", "2*nA", "volt", "uS", "2.5", "array([1., 2., 4.])", "0", "7*ms", "0.5*kHz",
)  # fmt: skip
_OPERATORS = ("+", "-", "*", "/", "%", "<", ">=", "==", "!=")

BINARY = [
    f"({a}) {sign} ({b})" for a, b in product(_OPERANDS, repeat=2) for sign in _OPERATORS if "*" in a + b
]

POWERS = [
    f"({a})**({b})" for a in _OPERANDS[:5] for b in ("2", "-1", "0.5", "3", "2.5", "3*mV", "array(2)", "0")
]

_ARRAYS = ("[1.5, 2, 4]*mV", "[[1., 2.], [3., 4.]]*nA", "3*ms")
_FUNCTIONS = (
    "np.sum({})", "np.mean({})", "np.std({})", "np.var({})", "np.max({})", "np.min({})",
    "np.cumsum({})", "np.prod({})", "np.abs(-{})", "np.sqrt({})", "np.square({})", "np.sign({})",
    "np.isnan({})", "np.median({})", "np.ravel({})", "np.argmax({})", "np.reciprocal({})",
    "np.clip({}, 1*mV, 2*mV)", "np.exp({})", "np.log({})", "np.maximum({}, 2*mV)", "np.minimum({}, 2)",
    "-({})", "abs({})", "exp({})", "sin({})", "log({})", "tanh({})", "({}).sum()", "({}).mean()",
    "({}).std()", "({}).var()", "({}).max()", "({}).min()", "({}).prod()", "ones_like({})",
    "zeros_like({})", "ravel({})", "ptp({})", "({})/mV", "({})/nA", "({})/ms", "float(np.sum({}))",
    "where(array({})/({}) > 0, {}, 0)", "np.repeat({}, 2)", "dot({}, {})", "exprel({}/({}))",
    "in_best_unit({})",
)  # fmt: skip
FUNCTIONS = [text.replace("{}", f"({array})") for text in _FUNCTIONS for array in _ARRAYS]

VARIOUS = """
linspace(0*mV, 10*mV, 5)
linspace(0, 1, 3)
linspace(1*mV, 2*nA, 3)
arange(0*ms, 5*ms, 1*ms)
arange(5*ms, step=1*ms)
arange(5*ms)
arange(3)
arange(2, 7, 2)
arange(0*ms, 5*nA, 1*ms)
where([True, False], [1, 2]*mV, 0*mV)
where([True, False], [1, 2]*mV, 2*nA)
diagonal(np.eye(2)*mV)
trace(np.eye(2)*mV)
np.diff([1, 2, 4]*mV)
np.sort([3, 1, 2]*mV)
np.argsort([3, 1, 2]*mV)
np.percentile([1, 2, 4]*mV, 50)
([1, 2]*mV) @ ([3, 4]*nS)
([1, 2]*mV).clip(0, 1)
([1, 2]*mV).cumprod()
([1, 2]*mV).searchsorted(5)
([1, 2]*mV)[0]
([1, 2]*mV)[:1]
Quantity(3, volt)
Quantity([3*mV, 4*mV])
Quantity([3*mV, 4*nA])
Quantity([3*mV, 4])
Quantity(3)
Quantity('a')
Quantity.with_dimensions(3, length=1, mass=-1)
Quantity.with_dimensions(3, m=2)
get_unit(volt.dim)
1/ms
2/ms
nS*mV
mV/ms
mV**0.5
1/(mV*ms)
3*nS*mV/pF
100*ufarad/cm**2
exp(1*mV/mV)
have_same_dimensions(3, 0*mV)
have_same_dimensions(3*mV, volt)
have_same_dimensions(0, mV)
is_dimensionless(3)
is_dimensionless(mV)
is_scalar_type(3)
is_scalar_type(3*mV)
is_scalar_type(np.array(3))
is_scalar_type([3])
is_scalar_type('a')
mV == mvolt
mV == nA
kgram == kilogram
hash(mV) == hash(mvolt)
hash(3*mV)
3*mV < inf
'a'*volt
None*volt
volt == None
avogadro_constant
boltzmann_constant
electric_constant
electron_mass
elementary_charge
faraday_constant
gas_constant
magnetic_constant
molar_mass_constant
zero_celsius
3*celsius
""".strip().splitlines()

EXPRESSIONS = BINARY + POWERS + FUNCTIONS + VARIOUS

DISPLAYED = [
    f"{value}*{unit}"
    for value in ("0.00012", "-0.5", "3", "42.123456789", "999", "[1, 1000]", "[0, 0.002]", "0", "1e7")
    for unit in ("mV", "nA", "second", "Hz", "umetre", "cm2", "nS", "Mohm", "pF", "kgram", "mmolar", "kelvin")
]

# Where we mean to differ from Brian 2, and why.
DIFFERENT = {
    "(volt)**(3*mV)": "Brian 2 recurses without end; we name the exponent's unit",
    "(uS)**(3*mV)": "as above",
    "(volt)**(array(2))": "Brian 2 recurses without end; we calculate it",
    "(uS)**(array(2))": "as above",
    "Quantity([3*mV, 4])": "a mixture of units is a DimensionMismatchError like every other",
    "([1, 2]*mV).cumprod()": "a wrong unit is a DimensionMismatchError like every other",
}
