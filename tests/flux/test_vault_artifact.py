"""From Git and Vault to the cluster: the controller and the stock Flux, each a real process."""

from support.application import Application, Files
from support.application_files import deployment, generator, text
from support.cluster_client import Object
from support.eventually import eventually


def tree(*entries: Object) -> Files:
    """Return an application with one Secret, or those of the entries."""
    own = {"name": "app", "files": ["password=vault:secret/data/app?key=password"]}
    return {
        "top/kustomization.yaml": text({"resources": ["app.yaml"], "generators": ["vaultgen.yaml"]}),
        "top/app.yaml": deployment("app"),
        "top/vaultgen.yaml": generator(*(entries or (own,))),
    }


def test_a_push_becomes_a_secret_and_a_deployment_that_uses_it(application: Application) -> None:
    application.write(password="one")
    application.deploy(tree())
    ((name, data),) = application.secrets().items()
    assert name.startswith("app-")
    assert data == {"password": b"one"}
    assert application.used() == [name]


def test_a_rotation_gives_a_new_secret_without_a_commit(application: Application) -> None:
    application.write(password="one")
    application.deploy(tree(), interval="1s")
    (old,) = application.secrets()
    application.write(password="two")
    assert eventually(lambda: list(application.secrets().values()) == [{"password": b"two"}])
    (new,) = application.secrets()
    assert new != old
    assert application.used() == [new]
