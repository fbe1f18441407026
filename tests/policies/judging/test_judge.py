"""Judges in threads: each compile job has one of its own, and several run at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from documents.registry import FULL_CATALOGUE
from policies.judging.judge import Judge
from policies.rules.matching import FieldPatterns
from tests.policies.rule_sets import default_rules

THREADS, TIMES = 16, 500


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("eager_threads")
def test_judges_parse_the_matcher_at_once_in_many_threads() -> None:
    """Each gets its expression, which the parser of CPython 3.11 by itself would deny some of them."""
    rules, patterns = default_rules(), FieldPatterns(FULL_CATALOGUE)
    enforcers = [Judge(rules, patterns)._enforcer for _ in range(THREADS)]
    matcher = "has_role(r_roles, p_role) and covers_action(r_action, p_action, p_eft) and in_scope(r_scopes, p_scope)"

    def parse(enforcer: object) -> int:
        parsed = 0
        for _ in range(TIMES):
            enforcer._expression = None  # type: ignore[attr-defined]
            parsed += enforcer._get_expression(matcher, {}) is not None  # type: ignore[attr-defined]
        return parsed

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(parse, enforcers)) == [TIMES] * THREADS
