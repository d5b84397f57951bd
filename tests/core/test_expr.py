"""Parsing: trees, their text, and everything that is no part of the language."""

import pytest
from hypothesis import given, settings
from spikefarm import mV
from spikefarm.core.dimensions import TIME
from spikefarm.core.expr import (
    MAX_DEPTH,
    Binary,
    Call,
    Compare,
    Const,
    Draw,
    Element,
    Expr,
    ExpressionError,
    Lit,
    Logic,
    MatrixEntry,
    Name,
    Noise,
    Param,
    TimedCall,
    Unary,
    Var,
    depends_on,
    names,
    parse,
    substitute,
    text,
    transform,
    walk,
    written,
)

from core.strategies import expressions

A, B, C = Name("a"), Name("b"), Name("c")


@settings(max_examples=150, deadline=None)
@given(expressions)
def test_the_text_of_a_tree_parses_to_the_same_tree(tree):
    # repr tells 1 from 1.0 and True, which compare equal
    assert repr(parse(text(tree))) == repr(tree)


@settings(max_examples=50, deadline=None)
@given(expressions)
def test_walk_transform_and_children_agree(tree):
    assert sum(1 for _ in walk(tree)) == 1 + sum(sum(1 for _ in walk(c)) for c in tree.children())
    assert transform(tree, lambda node: None) is tree
    assert repr(tree.rebuild(tree.children())) == repr(tree)
    renamed = transform(tree, lambda node: Name("q") if isinstance(node, Name) else None)
    assert names(renamed) <= {"q"}


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("a + b*c", Binary("+", A, Binary("*", B, C))),
        ("(a + b)*c", Binary("*", Binary("+", A, B), C)),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a/b/c", Binary("/", Binary("/", A, B), C)),
        ("a**b**c", Binary("**", A, Binary("**", B, C))),
        ("(a**b)**c", Binary("**", Binary("**", A, B), C)),
        ("-a**b", Unary("-", Binary("**", A, B))),
        ("(-a)**b", Binary("**", Unary("-", A), B)),
        ("a**-b", Binary("**", A, Unary("-", B))),
        ("-a*b", Binary("*", Unary("-", A), B)),
        ("a*-b", Binary("*", A, Unary("-", B))),
        ("not a == b", Unary("not", Compare("==", A, B))),
        ("not a and b", Logic("and", Unary("not", A), B)),
        ("a or b and c", Logic("or", A, Logic("and", B, C))),
        ("(a or b) and c", Logic("and", Logic("or", A, B), C)),
        ("a and b and c", Logic("and", Logic("and", A, B), C)),
        ("a and (b and c)", Logic("and", A, Logic("and", B, C))),
        ("a < b + c", Compare("<", A, Binary("+", B, C))),
        ("a < b < c", Logic("and", Compare("<", A, B), Compare("<", B, C))),
        (
            "a < b <= c != a",
            Logic("and", Logic("and", Compare("<", A, B), Compare("<=", B, C)), Compare("!=", C, A)),
        ),
        ("(a < b) == c", Compare("==", Compare("<", A, B), C)),
        ("a//b % c", Binary("%", Binary("//", A, B), C)),
        ("f(a, b + c)", Call("f", (A, Binary("+", B, C)))),
        ("f()", Call("f", ())),
        ("True", Lit(True)),
        ("1e3", Lit(1000.0)),
        ("a\n  +\n b", Binary("+", A, B)),
    ],
)
def test_precedence_and_associativity_are_pythons(source, tree):
    assert repr(parse(source)) == repr(tree)
    assert repr(parse(text(tree))) == repr(tree)


def test_literals_keep_their_kind():
    assert [type(parse(s).value) for s in ("1", "1.0", "True", "1_000")] == [int, float, bool, int]


HINT = "use numbers, names, arithmetic, comparisons, 'and', 'or', 'not' and functions"
REJECTED = {
    "a.b": "'a.b' in 'a.b' is not part of the modelling language: attributes cannot be used",
    "a[0]": "indexing cannot be used in model strings",
    "a & b": "write 'and'",
    "a | b": "write 'or'",
    "~a": "write 'not'",
    "a ^ 2": "a power is written '**'",
    "1 if a else 2": "write the condition as a factor, int(condition)*value",
    "a << 2": HINT,
    "a @ b": HINT,
    "a is b": HINT,
    "a in b": HINT,
    "'text'": HINT,
    "1j": HINT,
    "None": HINT,
    "...": HINT,
    "[a, b]": HINT,
    "(a, b)": HINT,
    "{a: b}": HINT,
    "{a}": HINT,
    "lambda: a": HINT,
    "f(x=1)": HINT,
    "f(*a)": HINT,
    "a.f(b)": HINT,
    "f(a)(b)": HINT,
    "[a for a in b]": HINT,
    "(a := b)": HINT,
    "f'{a}'": HINT,
    "await_(a) + b'x'": HINT,
}


@pytest.mark.parametrize("source", REJECTED)
def test_what_is_no_part_of_the_language_is_named_with_a_remedy(source):
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    message = str(caught.value)
    assert repr(source) in message
    assert "is not part of the modelling language: " in message
    assert REJECTED[source] in message


def test_the_part_that_is_wrong_is_named():
    with pytest.raises(ExpressionError, match=r"^'w\[0\]' in 'v \+ 3\*w\[0\]' is not part of"):
        parse("v + 3*w[0]")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "An empty string is not an expression; write one, such as 'v > -50*mV'."),
        (" \n ", "An empty string is not an expression; write one, such as 'v > -50*mV'."),
        ("a +", "'a +' is not a valid expression: invalid syntax."),
        ("(a + b", "'(a + b' is not a valid expression: '(' was never closed."),
        ("a b", "'a b' is not a valid expression: invalid syntax"),
        ("a = b", "'a = b' is not a valid expression: "),
        ("for", "'for' is not a valid expression: invalid syntax."),
        ("a\0b", "is not a valid expression: source code "),
        ("5volt", "'5volt' is not a valid expression: invalid decimal literal."),
    ],
)
def test_what_is_no_expression_is_quoted(source, message):
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert message in str(caught.value)


@pytest.mark.parametrize("source", ["+".join("a" * 10_000), "(" * 500 + "a" + ")" * 500, "-" * 300 + "a"])
def test_what_is_nested_too_deep_is_refused(source):
    with pytest.raises(
        ExpressionError, match=r"is nested more than 200 levels deep|too many nested parentheses"
    ):
        parse(source)


def test_just_deep_enough_passes_through_every_pass():
    source = "+".join(["a"] * (MAX_DEPTH - 1))
    tree = parse(source)
    assert text(tree) == source.replace("+", " + ")
    assert names(tree) == {"a"}


def test_text_of_what_only_later_passes_make():
    nodes = [Var("v"), Param("tau"), Element("g.v:value"), Const("k3"), Noise("xi"), Draw("normal", 2)]
    assert [text(n) for n in nodes] == ["v", "$tau", "$g.v:value[]", "k3", "xi", "normal#2"]
    assert text(MatrixEntry("g.M.P", 0, 1)) == "g.M.P[0,1]"
    assert text(TimedCall("I", (Var("t"), Var("i")))) == "$I(t, i)"
    assert text(Binary("*", Lit(-2.0), Var("v"))) == "(-2.0) * v"


def test_people_see_what_they_wrote():
    unit = Lit(float(mV), mV.dim, "mV")
    tree = Binary("-", Param("vt"), Binary("*", Lit(3), unit))
    assert written(tree) == "vt - 3 * mV"
    assert text(tree) == "$vt - 3 * 0.001"
    assert written(TimedCall("I", (Var("t"),))) == "I(t)"


def test_what_people_wrote_does_not_tell_trees_apart():
    assert Lit(0.001, TIME, "ms") == Lit(0.001, TIME)
    assert hash(Lit(0.001, TIME, "ms")) == hash(Lit(0.001, TIME))


def test_text_of_an_unknown_node_says_which():
    class Strange(Expr):
        pass

    with pytest.raises(TypeError, match="no text for Strange"):
        text(Strange())


def test_substitution_replaces_variables_only():
    tree = Binary("+", Var("v"), Call("f", (Var("w"), Name("v"))))
    assert text(substitute(tree, {"v": Lit(1)})) == "1 + f(w, v)"
    assert depends_on(tree, {"w"})
    assert not depends_on(tree, {"f"})
