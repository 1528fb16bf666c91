"""Faults as data."""

import pickle

from vaultgen.errors import NOWHERE, Fault, Place, Refused, refuse
from vaultgen.ports import Read


def test_refuse_makes_one_fault() -> None:
    read = Read("a")
    refused = refuse("path-missing", Place(key="k"), read, path="a")
    assert refused.faults == (Fault("path-missing", Place(key="k"), {"path": "a"}, read),)
    assert refuse("sealed").faults == (Fault("sealed", NOWHERE, {}, None),)


def test_a_fact_may_have_any_name() -> None:
    facts = dict.fromkeys(("code", "place", "read", "kind", "self"), "x")
    assert refuse("internal", **facts).faults[0].facts == facts


def test_the_text_of_the_exception_is_its_codes() -> None:
    refused = Refused([Fault("sealed", facts={"address": "hunter2"}), Fault("timeout")])
    assert str(refused) == "sealed, timeout"
    assert len(refused.faults) == 2


def test_faults_from_a_generator_are_kept() -> None:
    assert len(Refused(Fault("sealed") for _ in range(3)).faults) == 3


def test_faults_hold_plain_data() -> None:
    assert pickle.dumps(next(iter(Fault("sealed"))))
