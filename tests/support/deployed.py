"""What deploy/ builds: the objects that run the controller."""

from pathlib import Path
from typing import Any

import yaml

from support.kustomize import kustomize_build

DEPLOY = Path(__file__).parents[2] / "deploy"

Object = dict[str, Any]


def built(directory: Path = DEPLOY) -> list[Object]:
    """Return the objects of a build by the real kustomize, without any flag."""
    done = kustomize_build(directory, flags=())
    assert (done.status, done.stderr.decode()) == (0, "")
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def one_of(objects: list[Object], kind: str, name: str = "vaultgen") -> Object:
    """Return the object of a kind and name."""
    (found,) = [one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def container_of(objects: list[Object]) -> Object:
    """Return the one container of the controller's Pod."""
    (found,) = one_of(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    container: Object = found
    return container
