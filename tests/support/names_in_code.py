"""Which names of dlt, and which private attributes, the code of a module uses.

It reads the code and does not run it: names that are put together while the code runs, other than
as a sum of texts, are not seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec

# Attributes of Python itself, and of the protocol by which libraries hand on Arrow data.
_PYTHONS = frozenset(
    [
        "__arrow_c_stream__",
        "__call__",
        "__cause__",
        "__context__",
        "__delattr__",
        "__dict__",
        "__doc__",
        "__getitem__",
        "__init__",
        "__module__",
        "__mro__",
        "__name__",
        "__new__",
        "__notes__",
        "__qualname__",
        "__post_init__",
        "__reduce_ex__",
        "__repr__",
        "__setattr__",
        "__slots__",
        "__str__",
        "__suppress_context__",
        "__traceback__",
        "_fields",
        "_replace",
    ]
)
# What takes an attribute by the text of its name.
_TAKE_A_TEXT = frozenset(
    [
        "attrgetter",
        "delattr",
        "getattr",
        "getattr_static",
        "hasattr",
        "methodcaller",
        "setattr",
    ]
)


def _chain(node: ast.expr) -> str | None:
    """The text of `a.b.c`; None for all else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (begin := _chain(node.value)) is not None:
        return f"{begin}.{node.attr}"
    return None


def _is_dlts(name: str) -> bool:
    return name == "dlt" or name.startswith("dlt.")


def _text(node: ast.expr, constants: dict[str, str]) -> str | None:
    """The text that an expression gives: a literal, a sum of texts, or a constant's name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, constants), _text(node.right, constants)
        return None if left is None or right is None else left + right
    return constants.get(node.id) if isinstance(node, ast.Name) else None


def _names_given(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The names that a module or its functions give to values, with the values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            targets = [node.target]
        else:
            continue
        if node.value is not None:
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def _constants(tree: ast.Module) -> dict[str, str]:
    """The texts that stand under a name, in a module or in a function."""
    constants: dict[str, str] = {}
    for name, value in _names_given(tree):
        text = _text(value, constants)
        if text is not None:
            constants[name] = text
    return constants


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        # What has `name` in it is no package.
        return False


def _modules_imported(tree: ast.Module) -> dict[str, str]:
    """The local names of dlt's modules: `d` after `import dlt as d`, `s` after `s = d.sources`."""
    modules = {"dlt": "dlt"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named = {each.asname: each.name for each in node.names if each.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and _is_dlts(node.module):
            whole = {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
            named = {local: name for local, name in whole.items() if _is_module(name)}
        else:
            continue
        modules |= {local: name for local, name in named.items() if _is_dlts(name)}
    for local, value in _names_given(tree):
        name = _whole_name(value, modules)
        if name is not None and _is_module(name):
            modules[local] = name
    return modules


def _whole_name(node: ast.expr, modules: dict[str, str]) -> str | None:
    """`dlt.sources.x` for `s.x`, where `s` is the local name of `dlt.sources`."""
    begin, dot, rest = (_chain(node) or "").partition(".")
    return f"{modules[begin]}{dot}{rest}" if begin in modules else None


def _taken_by_text(
    node: ast.AST, modules: dict[str, str], constants: dict[str, str]
) -> Iterator[str]:
    """Names that the door takes out of dlt's modules, by the functions of its `loading`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        texts = [_text(each, constants) for each in node.args]
        if node.func.id == "found_in" and len(texts) == 2:
            yield f"{texts[0]}.{texts[1]}"
        if node.func.id == "is_instance_of" and len(texts) == 3:
            yield f"{texts[1]}.{texts[2]}"
    if isinstance(node, ast.Attribute):
        module = _imported_module(node.value, constants)
        if module is None and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
        if module is not None:
            yield f"{module}.{node.attr}"


def _imported_module(node: ast.expr, constants: dict[str, str]) -> str | None:
    """The module in `imported("dlt.some.module")`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _text(node.args[0], constants) if node.func.id == "imported" else None
    return None


def _modules_by_name(tree: ast.Module, constants: dict[str, str]) -> dict[str, str]:
    """The local names that `imported(...)` was given to."""
    return {
        name: module
        for name, value in _names_given(tree)
        if (module := _imported_module(value, constants)) is not None
    }


def names_of_dlt(tree: ast.Module) -> Iterator[str]:
    """The whole name of each thing that a module uses of dlt's modules."""
    constants = _constants(tree)
    modules = _modules_by_name(tree, constants)
    known = _modules_imported(tree)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and _is_dlts(node.module):
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if _is_dlts(a.name) and a.name != "dlt")
        elif isinstance(node, ast.Attribute) and id(node) not in inner:
            name = _whole_name(node, known)
            if name is not None:
                yield name
        elif isinstance(node, ast.Call) and _last_name(node.func) == "getattr":
            module, text = _whole_name(node.args[0], known), _text(node.args[1], constants)
            if module is not None and text is not None:
                yield f"{module}.{text}"
        yield from filter(_is_dlts, _taken_by_text(node, modules, constants))


def _last_name(node: ast.expr) -> str | None:
    """The `b` of `a.b`, whatever `a` is, and of `b` alone."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _is_namespace(node: ast.expr) -> bool:
    """Whether an expression is `vars(x)` or `x.__dict__`."""
    if isinstance(node, ast.Call):
        return _last_name(node.func) == "vars"
    return _last_name(node) == "__dict__"


def _attributes_by_text(node: ast.AST) -> list[ast.expr]:
    """The expressions whose texts name attributes: the `"b"` of `getattr(a, "b")`."""
    if isinstance(node, ast.Subscript) and _is_namespace(node.value):
        return [node.slice]
    if isinstance(node, ast.Call):
        is_of_namespace = isinstance(node.func, ast.Attribute) and _is_namespace(node.func.value)
        if is_of_namespace or _last_name(node.func) in _TAKE_A_TEXT:
            return node.args
    return []


def private_attributes(tree: ast.Module) -> Iterator[str]:
    """The attributes of other objects than `self` that begin with `_`, by whatever way."""
    constants = _constants(tree)
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            names = [] if own and not node.attr.startswith("__") else [node.attr]
        for each in _attributes_by_text(node):
            names += (_text(each, constants) or "").split(".")
        yield from (name for name in names if name.startswith("_") and name not in _PYTHONS)
