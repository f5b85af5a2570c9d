"""Checks of one module's text; each returns what breaks the rule, nothing when all is well."""

import ast
from collections.abc import Iterator

MODULE_LINES = 300
TEST_MODULE_LINES = 400
VERBS = frozenset({"get", "post", "put", "patch", "delete"})
SQL_CALLS = frozenset({"text", "execute", "executemany", "executescript", "exec_driver_sql",
                       "scalar", "scalars", "fetch", "fetchrow", "fetchval"})  # fmt: skip


def long_module(text: str, *, limit: int) -> list[str]:
    """Refuse a module of more lines than fit into a reader's head."""
    lines = len(text.splitlines())
    return [f"{lines} lines, {limit} are allowed"] if lines > limit else []


def missing_docstring(text: str) -> list[str]:
    """Refuse a module that does not open with a sentence on what lives in it."""
    docstring = ast.get_docstring(ast.parse(text))
    first = docstring.strip().split("\n\n")[0] if docstring else ""
    return [] if first.rstrip().endswith((".", "!", "?")) else ["opens without a sentence"]


def commits(text: str) -> list[str]:
    """Refuse code that ends a transaction which the edge opened."""
    return [
        f"line {node.lineno}: .commit"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]


def random_imports(text: str) -> list[str]:
    """Refuse the guessable generator; codes and tokens come from `secrets`."""
    return [
        f"line {node.lineno}: import of random"
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "random")
    ]


def formatted_sql(text: str) -> list[str]:
    """Refuse a statement that is put together from values."""
    return [
        f"line {call.lineno}: a formatted statement"
        for call in _calls(ast.parse(text))
        if _name_of(call.func) in SQL_CALLS and call.args and _is_formatted(call.args[0])
    ]


def undeclared_refusals(text: str) -> list[str]:
    """
    Refuse a route that does not say in the document which errors it answers with.

    A list has none of its own: what its caller and its page may get wrong is told for all routes.
    """
    return [
        f"line {function.lineno}: {function.name} has no responses="
        for function, call in _routes(ast.parse(text))
        if not any(keyword.arg == "responses" for keyword in call.keywords) and not _is_list(call)
    ]


def routes_without_slash(text: str) -> list[str]:
    """Refuse a path that lacks the last slash the clients know."""
    return [
        f"line {function.lineno}: {path.value!r}"
        for function, call in _routes(ast.parse(text))
        for path in call.args[:1]
        if isinstance(path, ast.Constant) and not str(path.value).endswith("/")
    ]


def handled_events(text: str) -> set[str]:
    """Return the names of the event classes that a module registers handlers for."""
    tree = ast.parse(text)
    found: set[str] = {
        call.args[0].id
        for call in _calls(tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"on", "on_all", "on_received"}
        and call.args
        and isinstance(call.args[0], ast.Name)
    }
    if any(_keeps_users(call) for call in _calls(tree)):
        found.add("UserChangedV1")
    return found


def _is_list(route: ast.Call) -> bool:
    path = route.args[0] if route.args else None
    is_bare = isinstance(path, ast.Constant) and "{" not in str(path.value)
    return is_bare and _name_of(route.func) == "get"


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _keeps_users(call: ast.Call) -> bool:
    """`build_app(users=True)` registers the handler that keeps the replica of users."""
    return _name_of(call.func) == "build_app" and any(
        keyword.arg == "users" and ast.unparse(keyword.value) == "True" for keyword in call.keywords
    )


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_formatted(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return not _is_pragma(node) and any(
            isinstance(part, ast.FormattedValue) for part in node.values
        )
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod | ast.Add) and _mentions_text(node)
    if isinstance(node, ast.Call):
        inner = node.args[0] if node.args and _name_of(node.func) == "text" else None
        is_format = isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        return is_format or (inner is not None and _is_formatted(inner))
    return False


def _is_pragma(node: ast.JoinedStr) -> bool:
    """SQLite takes no parameters in a PRAGMA; its values are ours."""
    first = node.values[0]
    return isinstance(first, ast.Constant) and str(first.value).startswith("PRAGMA ")


def _mentions_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(part, ast.JoinedStr)
        or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in (node.left, node.right)
    )


def _routes(
    tree: ast.AST,
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _name_of(decorator.func) in VERBS:
                    yield node, decorator
