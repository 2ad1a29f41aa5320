"""Which keys an expression looks up, found in its syntax tree."""

from __future__ import annotations

import ast


def lookups(tree: ast.expr, name: str) -> set[tuple[str, ...]]:
    """Finds which keys of a name an expression looks up.

    Args:
        tree: The syntax tree of the expression.
        name: A name in it, for example `response`.

    Returns:
        For each look the keys, one after the other: `("result", "next")` for
        `response["result"].get("next")`, and `()` where the name is used as a whole.
    """
    found = {_keys_into(node, name) for node in ast.walk(tree)}
    on_the_way = {_keys_into(_looked_into(node), name) for node in ast.walk(tree)}
    return {keys for keys in found - on_the_way if keys is not None}


def _looked_into(node: ast.AST | None) -> ast.AST | None:
    """The node in which a key is looked up, where this node looks one up."""
    match node:
        case (
            ast.Subscript(value=owner, slice=ast.Constant(value=str()))
            | ast.Call(
                func=ast.Attribute(value=owner, attr="get"), args=[ast.Constant(value=str()), *_]
            )
            | ast.Compare(
                left=ast.Constant(value=str()), ops=[ast.In() | ast.NotIn()], comparators=[owner]
            )
        ):
            return owner
        case _:
            return None


def _keys_into(node: ast.AST | None, name: str) -> tuple[str, ...] | None:
    """The keys that lead from a name to a node's value; None where it comes from elsewhere."""
    if isinstance(node, ast.Name):
        return () if node.id == name else None
    before = _keys_into(_looked_into(node), name) if node is not None else None
    if before is None:
        return None
    match node:
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return (*before, key)
        case ast.Call(args=[ast.Constant(value=str(key)), *_]):
            return (*before, key)
        case ast.Compare(left=ast.Constant(value=str(key))):
            return (*before, key)
    return None
