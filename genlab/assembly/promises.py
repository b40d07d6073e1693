"""What an interface says its parts have beside their methods: attributes that a constructor must set.

Python enforces an abstract method and not an attribute that is only declared, such as `protocol: str`. Without this
check a part that lacks one would fail where the attribute is first used, which may be after hours of training.
"""

import inspect
from typing import Any, ClassVar, get_origin


def unset_attributes(part: object, interface: type) -> tuple[str, ...]:
    """Return the attributes an interface declares without a value that a part does not have.

    >>> class Interface:
    ...     size: int
    ...     label: str = "none"
    >>> unset_attributes(Interface(), Interface)
    ('size',)

    Args:
        part: an instance of the interface.
        interface: the class whose annotations are the promise.
    """
    origins: dict[str, Any] = {name: get_origin(hint) for name, hint in inspect.get_annotations(interface).items()}
    return tuple(name for name, origin in origins.items() if origin is not ClassVar and not hasattr(part, name))
