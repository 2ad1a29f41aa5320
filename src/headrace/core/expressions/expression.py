"""Expressions in a config: a small, safe part of Python, checked when read and evaluated later.

The check is by whitelist, over the syntax tree, so that what is not known to be harmless is
refused before any data is there. What depends on the data (the types that an operator gets, how
large a number becomes) is bounded while the expression runs.
"""

from __future__ import annotations

import ast
import operator
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from typing import Any

from simpleeval import EvalWithCompoundTypes, InvalidExpression, safe_add

from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.lookups import lookups
from headrace.core.expressions.syntax import syntax_tree
from headrace.core.nearest import did_you_mean

STOP_CONDITION_NAMES = ("response", "headers", "rows", "page")
"""The names that a paginator's `stop_condition` may use."""

MAX_TEXT_LENGTH = 2_000
MAX_DEPTH = 60
MAX_INTEGER_BITS = 4_096
_SHOWN_TEXT_LENGTH = 200
_SHOWN_KEYS = 20

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "min": min,
    "max": max,
    "abs": abs,
    "any": any,
    "all": all,
}
_MANY_ARGUMENTS = frozenset({"min", "max"})

# No method here returns more than it was given, so none can fill the memory.
_MAPPING_METHODS = frozenset({"get", "keys", "values", "items"})
_SEQUENCE_METHODS = frozenset({"count", "index"})
_TEXT_METHODS = frozenset(
    {
        *("lower", "upper", "strip", "lstrip", "rstrip", "startswith", "endswith"),
        *("split", "rsplit", "removeprefix", "removesuffix", "count", "find"),
        *("isalnum", "isalpha", "isdigit", "islower", "isnumeric", "isspace", "isupper"),
    }
)
_METHODS = _MAPPING_METHODS | _SEQUENCE_METHODS | _TEXT_METHODS

_PLAIN_NODES: tuple[type[ast.AST], ...] = (
    *(ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice),
    *(ast.List, ast.Tuple, ast.Set, ast.Load, ast.boolop, ast.cmpop),
    *(ast.Not, ast.USub, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod),
    *(ast.UnaryOp, ast.BinOp),
)
_PLAIN_CONSTANTS = (str, int, float, bool, type(None))

_NODE_WORDS: dict[type[ast.AST], str] = {
    ast.Lambda: "`lambda`",
    ast.NamedExpr: "`:=`",
    ast.JoinedStr: "an f-string",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Starred: "`*`",
    ast.Pow: "`**`",
    ast.LShift: "`<<`",
    ast.RShift: "`>>`",
    ast.Await: "`await`",
    ast.Yield: "`yield`",
    ast.YieldFrom: "`yield`",
}

_FAILURES = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(RecursionError, MemoryError, InvalidExpression),
)


class Expression:
    """One expression of a config, checked when made.

    Args:
        text: The expression, in the syntax of Python; at most 2,000 characters.
        names: The names that it may use. None allows any name, and one without a value is None.

    Raises:
        ExpressionError: The text is not valid Python, or uses a name, a function or a construct
            that is not allowed.
    """

    def __init__(self, text: str, names: Collection[str] | None = None) -> None:
        self.text = text
        self.names = None if names is None else tuple(names)
        self._tree = _parse(text)
        for problem in _problems(self._tree, self.names):
            raise ExpressionError(f"the expression {_shown(text)} is not allowed: {problem}")
        self._evaluator = _EVALUATOR.another()
        self._lock = threading.Lock()

    @property
    def used_names(self) -> tuple[str, ...]:
        """The names that it uses, each once, in alphabetical order."""
        functions = {id(node.func) for node in ast.walk(self._tree) if isinstance(node, ast.Call)}
        names = (node for node in ast.walk(self._tree) if isinstance(node, ast.Name))
        return tuple(sorted({name.id for name in names if id(name) not in functions}))

    def evaluate(self, values: Mapping[str, Any], looked_at: list[str] | None = None) -> Any:
        """Evaluates the expression.

        Args:
            values: The value of each name.
            looked_at: A list to which the names are added whose values were needed, in that order.

        Returns:
            The value of the expression.

        Raises:
            ExpressionError: The expression failed on these values.
        """
        names = _Values(values, looked_at, missing_is_none=self.names is None)
        failure: str | None = None
        value: Any = None
        with self._lock:
            self._evaluator.names = names
            try:
                value = self._evaluator.eval(self.text, previously_parsed=self._tree)
            except _FAILURES as error:
                failure = _failure(error, self._tree)
            finally:
                self._evaluator.names = {}
        if failure is not None:
            message = f"the expression {_shown(self.text)} failed: {failure}"
            raise ExpressionError(message + _response_keys(values))
        return value

    def lookups(self, name: str) -> set[tuple[str, ...]]:
        """Finds which keys of a name the expression looks up.

        Args:
            name: A name that it may use, for example `response`.

        Returns:
            For each look the keys, one after the other: `("result", "next")` for
            `response["result"].get("next")`, and `()` where the name is used as a whole.
        """
        return lookups(self._tree, name)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expression):
            return NotImplemented
        return (self.text, self.names) == (other.text, other.names)

    def __hash__(self) -> int:
        return hash((self.text, self.names))

    def __reduce__(self) -> tuple[type[Expression], tuple[str, tuple[str, ...] | None]]:
        return (Expression, (self.text, self.names))


class _Values(dict[str, Any]):
    """The values of an expression's names."""

    def __init__(
        self, values: Mapping[str, Any], looked_at: list[str] | None, *, missing_is_none: bool
    ) -> None:
        super().__init__(values)
        self._looked_at = looked_at
        self._missing_is_none = missing_is_none

    def __getitem__(self, name: str) -> Any:
        if self._looked_at is not None:
            self._looked_at.append(name)
        return super().__getitem__(name)

    def __missing__(self, name: str) -> None:
        # Not a KeyError: simpleeval answers that by looking among its functions.
        if not self._missing_is_none:
            raise InvalidExpression(f"`{name}` has no value here")


class _Evaluator(EvalWithCompoundTypes):  # type: ignore[misc]
    """simpleeval, with methods by kind of value and bounded numbers.

    The tree it is given has been checked, so no module, function or private attribute can be
    reached, and the library's own search for them in every value (the whole page, for each
    node) is left out.
    """

    def __init__(self) -> None:
        super().__init__(functions=dict(_FUNCTIONS), names={})
        self.operators |= {ast.Add: _add, ast.Mult: _multiply, ast.Mod: _remainder}

    def another(self) -> _Evaluator:
        """One more, for other values.

        simpleeval makes one within `warnings.catch_warnings`, which changes the filters of other
        threads as well.
        """
        made = copy(self)
        made.nodes = {
            kind: getattr(made, evaluate.__name__) for kind, evaluate in self.nodes.items()
        }
        return made

    def _check_disallowed_items(self, item: Any) -> None:
        pass

    def _eval_attribute(self, node: ast.Attribute) -> Any:
        owner = self._eval(node.value)
        if node.attr not in _methods_of(owner):
            message = f"{_kind(owner)} has no `.{node.attr}()` in an expression"
            raise InvalidExpression(message)
        return getattr(owner, node.attr)


def _methods_of(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return _TEXT_METHODS
    if isinstance(value, Mapping):
        return _MAPPING_METHODS
    if isinstance(value, (list, tuple)):
        return _SEQUENCE_METHODS
    return frozenset()


def _kind(value: object) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def _add(left: Any, right: Any) -> Any:
    return safe_add(left, right)


def _multiply(left: Any, right: Any) -> Any:
    if not (_is_number(left) and _is_number(right)):
        raise InvalidExpression("`*` is for numbers only")
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() + right.bit_length()
        if bits > MAX_INTEGER_BITS:
            raise InvalidExpression("the product is too large a number")
    return left * right


def _remainder(left: Any, right: Any) -> Any:
    if not (_is_number(left) and _is_number(right)):
        raise InvalidExpression("`%` is for numbers only")
    return operator.mod(left, right)


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_TEXT_LENGTH:
        raise ExpressionError(
            f"the expression {_shown(text)} is too long: {len(text):,} characters, "
            f"at most {MAX_TEXT_LENGTH:,} are allowed"
        )
    # In YAML an expression may be written over several lines.
    one_line = re.sub(r"[\r\n]+", " ", text).strip()
    if not one_line:
        raise ExpressionError("the expression is empty")
    problem = "it is nested too deeply"
    try:
        return syntax_tree(one_line)
    except SyntaxError as error:
        problem = f"{error.msg} (at character {error.offset or 1})"
    except ValueError:
        problem = "it holds a character that cannot stand in an expression"
    except (RecursionError, MemoryError):
        pass
    raise ExpressionError(f"the expression {_shown(text)} cannot be read: {problem}")


def _problems(tree: ast.expr, names: tuple[str, ...] | None) -> Iterator[str]:
    """Says what in the tree is not allowed."""
    todo: list[tuple[ast.AST, int]] = [(tree, 1)]
    while todo:
        node, depth = todo.pop()
        if depth > MAX_DEPTH:
            yield "it is nested too deeply"
            return
        problem = _problem(node, names)
        if problem:
            yield f"{problem} (at character {getattr(node, 'col_offset', 0) + 1})"
        if isinstance(node, ast.Call):
            # The name or method that is called has been looked at; what it is called on has not.
            if isinstance(node.func, ast.Attribute):
                todo.append((node.func.value, depth + 1))
            todo.extend((argument, depth + 1) for argument in node.args)
        else:
            todo.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _problem(node: ast.AST, names: tuple[str, ...] | None) -> str | None:
    match node:
        case ast.Name(id=name):
            return _name_problem(name, names)
        case ast.Constant(value=value):
            if isinstance(value, _PLAIN_CONSTANTS):
                return None
            return f"a constant of type {type(value).__name__} cannot be used"
        case ast.Call():
            return _call_problem(node)
        case ast.Attribute(attr=attribute):
            return (
                f"`.{attribute}` can only be used as a method that is called; "
                f"for a field write ['{attribute}'] or .get('{attribute}')"
            )
        case ast.Dict(keys=keys):
            return "`**` cannot be used" if None in keys else None
        case _ if isinstance(node, _PLAIN_NODES):
            return None
        case _:
            return f"{_NODE_WORDS.get(type(node), type(node).__name__)} cannot be used"


def _name_problem(name: str, names: tuple[str, ...] | None) -> str | None:
    if name.startswith("__"):
        return f"`{name}` cannot be used"
    if names is None or name in names:
        return None
    return f"`{name}` is not a known name; {_known(name, names)}"


def _call_problem(call: ast.Call) -> str | None:
    if call.keywords:
        return "arguments cannot be given by name"
    match call.func:
        case ast.Name(id=name):
            if name not in _FUNCTIONS:
                return f"`{name}()` is not a known function; {_known(name, _FUNCTIONS)}"
            if name not in _MANY_ARGUMENTS and len(call.args) != 1:
                return f"`{name}()` takes one argument"
            return None
        case ast.Attribute(attr=name):
            if name not in _METHODS:
                return f"`.{name}()` is not a known method; {_known(name, sorted(_METHODS))}"
            return None
        case _:
            return "only a function or a method with a name can be called"


def _known(name: str, known: Collection[str]) -> str:
    listed = ", ".join(f"`{each}`" for each in known)
    return f"{did_you_mean(name, known)}known: {listed}"


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN_TEXT_LENGTH else text[:_SHOWN_TEXT_LENGTH] + "..."
    # A lone surrogate could not be printed.
    return f"`{short.encode(errors='backslashreplace').decode()}`"


def _failure(error: BaseException, tree: ast.expr) -> str:
    """Say what went wrong, without any value of the data."""
    match error:
        case KeyError():
            written = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            key = error.args[0] if error.args else None
            if isinstance(key, str) and key in written:
                return f"there is no {key!r}; where it may be absent, use .get({key!r})"
            return "KeyError, a key is not there"
        case InvalidExpression():
            return str(error)
        case RecursionError() | MemoryError():
            return "the values are nested too deeply, or too large"
        case ValueError() | AttributeError():
            # Their texts quote the value: int("...") for one.
            return f"{type(error).__name__}, a value is not of the form that was expected"
        case _:
            return f"{type(error).__name__}: {error}"


def _response_keys(values: Mapping[str, Any]) -> str:
    response = values.get("response")
    if not isinstance(response, Mapping):
        return ""
    keys = [str(key)[:40] for key in response]
    listed = ", ".join(keys[:_SHOWN_KEYS]) or "no keys"
    return f" (`response` has: {listed}{', ...' if len(keys) > _SHOWN_KEYS else ''})"


_EVALUATOR = _Evaluator()
