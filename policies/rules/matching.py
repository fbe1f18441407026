"""What a rule's names mean: the functions that Casbin's matcher calls, and nothing else calls for a decision.

Each answers whether one column of a rule covers one value of the request. INVARIANT: an empty or unknown column covers
nothing; only the written `*` means all.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from documents.access.plan import Action
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.names import SYSTEM
from documents.declaring.record import CustomerRecord
from documents.registry import RECORD_CLASSES

ANY = "*"
RECORDS = "records"
ALLOW, DENY = "allow", "deny"
EVERYONE = "everyone"  # the role that every declared role inherits from, directly or not
SYSTEM_ROLE = SYSTEM  # the role as which the product itself acts; these two names alone are the product's own


class FieldPatterns:
    """Which fields a rule's `kind` and `field` columns name. Answers are kept: the catalogue is fixed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._named: dict[tuple[str, str, str], frozenset[str]] = {}

    def covers(self, kind: str, field: str, rule_kind: str, rule_field: str) -> bool:
        """True if the rule names `field` of `kind`; registered with Casbin as `covers_field`."""
        return field in self.named(kind, rule_kind, rule_field)

    def named(self, kind: str, rule_kind: str, rule_field: str) -> frozenset[str]:
        """The fields of `kind` that the rule names: `name`, `kind.name`, a glob (`*`, `contact_*`) or `@class`."""
        key = (kind, rule_kind, rule_field)
        if key not in self._named:
            self._named[key] = self._resolve(*key)
        return self._named[key]

    def _resolve(self, kind: str, rule_kind: str, rule_field: str) -> frozenset[str]:
        if not covers_kind(kind, rule_kind):
            return frozenset()
        specs = self._catalogue.fields(Kind(kind))
        if rule_field.startswith("@"):
            return frozenset(name for name, spec in specs.items() if spec.sensitivity.value == rule_field[1:])
        path_kind, dot, name = rule_field.rpartition(".")
        if dot and path_kind != kind:
            return frozenset()
        if not dot and ANY in name:
            return frozenset(field for field in specs if fnmatchcase(field, name))
        return frozenset({name}) & specs.keys()


_WILDCARDS: dict[str, str] = {
    **dict.fromkeys((kind.value for kind in CUSTOMER_KINDS), ANY),
    **{cls.kind.value: RECORDS for cls in RECORD_CLASSES if issubclass(cls, CustomerRecord)},
}
"""The kinds that a wildcard names, with the one that does."""


def covers_kind(kind: str, rule_kind: str) -> bool:
    """True if the rule speaks about `kind`: `*` means every kind of customer, `records` every kind of record that
    hangs on a customer; those of the company are named one by one.

    Who writes `*` of customers' fields must not thereby open contracts, tickets or the trail."""
    return rule_kind in (kind, _WILDCARDS.get(kind))


_DENIED_WITH = {
    Action.READ.value: (Action.READ_MASKED.value,),
    Action.REVEAL.value: (Action.READ.value, Action.READ_MASKED.value),
}
"""The actions whose deny covers another one, by that one."""


def covers_action(action: str, rule_action: str, effect: str) -> bool:
    """True if the rule speaks about `action`.

    Who may read may read masked, and who may not even read masked may not read: an allow of `read` covers
    `read_masked`, a deny of `read_masked` covers `read`. A deny of `read` leaves `read_masked` as it is. What may not
    be read may not be revealed either: a deny of one of them covers `reveal`.
    """
    if rule_action in (ANY, action):
        return True
    if effect == ALLOW:
        return action == Action.READ_MASKED.value and rule_action == Action.READ.value
    return rule_action in _DENIED_WITH.get(action, ())


def covers_purpose(purpose: str, rule_purpose: str) -> bool:
    """True if the rule holds under `purpose`."""
    return rule_purpose in (ANY, purpose)


def in_scope(scopes: str, rule_scope: str) -> bool:
    """True if the rule's scope is one of the comma-joined `scopes` that the row satisfies."""
    return rule_scope in scopes.split(",")
