"""What a tree of few bytes can ask of whoever looks at it."""

from collections.abc import Mapping

import pytest

from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.publish.reader import FILE_LIMIT, Reader
from vaultgen.publish.survey import survey
from vaultgen.publish.unresolved import without_generators

HEAD = b"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: x}\nsecretGenerator:\n"


def refusal(files: Mapping[str, bytes]) -> str:
    with pytest.raises(Refused) as caught:
        survey(files, ".")
    return report(caught.value.faults)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"kustomization.yaml": b"resources: [" + b"a," * FILE_LIMIT + b"]\n"}, "larger than 1000000 bytes"),
        (
            {"kustomization.yaml": b"generators: [g.yaml]\n", "g.yaml": HEAD + b"- {name: a}\n" * 100_000},
            "larger than 1000000 bytes",
        ),
        (
            {
                "kustomization.yaml": b"generators: [g.yaml]\n",
                "g.yaml": HEAD + b"- &e {name: a}\n" + b"- *e\n" * 99_000,
            },
            "the 100000 values that are read of a tree",
        ),
        (
            {
                "kustomization.yaml": b"generators: [" + b"g.yaml," * 1000 + b"]\n",
                "g.yaml": HEAD + b"- {name: a}\n" + b"#" * 10_000,
            },
            "the 4000000 bytes that are read of a tree",
        ),
        (
            {
                "kustomization.yaml": b"transformers: [" + b"t," * 1000 + b"]\n",
                "t/kustomization.yaml": b"resources: [r.yaml]\n",
                "t/r.yaml": b"#" * 10_000,
            },
            "the 4000000 bytes that are read of a tree",
        ),
    ],
    ids=["a large kustomization", "a large generator", "aliases", "again and again", "by a directory"],
)
def test_what_would_take_minutes_or_gigabytes_is_refused(files: Mapping[str, bytes], said: str) -> None:
    text = refusal(files)
    assert text.startswith("error[yaml-too-large]")
    assert said in text


def test_files_beside_the_path_are_read_within_bounds_too() -> None:
    files = {f"{number}.yaml": b"# vaultgen\n" + b"#" * 900_000 for number in range(20)}
    with pytest.raises(Refused) as caught:
        without_generators(files)
    assert "the 16000000 bytes" in report(caught.value.faults)


def test_one_document_is_one() -> None:
    assert Reader().document(b"a: 1", "f") == {"a": 1}
    with pytest.raises(Refused):
        Reader().document(b"a: 1\n---\na: 2", "f")
