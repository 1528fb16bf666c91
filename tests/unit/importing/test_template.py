"""Go templates that put values into text are understood as Go does; any other is refused."""

import pytest

from vaultgen.importing.source import NotCarried, Source, literal
from vaultgen.importing.template import field_named, split_template


def split(text: str, values: str = ".") -> list[str]:
    """Return the parts, a value as ``<name>``, decoded ``<name!>``, encoded ``<name%>``."""
    parts = split_template(text, lambda expression: Source("p", field_named(expression, values)))
    return [
        part if isinstance(part, str) else f"<{part.field}{'!' * part.decode}{'%' * part.encode}>" for part in parts
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("plain }} text", ["plain }} text"]),
        ("{{ .user }}", ["<user>"]),
        ("{{.user}}", ["<user>"]),
        ("a {{ .x }}b{{ .y }}", ["a ", "<x>", "b", "<y>"]),
        ('{{ index . "tls.key" }}', ["<tls.key>"]),
        ("{{ index . `a-b` }}", ["<a-b>"]),
        ("{{ .x | toString }}", ["<x>"]),
        ("{{ .x | b64dec }}", ["<x!>"]),
        ("{{ .x | urlquery }}", ["<x%>"]),
        ("{{ .x | b64dec | urlquery }}", ["<x!%>"]),
        ("a \n{{- .x -}} \t\nb", ["a", "<x>", "b"]),
        ("a {{- .x }} b", ["a", "<x>", " b"]),
        ("a {{ .x -}} {{ .y }}", ["a ", "<x>", "<y>"]),
    ],
)
def test_values_in_text(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize("text", ["{{ .Secrets.a }}", '{{ get .Secrets "a" }}', '{{ index .Secrets "a" }}'])
def test_values_that_have_a_name_of_their_own(text: str) -> None:
    assert split(text, ".Secrets") == ["<a>"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ .x | upper }}",
        "{{ .x | b64dec | b64dec }}",
        "{{ .x | urlquery | urlquery }}",
        "{{ .x | urlquery | b64dec }}",
        '{{ printf "%s" .x }}',
        "{{ if .x }}a{{ end }}",
        "{{ range $k, $v := . }}{{ $k }}{{ end }}",
        "{{ . }}",
        "{{ .a.b }}",
        "{{ $x }}",
        "{{ .x",
        "{{ }}",
        "{{ .x | }}",
        '{{ index . "a}}b" }}',
        '{{ index . "a|b" }}',
        '{{ index . "a\\"b" }}',
        '{{ index .other "a" }}',
        "{{/* text */}}",
        "{{-.x}}",
    ],
)
def test_what_does_more_is_refused(text: str) -> None:
    with pytest.raises(NotCarried):
        split(text)


def test_a_function_is_refused_by_its_name() -> None:
    with pytest.raises(NotCarried, match="the template function htpasswd"):
        split("{{ htpasswd .user .password }}")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["a ${vault:x} ", Source("p", "f")], "K=a $${vault:x} ${vault:p?key=f}"),
        (["pa$", Source("p", "f")], "K=pa$$${vault:p?key=f}"),
        (["costs $", Source("p", "f")], "K=costs $$${vault:p?key=f}"),
        (["vault:x"], "K=\\vault:x"),
        (["\\vault:x"], "K=\\\\vault:x"),
        (["'a'"], "K=\"'a'\""),
        (['"', Source("p", "f"), '"'], 'K=""${vault:p?key=f}""'),
        ([], "K="),
    ],
)
def test_a_literal_gives_the_text_again(parts: list[str | Source], expected: str) -> None:
    assert literal("K", parts) == expected


@pytest.mark.parametrize("text", [" vault:secret/a?key=b", "Vault:secret/a?key=b", "a: 'vault:secret/a?key=b'"])
def test_text_that_looks_like_a_reference_is_refused(text: str) -> None:
    """A build would refuse the document that it stands in."""
    with pytest.raises(NotCarried, match="looks like a reference"):
        literal("K", [text])
