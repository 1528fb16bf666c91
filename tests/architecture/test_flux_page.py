"""docs/flux.md beside what it tells of: each field, reason, metric, option and code is there, and no other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import click
import yaml

from support.custom_resources import schema_of
from support.kustomize import CHECKOUT
from support.markdown import section
from vaultgen.controller import conditions
from vaultgen.controller.command import command
from vaultgen.controller.fetch import SIZE_LIMIT
from vaultgen.controller.metrics import Metrics
from vaultgen.controller.resource import DEFAULT_RETRY_SECONDS, DEFAULT_TIMEOUT_SECONDS, FINALIZER, SHARD_LABEL
from vaultgen.errors.catalogue import CATALOGUE
from vaultgen.publish.archive import Limits
from vaultgen.publish.component import NO_SUBSTITUTION

PAGE = CHECKOUT / "docs/flux.md"
CRD = yaml.safe_load((CHECKOUT / "deploy/crd.yaml").read_text())


def first_column(heading: str, header: str) -> list[str]:
    """Return the code in the first column of the table below a heading whose header row begins so."""
    _, found, table = section(PAGE, heading).partition(f"| {header}")
    assert found, header
    rows = table.partition("\n\n")[0].splitlines()[2:]
    return [code for row in rows for code in re.findall("`([^`]+)`", re.split(r"(?<!\\)\|", row)[1])]


def fields_of(definition: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the fields of a schema that hold no others, by path; a map holds none."""
    for name, field in definition.get("properties", {}).items():
        at = f"{path}{name}"
        below = [*fields_of(field, f"{at}."), *fields_of(field.get("items", {}), f"{at}[].")]
        yield from below or [at]


# --- the resource ---


def test_the_table_of_fields_is_that_of_the_definition() -> None:
    listed = first_column("the-vaultartifact", "Field of `spec`")
    assert sorted({*listed} - {"secretGenerator"}) == sorted(fields_of(schema_of(CRD)["properties"]["spec"]))


def test_the_table_of_the_status_is_that_of_the_definition() -> None:
    status = schema_of(CRD)["properties"]["status"]["properties"]
    assert sorted(first_column("status", "Field of `status`")) == sorted(status)
    said = section(PAGE, "status")
    for name in ("artifact", "versions"):
        (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", said, re.MULTILINE)
        below = status[name].get("items", status[name])["properties"]
        assert set(re.findall("`([^`]+)`", row)) == set(below)


def test_the_table_of_reasons_is_that_of_the_conditions() -> None:
    told = {conditions.SUCCEEDED, conditions.RETRYING, *conditions.REASONS.values(), *conditions.OWN_REASONS.values()}
    listed = first_column("status", "Reason")
    assert sorted(listed) == sorted(told)


# --- the controller ---


def test_the_table_of_options_is_that_of_the_command() -> None:
    flags = {
        flag
        for option in command.params
        if isinstance(option, click.Option)
        for flag in (*option.opts, *option.secondary_opts)
    }
    listed = first_column("options-of-the-controller", "Option")
    assert {one.partition(" ")[0] for one in listed} - {"STORAGE_ADV_ADDR"} == flags


def test_the_table_of_metrics_is_what_is_told() -> None:
    own = [metric for metric in Metrics().registry.collect() if metric.name.startswith("vaultgen_")]
    names = {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in own}
    assert set(first_column("events-and-metrics", "Metric")) == names


def test_the_table_of_what_is_refused_has_each_code() -> None:
    codes = {"nothing-to-merge"} | {code for code in CATALOGUE if code.startswith("unpublishable-")}
    assert set(first_column("what-is-refused", "Code")) == codes


def test_names_and_figures_are_those_of_the_program() -> None:
    """Where the page gives them in a sentence."""
    page = PAGE.read_text()
    limits = Limits()
    assert f"{SIZE_LIMIT >> 20} MiB as an archive, {limits.bytes >> 20} MiB and {limits.entries:,} files" in page
    assert DEFAULT_RETRY_SECONDS == DEFAULT_TIMEOUT_SECONDS == 60.0
    assert "Default: `interval`, at most `1m`." in page
    assert f"`{FINALIZER}`" in page
    assert f"`{SHARD_LABEL}: NAME`" in page
    ((name, value),) = NO_SUBSTITUTION.items()
    assert f"`{name}: {value}`" in page
