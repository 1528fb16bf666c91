"""The published tree: a survey and the Secrets of its generators in, files out."""

from collections.abc import Iterator, Mapping, Sequence

from vaultgen.errors import Fault, Place, Refused
from vaultgen.publish.builtin_limits import key_limit
from vaultgen.publish.component import component
from vaultgen.publish.sealing import Sealer
from vaultgen.publish.sops import is_like_sops
from vaultgen.publish.survey import Survey
from vaultgen.publish.unresolved import without_generators
from vaultgen.render import GeneratedSecret


def published(surveyed: Survey, secrets: Sequence[Sequence[GeneratedSecret]], sealer: Sealer) -> Mapping[str, bytes]:
    """Return the files of the published tree by path.

    ``secrets`` holds those of each generator of the survey, in its order. Raises ``Refused`` where what was read
    cannot be carried over: unpublishable-text, unpublishable-dynamic, unpublishable-value.
    """
    files = {**surveyed.files, **surveyed.tree.once(without_generators)}
    of_directory: dict[str, list[GeneratedSecret]] = {}
    faults: list[Fault] = []
    for generator, made in zip(surveyed.generators, secrets, strict=True):
        of_directory.setdefault(generator.directory, []).extend(made)
        faults += (fault for secret in made for fault in _unpublishable(secret, generator.document.place))
    if faults:
        raise Refused(faults)
    for directory, made in of_directory.items():
        files |= component(directory, made, sealer)
    return files


def _unpublishable(secret: GeneratedSecret, document: Place) -> Iterator[Fault]:
    """Yield what was not to be seen before reading: a volatile value, the fields of a whole secret, SOPS in a value."""
    place = document._replace(entry=secret.name)
    if secret.volatile:
        yield Fault("unpublishable-dynamic", place)
    for key, value in secret.data.items():
        if why := key_limit(key):
            yield Fault("unpublishable-text", place._replace(key=key), {"what": f'the data key "{key}"', "why": why})
        if is_like_sops(value.reveal()):
            yield Fault("unpublishable-value", place._replace(key=key))
