"""Random expressions and equations, as the parser makes them."""

import keyword

from hypothesis import strategies as st
from spikefarm.core.expr import Binary, Call, Compare, Lit, Logic, Name, Unary

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and not name.endswith("_")
)

numbers = st.one_of(
    st.booleans(),
    st.integers(min_value=0, max_value=10**20),
    st.floats(min_value=0, allow_nan=False, allow_infinity=False),
)
literals = numbers.map(Lit)


def _nodes(children):
    return st.one_of(
        st.builds(Unary, st.sampled_from(("-", "+", "not")), children),
        st.builds(Binary, st.sampled_from(("+", "-", "*", "/", "//", "%", "**")), children, children),
        st.builds(Compare, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), children, children),
        st.builds(Logic, st.sampled_from(("and", "or")), children, children),
        st.builds(Call, names, st.lists(children, max_size=3).map(tuple)),
    )


expressions = st.recursive(st.one_of(literals, names.map(Name)), _nodes, max_leaves=12)
