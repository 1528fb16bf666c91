"""All rules, a file each."""

from vaultgen.lint.finding import Rule
from vaultgen.lint.rules import (
    bad_ignore,
    duplicate_secret,
    exec_path,
    foreign_function,
    function_annotation,
    generator_options,
    immutable_stable_name,
    merge_without_base,
    missing_key,
    misspelled_secret,
    no_annotation,
    no_restart,
    not_a_generator,
    not_listed,
    other_namespace,
    plain_secret,
    quoted_reference,
    refused,
    remote_base,
    secret_default,
    stray_reference,
    unquoted_reference,
    unrewritten_reference,
    vanishing_secret,
)

SECTIONS: dict[str, tuple[Rule, ...]] = {
    "The document, and what runs it": (
        refused.RULE,
        exec_path.RULE,
        function_annotation.RULE,
        no_annotation.RULE,
        not_a_generator.RULE,
        not_listed.RULE,
    ),
    "The Secret": (
        vanishing_secret.RULE,
        merge_without_base.RULE,
        duplicate_secret.RULE,
        generator_options.RULE,
        immutable_stable_name.RULE,
        no_restart.RULE,
    ),
    "What refers to the Secret": (
        missing_key.RULE,
        misspelled_secret.RULE,
        other_namespace.RULE,
        unrewritten_reference.RULE,
    ),
    "Values": (
        stray_reference.RULE,
        unquoted_reference.RULE,
        quoted_reference.RULE,
        plain_secret.RULE,
        secret_default.RULE,
    ),
    "What a build trusts, and comments": (
        remote_base.RULE,
        foreign_function.RULE,
        bad_ignore.RULE,
    ),
}
"""In the order of the documentation."""

RULES: tuple[Rule, ...] = tuple(rule for section in SECTIONS.values() for rule in section)
