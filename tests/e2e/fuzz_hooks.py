"""What Schemathesis is told of this suite: real ids, and what is no failure."""

import json
import os
from typing import Any

import schemathesis

REAL: dict[str, list[Any]] = json.loads(os.environ["HPA_FUZZ_IDS"])
"""Ids that exist, by the name of the parameter or field that takes them."""


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
) -> None:
    """Put real ids in the place of odd ones; what is deleted stays as it was made up."""
    case.path_parameters.update(
        {
            name: spare(name, value) if name == "user_id" else real(name, value)
            for name, value in case.path_parameters.items()
            if name == "user_id" or case.method != "DELETE"
        }
    )
    put_real_into(case.body)


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext,
    failure: Exception,
    case: schemathesis.Case[Any],
    response: schemathesis.Response,
) -> bool:
    """Let a filter that is empty pass: it filters nothing, as the clients expect."""
    is_unfiltered = response.status_code == 200 and "" in case.query.values()
    return not (is_unfiltered and type(failure).__name__ == "AcceptedNegativeData")


def put_real_into(body: Any) -> None:
    """Put real ids into the fields of a body, however deep they lie."""
    if isinstance(body, list):
        for each in body:
            put_real_into(each)
    if isinstance(body, dict):
        for name, value in body.items():
            if name.endswith("_ids") and isinstance(value, list):
                body[name] = [real(name, each) for each in value]
            else:
                body[name] = real(name, value)
            put_real_into(body[name])


def spare(name: str, value: Any) -> Any:
    """Return the id of somebody who can be spared, for whoever it was: the callers go on."""
    return REAL[name][0] if str(value).isdecimal() else value


def real(name: str, value: Any) -> Any:
    """Return an id that exists for an odd number that could be one, else the value itself."""
    known = REAL.get(name)
    is_number = isinstance(value, int | str) and not isinstance(value, bool)
    if not known or not is_number or not str(value).isdecimal() or int(value) % 2 == 0:
        return value
    return known[int(value) // 2 % len(known)] if int(value) < 2**63 else value
