"""The permissions of the naive peer: a table written by hand, or Casbin asked about every field.

The Casbin model is the one of its tutorial, role-based access control; of its rules, as many as a small company has.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import casbin
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.types import Info

from benchmarks.dataset import ROLE
from benchmarks.workloads import PLAIN_FIELDS, READABLE_FIELD

READERS = {
    "telephone": {ROLE, "account_manager", "service_agent"},
    "email": {"account_manager", "service_agent"},
    "unified_social_credit_code": {"account_manager", "credit_officer"},
    "annual_revenue": {"credit_officer"},
}
"""Who reads which sensitive field."""

RULES = 60

_MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
"""


def enforcer() -> casbin.Enforcer:
    """Casbin with the reader's rules and those of other roles."""
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    made = casbin.Enforcer(model)
    logging.getLogger("casbin.enforcer").setLevel(logging.ERROR)  # it writes a line for each refusal
    rules = [(ROLE, name, "read") for name in ("id", *PLAIN_FIELDS, READABLE_FIELD)]
    others = [(f"role_{number}", name, "read") for number in range(RULES) for name in PLAIN_FIELDS]
    made.add_policies([*rules, *others[: RULES - len(rules)]])
    return made


class MayRead(BasePermission):
    """Asks Casbin whether one of the caller's roles reads the field."""

    message = "not permitted"

    def __init__(self) -> None:
        self._enforcer = enforcer()

    def has_permission(self, source: Any, info: Info[Any, Any], **kwargs: Any) -> bool:
        """The answer for the field that `info` stands at."""
        name = info.python_name
        return any(self._enforcer.enforce(role, name, "read") for role in info.context["caller"].roles)


def field_extensions() -> Sequence[FieldExtension]:
    """What stands on every field of a record."""
    return [PermissionExtension([MayRead()], fail_silently=True)] if os.environ.get("BENCH_CASBIN") else []
