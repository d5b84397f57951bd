"""Blocks of code such as resets: lines of assignments, in order."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace

from .expr import Binary, Expr, ExpressionError, Name, parse, text

#: The type of a local that lowering makes: that of its expression.
INFERRED = ""


@dataclass(frozen=True)
class Stmt:
    """``target = expr``; ``local`` where the target lives only within the block.

    ``dtype`` is filled in for locals when the block is checked.
    """

    target: str
    expr: Expr
    local: bool = False
    dtype: str = "float"

    def with_expr(self, expr: Expr) -> Stmt:
        return replace(self, expr=expr)

    def __str__(self) -> str:
        return f"{'local ' if self.local else ''}{self.target} = {text(self.expr)}"


_ASSIGNMENT = re.compile(r"^([A-Za-z]\w*)\s*(\*\*|//|[-+*/%])?=(?!=)\s*(.+)$")


def parse_block(code: str) -> tuple[Stmt, ...]:
    """Parse lines (or parts between ``;``) of the form ``x = …``, ``x += …`` and so on.

    An assignment with an operator becomes a plain one: ``x += a`` is ``x = x + a``.

    Raises
    ------
    ExpressionError
        Naming every line that is no assignment.
    """
    statements, problems = [], []
    for line in re.split(r"[\n;]", code):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        try:
            statements.append(_statement(line))
        except ExpressionError as error:
            problems.append(str(error))
    if problems:
        raise ExpressionError("\n".join(problems))
    return tuple(statements)


def _statement(line: str) -> Stmt:
    match = _ASSIGNMENT.match(line)
    if match is None or keyword.iskeyword(match[1]):
        raise ExpressionError(
            f"{line!r} is not a statement of the modelling language; write an assignment such as "
            "'v = -60*mV' or 'w += b', one per line; names begin with a letter."
        )
    target, operator, right = match.groups()
    expr = parse(right)
    return Stmt(target, Binary(operator, Name(target), expr) if operator else expr)
