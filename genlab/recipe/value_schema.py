"""The JSON Schema of one key's value: pydantic writes it, and it is put into the words that TOML editors understand.

Editors of TOML know JSON Schema up to draft 7, and TOML has no null.
"""

import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

import pydantic

from genlab.errors import ComponentError
from genlab.interfaces.constraints import Candidates
from genlab.recipe.signature import union_options

Schema = dict[str, Any]


def value_schema(annotation: Any) -> Schema:
    """Return the schema of a plain value (no nested part).

    Raises:
        ComponentError: when the annotation is no type a recipe can fill.
    """
    single = _draft_7(_pydantic_schema(annotation))
    return _candidates(single) if _takes_candidates(annotation) else single


@cache
def _pydantic_schema(annotation: Any) -> Schema:
    try:
        return pydantic.TypeAdapter(annotation).json_schema()
    except (TypeError, pydantic.errors.PydanticUserError, pydantic.errors.PydanticInvalidForJsonSchema) as error:
        raise ComponentError(f"a key must have a type that TOML can fill, got {annotation!r}.") from error


def _draft_7(schema: Any) -> Any:
    """Return a schema without null, without generated titles, and with draft 7's fixed-length arrays."""
    if not isinstance(schema, Mapping):
        return [_draft_7(item) for item in schema] if isinstance(schema, list) else schema
    plain = {name: _draft_7(value) for name, value in schema.items() if name not in ("title", "format", "default")}
    if "prefixItems" in plain:
        plain["items"] = plain.pop("prefixItems")  # minItems and maxItems are there already
    if "anyOf" in plain:
        options = [option for option in plain.pop("anyOf") if option != {"type": "null"}]
        plain |= options[0] if len(options) == 1 else {"anyOf": options}
    return plain


def _takes_candidates(annotation: Any) -> bool:
    metadata = typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()
    options = [option for option in union_options(annotation) if option is not annotation]
    return any(isinstance(mark, Candidates) for mark in metadata) or any(map(_takes_candidates, options))


def _candidates(single: Schema) -> Schema:
    """Return the schema of one value or a list of them; of whole numbers a range too."""
    options = [single, {"type": "array", "items": single, "minItems": 1, "uniqueItems": True}]
    if single.get("type") == "integer":
        ends = {"from": single, "to": single}
        options.append({"type": "object", "properties": ends, "required": [*ends], "additionalProperties": False})
    return {"anyOf": options}
