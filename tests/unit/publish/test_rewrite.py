from collections.abc import Mapping
from datetime import UTC, datetime

import pyrage
import pytest

from support.flux import decrypt
from vaultgen.document.model import GeneratorOptions
from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.publish.rewrite import published
from vaultgen.publish.sealing import Sealer
from vaultgen.publish.sops import parse_recipients
from vaultgen.publish.survey import survey
from vaultgen.redacted import Redacted
from vaultgen.render import GeneratedSecret

KEY = pyrage.x25519.Identity.generate()
FILES = {
    "app/kustomization.yaml": b"generators: [v.yaml, w.yaml]\n",
    "app/v.yaml": b"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: v}\n"
    b"secretGenerator: [{name: app}]\n",
    "app/w.yaml": b"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: w}\n"
    b"secretGenerator: [{name: app, behavior: merge}]\n",
    "readme.md": b"\xff",
}


def secret(data: Mapping[str, bytes], **fields: object) -> GeneratedSecret:
    plain = GeneratedSecret(
        name="app",
        namespace="",
        type="Opaque",
        behavior=None,
        options=GeneratorOptions(),
        data={key: Redacted(value) for key, value in data.items()},
        volatile=False,
    )
    return plain._replace(**fields)  # type: ignore[arg-type]


def sealer(earlier: Mapping[str, bytes] | None = None) -> Sealer:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return Sealer(parse_recipients([str(KEY.to_public())]), b"key", now, earlier)


def publish(*secrets: GeneratedSecret) -> Mapping[str, bytes]:
    return published(survey(FILES, "app"), [secrets, ()], sealer())


def refusal(made: GeneratedSecret) -> str:
    with pytest.raises(Refused) as caught:
        publish(made)
    return report(caught.value.faults)


def test_the_layout_is_kept_and_a_component_added() -> None:
    files = publish(secret({"A": b"1"}))
    generators = ("app/v.yaml", "app/w.yaml")
    assert {path: content for path, content in files.items() if path in FILES and path not in generators} == {
        **{path: content for path, content in FILES.items() if path not in generators},
        "app/kustomization.yaml": b"components:\n- .vaultgen\n",
    }
    # Whoever lists them still, from a directory that was not resolved, gets an error and no build without the Secrets.
    assert all(b"kind: NotResolved" in files[path] for path in generators)
    assert sorted(files.keys() - FILES.keys()) == [
        "app/.vaultgen/0001.enc",
        "app/.vaultgen/kustomization.yaml",
        "app/.vaultgen/spec.decryption-is-missing.enc",
    ]


def test_the_component_mentions_every_file_under_a_neutral_key_first() -> None:
    """Flux picks the format by the key's extension at the first mention."""
    options = GeneratorOptions(
        labels={"a": "1"}, annotations={"b": '"\n'}, immutable=True, disable_name_suffix_hash=True
    )
    made = secret({"x.json": b"1", "y": b"2"}, namespace="apps", behavior="merge", options=options)
    assert publish(made)["app/.vaultgen/kustomization.yaml"].decode() == (
        "# Written by vaultgen. The values are SOPS documents for age: a Flux Kustomization needs spec.decryption.\n"
        "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "kind: Component\n"
        "secretGenerator:\n"
        "- name: vaultgen-decrypt-a172cedc\n"
        "  files:\n"
        '  - "f1=0001.enc"\n'
        '  - "f2=0002.enc"\n'
        "  options: {disableNameSuffixHash: true}\n"
        '- name: "app"\n'
        '  namespace: "apps"\n'
        '  type: "Opaque"\n'
        "  behavior: merge\n"
        "  files:\n"
        '  - "x.json=0001.enc"\n'
        '  - "y=0002.enc"\n'
        "  options:\n"
        "    labels:\n"
        '      "a": "1"\n'
        "    annotations:\n"
        '      "b": "\\U00000022\\U0000000a"\n'
        '      "kustomize.toolkit.fluxcd.io/substitute": "disabled"\n'
        "    immutable: true\n"
        "    disableNameSuffixHash: true\n"
        "patches:\n"
        "- path: spec.decryption-is-missing.enc\n"
    )


def test_the_guard_deletes_the_helper_and_is_encrypted() -> None:
    guard = publish(secret({}))["app/.vaultgen/spec.decryption-is-missing.enc"]
    assert decrypt(guard, str(KEY)) == (
        b'{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vaultgen-decrypt-a172cedc"}, "$patch": "delete"}'
    )


def test_secrets_of_all_documents_of_a_kustomization_share_a_component_in_their_order() -> None:
    merged = secret({"B": b"2"}, behavior="merge")
    files = published(survey(FILES, "app"), [[secret({"A": b"1"})], [merged]], sealer())
    text = files["app/.vaultgen/kustomization.yaml"].decode()
    assert text.index('"A=0001.enc"') < text.index("behavior: merge") < text.index('"B=0002.enc"')


def test_a_second_publication_renews_only_what_changed() -> None:
    surveyed = survey(FILES, "app")
    first = sealer()
    before = published(surveyed, [[secret({"A": b"1", "B": b"2"})], ()], first)
    after = published(surveyed, [[secret({"A": b"1", "B": b"3"})], ()], sealer(first.documents))
    assert {path for path in after if after[path] != before[path]} == {"app/.vaultgen/0002.enc"}


def test_a_key_in_front_of_the_others_renews_no_document() -> None:
    """Documents are known by what they hold, and not by their number."""
    surveyed = survey(FILES, "app")
    first = sealer()
    before = published(surveyed, [[secret({"B": b"2"})], ()], first)
    after = published(surveyed, [[secret({"A": b"1", "B": b"2"})], ()], sealer(first.documents))
    assert after["app/.vaultgen/0002.enc"] == before["app/.vaultgen/0001.enc"]


def test_a_value_that_flux_would_decrypt_once_more_is_refused() -> None:
    assert refusal(secret({"A": b'{"sops": {"mac": "ENC[x]"}}'})) == (
        "error[unpublishable-value]: the value holds the mark of a SOPS document, which Flux would decrypt once more\n"
        '  where: app/v.yaml, VaultSecretGenerator v, Secret "app", key "A"\n'
        "  hint: store in Vault what is in it, in plain; a SOPS file of the tree belongs into a builtin"
        " secretGenerator\n"
    )


def test_what_is_known_only_after_reading_is_refused_then() -> None:
    """The fields of a whole secret are keys too."""
    assert 'cannot make the data key "1"' in refusal(secret({"1": b"x"}))
    assert "error[unpublishable-dynamic]" in refusal(secret({"A": b"x"}, volatile=True))


def test_no_value_stands_in_what_is_published() -> None:
    files = publish(secret({"A": b"canary-7f3a", "B": b"canary-7f3a"}))
    assert not any(b"canary-7f3a" in content for content in files.values())
