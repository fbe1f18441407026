"""View as: what somebody else may do with each field, and the rule that decides it. Never a value.

INVARIANT: of a customer that the other cannot see the answer is that of one that does not exist, so that looking as
somebody never shows more than that person would see. The trail says who looked as whom.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from bson import ObjectId

from documents.access.plan import Action, FieldGrants, Level, Purpose, Scope, ScopeSet
from documents.access.trace import Act, Served
from documents.chapters.accounts.directory import AccountRepository, StoredAccount
from documents.chapters.customers.counts import CustomerCounts, Place
from documents.declaring.kind import Kind
from documents.plain_records import Record, Records
from documents.storing.public_ids import parse_customer_id
from policies.authorize import resolve_purpose
from policies.changing.changes import csv_line
from policies.errors import PurposeError
from policies.judging.decisions import Decisions, scope_sets
from policies.judging.judge import Asking
from policies.principal import FOREVER, principal_of
from policies.rules.rule_set import RuleSet
from resolvers.caller import Caller
from resolvers.chapters.policies.draft_reads import PolicyDrafts
from resolvers.chapters.policies.effects import scope_set_record
from resolvers.chapters.policies.matrix import decision_record
from resolvers.chapters.policies.people import possible_scopes, scopes_of

ACTIONS: Final = tuple(Action)


class ViewAs:
    """The access of any account."""

    def __init__(self, drafts: PolicyDrafts, accounts: AccountRepository, counts: CustomerCounts) -> None:
        self._drafts = drafts
        self._accounts = accounts
        self._counts = counts

    async def of_kind(
        self, caller: Caller, username: str, kind: Kind, purpose: str | None, draft_id: str | None
    ) -> Record | None:
        """The account's access to records of `kind`, for each set of scopes that a record can satisfy."""
        rules = await self._rules(caller, draft_id)
        account = await self._accounts.get(username)
        caller.report.trace.viewed_as.add(username)
        if rules is None or account is None:
            return None
        return await asyncio.to_thread(_view, account, self._decisions(rules), kind, purpose, None)

    async def of_customer(
        self, caller: Caller, username: str, customer_id: str, purpose: str | None, draft_id: str | None
    ) -> Record | None:
        """The account's access to one customer; None where it sees none, or there is none."""
        rules = await self._rules(caller, draft_id)
        account = await self._accounts.get(username)
        caller.report.trace.viewed_as.add(username)
        parsed = parse_customer_id(customer_id)
        if rules is None or account is None or parsed is None:
            return None
        kind, row_id = parsed
        self._note(caller, kind, row_id)
        place = (await self._counts.places([str(row_id)])).get(str(row_id))
        exists = place is not None and place.kind is kind
        # One that does not exist takes as long as one that is not seen.
        known = place if place is not None and exists else Place(kind, None, None)
        scopes = scopes_of(account, known, is_own=exists and account.customer_id == str(row_id))
        view = await asyncio.to_thread(_view, account, self._decisions(rules), kind, purpose, scopes)
        is_visible = any(cell["level"] != Level.DENIED.name for part in view["parts"] for cell in part["fields"])
        return Record(view, customer=customer_id) if is_visible and exists else None

    async def _rules(self, caller: Caller, draft_id: str | None) -> RuleSet | None:
        """Those of the draft, or those in force. Raises FieldAccessError."""
        if draft_id is None:
            await self._drafts.authorize(caller)
            return self._drafts.store.compiler.rule_set
        draft = await self._drafts.find(caller, draft_id)
        return draft.rules if draft is not None else None

    def _decisions(self, rules: RuleSet) -> Decisions:
        return Decisions(self._drafts.catalogue, rules)

    def _note(self, caller: Caller, kind: Kind, row_id: ObjectId) -> None:
        caller.report.trace.add_rows(Act.VIEW_AS, Served(kind, (), ()), [row_id])


def _view(
    account: StoredAccount, decisions: Decisions, kind: Kind, purpose: str | None, scopes: ScopeSet | None
) -> Record:
    """The view in `scopes`, or in every set of scopes. Where the account gets in not at all, `refusal` says why."""
    record = Record(
        username=account.username,
        display_name=account.display_name,
        roles=sorted(account.roles),
        department=account.department,
        kind=kind.value,
        rule_set=decisions.rule_set.version or None,
    )
    stated, refusal = _purpose(account, purpose)
    if stated is None or refusal is not None:
        return Record(record, refusal=refusal, purpose=purpose, parts=Records())
    relevant = decisions.relevant(account.roles, kind, stated)
    sets = [one for one in scope_sets(relevant) if one <= possible_scopes(account)]
    if scopes is not None:
        decisive = frozenset(Scope(rule.scope) for rule in relevant)
        sets = [scopes & decisive | {Scope.ALL}]
    parts = Records(_part(account, decisions, kind, stated, one) for one in sets)
    return Record(record, purpose=stated.value, parts=parts)


def _purpose(account: StoredAccount, purpose: str | None) -> tuple[Purpose | None, str | None]:
    """The purpose that a request of the account would stand under, or the code with which it would be refused."""
    principal = principal_of(account, None)
    if account.disabled:
        return None, "UNAUTHENTICATED"
    if principal.cleared_until is not FOREVER and principal.cleared_until <= datetime.now(UTC):
        return None, "UNDERTAKING_REQUIRED"
    try:
        return resolve_purpose(principal, purpose), None
    except PurposeError as error:
        return None, error.code


def _part(account: StoredAccount, decisions: Decisions, kind: Kind, purpose: Purpose, scopes: ScopeSet) -> Record:
    fields, asked = decisions.catalogue.fields(kind), Asking(account.roles, kind, purpose, scopes)
    granted = {action: decisions.granted(asked, action, fields.keys()) for action in ACTIONS}
    levels = decisions.levels(asked, fields.keys())
    masked = frozenset(name for name, level in levels.items() if level is Level.MASKED)
    cells = Records()
    for name, spec in fields.items():
        rules = {action: decisions.deciding_rule(asked, action, name) for action in ACTIONS}
        deciding = rules[Action.READ_MASKED if levels[name] is Level.MASKED else Action.READ]
        is_denied = rules[Action.READ] is not None and levels[name] is not Level.PLAIN
        forbidden = frozenset({name}) if is_denied else frozenset[str]()
        reason = FieldGrants(plain=granted[Action.READ], masked=masked, forbidden=forbidden).reason(name)
        cells.append(
            Record(
                field=name,
                label_en=spec.label.en,
                label_zh=spec.label.zh,
                sensitivity=spec.sensitivity.value,
                level=levels[name].name,
                reason=reason.value if reason is not None else None,
                rule=csv_line(deciding) if deciding is not None else None,
                decisions=Records(
                    decision_record(action, rule, allowed=name in granted[action]) for action, rule in rules.items()
                ),
            )
        )
    return Record(scope_set_record(scopes), fields=cells)
