"""Every fault that vaultgen reports: a row a code.

``what`` says what happened, ``hint`` what to do. Names in braces are facts of the fault. Codes are stable:
scripts may match on them. ``docs/errors.md`` is written from these rows, and a test fires each.
"""

from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Family = Literal["document", "access", "data", "unavailable", "internal"]

EXIT_STATUS: "dict[Family, int]" = {"document": 3, "access": 4, "data": 5, "unavailable": 6, "internal": 70}
"""Exit status by family; with faults of several families the first of this order is used, internal before all."""


class Row(Record):
    """One kind of fault."""

    family: "Family"
    what: str
    hint: str


CATALOGUE: "dict[str, Row]" = {
    # --- document: the text itself is wrong; nothing was read -----------------------------------------------
    "invalid-yaml": Row("document", "this is not valid YAML: {why}", "check indentation and quotes at that line"),
    "yaml-too-deep": Row(
        "document", "nested deeper than {limit} levels", "no generator document needs that; flatten it"
    ),
    "yaml-too-large": Row(
        "document", "larger than {limit} once its aliases are expanded", "write the values out, or split the document"
    ),
    "duplicate-field": Row("document", "the field {field} is written twice in one mapping", "keep one of them"),
    "not-a-resource-list": Row(
        "document",
        "standard input holds no ResourceList with a functionConfig: {why}",
        "this is how kustomize and kpt start vaultgen; people use `vaultgen build DIR`, and --help lists the rest",
    ),
    "unsupported-document": Row(
        "document",
        "{kind} of {apiVersion} is no document that vaultgen reads",
        "write `apiVersion: vaultgen.dev/v1alpha1` and `kind: VaultSecretGenerator`",
    ),
    "unknown-field": Row("document", "unknown field {field}", "{suggestion}"),
    "missing-required-field": Row("document", "the field {field} is required", "add it; see docs/reference.md"),
    "wrong-type": Row("document", "expected {expected}, found {found}", "{suggestion}"),
    "wrong-value": Row("document", "this must be {expected}", "see docs/reference.md"),
    "bad-reference": Row("document", "not a valid reference: {why}", "{suggestion}"),
    "bad-literal": Row("document", "this literal has no `KEY=` in front", "write KEY=VALUE"),
    "bad-file-source": Row(
        "document", "not a valid file source: {why}", "write [KEY=]PATH or KEY=vault:PATH?key=FIELD"
    ),
    "bad-dotenv": Row(
        "document", "line {number} of the dotenv file is not valid: {why}", "write KEY=VALUE, one a line, in UTF-8"
    ),
    "duplicate-data-key": Row(
        "document",
        "the data key {key} is given more than once",
        "each key of a Secret needs one source; keep one of them",
    ),
    "invalid-data-key": Row(
        "document",
        "the API server refuses {key} as a data key",
        "use letters, digits, `-`, `_` and `.`, at most 253 of them, and neither `.` nor `..`",
    ),
    "invalid-secret-name": Row(
        "document",
        "the API server refuses {name} as a Secret's {what}",
        "use lower-case letters, digits, `-` and `.`, at most 253, with a letter or digit at both ends",
    ),
    "invalid-metadata": Row(
        "document",
        "the API server refuses the {what} {name}: {why}",
        "see the Kubernetes documentation on labels and annotations",
    ),
    "file-not-found": Row(
        "document",
        "there is no file {path}",
        "paths are relative to the directory of the kustomization that lists them",
    ),
    "file-outside-root": Row(
        "document",
        "{path} is outside the root of the kustomization",
        "move it below the directory of the kustomization.yaml; kustomize has the same rule, links included",
    ),
    "file-unreadable": Row(
        "document", "{path} cannot be read: {why}", "check that it is a plain file and its permissions"
    ),
    "remote-file": Row(
        "document", "{path} is a URL, and vaultgen reads no files over the network", "download the file into the tree"
    ),
    "env-not-allowed": Row(
        "document",
        "the document may not use the environment variable {name}",
        "name one that begins with VAULT_ or BAO_, or list it in VAULTGEN_ALLOWED_ENV where the build runs",
    ),
    "no-address": Row(
        "document",
        "no Vault address is set",
        "set VAULT_ADDR (or BAO_ADDR) where the build runs, or vault.address in the document",
    ),
    "bad-address": Row(
        "document",
        "the Vault address from {source} is not usable: {why}",
        "write http://HOST:PORT, https://HOST:PORT or unix:///PATH",
    ),
    "bad-setting": Row("document", "{name} is not usable: {why}", "correct it, or leave it out"),
    "credential-leaves-home": Row(
        "document",
        "a credential from {source} would be sent to {address}, which only the document names",
        "set VAULT_ADDR to that address, or list it in VAULTGEN_ALLOWED_ADDRESSES where the build runs",
    ),
    "unknown-auth-method": Row("document", "there is no login method {method}", "{suggestion}"),
    "bad-auth-parameter": Row(
        "document", "the login method {method} does not work with these parameters: {why}", "see docs/auth.md"
    ),
    # ... of `vaultgen init` and `vaultgen install`
    "no-kustomization": Row(
        "document", "there is no kustomization in {directory}", "name a directory that holds a kustomization.yaml"
    ),
    "several-kustomizations": Row("document", "{directory} holds {files}", "kustomize takes one of them; keep one"),
    "too-many-levels": Row(
        "document",
        "more than {limit} kustomizations lead here, each listed by the one before it",
        "let one nearer to the top list it",
    ),
    "no-secret-generator": Row(
        "document",
        "this kustomization has no secretGenerator to convert",
        "write a VaultSecretGenerator; see docs/reference.md",
    ),
    "same-secret-twice": Row(
        "document",
        "two entries make the same Secret",
        "put their sources into one entry; one generator makes each Secret once",
    ),
    "cannot-convert": Row(
        "document",
        "this kustomization cannot be edited safely: {why}",
        "move its secretGenerator into a VaultSecretGenerator by hand; see docs/reference.md",
    ),
    "file-exists": Row("document", "{path} exists already, and is left as it is", "move it away"),
    "file-not-written": Row("document", "{path} cannot be written: {why}", "check its directory and the permissions"),
    "plugin-exists": Row(
        "document",
        "{path} was not written by vaultgen, and is left as it is",
        "move it away, then run `vaultgen install` again",
    ),
    "kubectl-failed": Row("document", "kubectl does not build with the plugin: {why}", "{suggestion}"),
    # ... of `vaultgen build` and `vaultgen diff`
    "no-kustomize": Row(
        "document", "there is no program {name}", "install kustomize 5.5 or later, or name it with --kustomize"
    ),
    "remote-base": Row(
        "document",
        "the tree would fetch {remote}",
        "if you trust it, allow it letter for letter: --allow-remote",
    ),
    "foreign-function": Row(
        "document",
        "the tree would run {function}",
        "if you trust it, allow it by this name: --allow-function",
    ),
    "foreign-plugin": Row(
        "document",
        "the tree would run the plugin {plugin}",
        "if you trust it, allow it by this name: --allow-function",
    ),
    "function-options": Row(
        "document",
        "vaultgen's function annotation sets {option}, which could change what it does",
        "leave only exec: {{path: vaultgen}}",
    ),
    "transformed-plugin": Row(
        "document",
        "the field {field} could change what the configs listed here run",
        "keep only resources in a kustomization that is listed under generators, transformers or validators",
    ),
    "listed-as-resource": Row(
        "document",
        "this document is listed under resources: {why}",
        "list it under generators: of a kustomization.yaml instead",
    ),
    "listed-as-transformer": Row(
        "document",
        "this document is listed under {role}: {why}",
        "list it under generators: of the same kustomization.yaml instead",
    ),
    "builtin-reference": Row(
        "document",
        "the builtin {generator} takes a reference for text",
        "only a VaultSecretGenerator resolves references; `vaultgen init` makes one of a secretGenerator",
    ),
    "build-failed": Row("document", "kustomize does not build {directory}", "see what it says above"),
    "no-work-tree": Row(
        "document",
        "git does not know {directory} as part of a work tree",
        "`vaultgen diff` can also compare with --against DIR or --against cluster; "
        "for a checkout of another user, git wants safe.directory",
    ),
    "no-revision": Row(
        "document",
        "there is no directory and no git revision {revision}",
        "check the name, or commit first; in CI fetch it, since a shallow clone holds the last commit only",
    ),
    "git-failed": Row("document", "git cannot be used: {why}", "try `git status` in the directory"),
    "nothing-to-import": Row(
        "document",
        "no ExternalSecret, VaultStaticSecret or placeholder of argocd-vault-plugin was found",
        "name the manifests, or the directory with them",
    ),
    # ... of vaultgen.lock
    "bad-lock": Row(
        "document",
        "vaultgen.lock cannot be used: {why}",
        "take it from Git once more, or pin all versions anew: vaultgen lock --update DIR",
    ),
    "no-lock": Row(
        "document", "there is no vaultgen.lock here, and what is read is not pinned", "write one: vaultgen lock DIR"
    ),
    "lock-incomplete": Row("document", "vaultgen.lock does not name {path}", "add it: vaultgen lock DIR"),
    "lock-ambiguous": Row(
        "document",
        "documents of this kustomization read different secrets at {path}, and a lock names each path once",
        "their vault: blocks lead to different places; list one of them in a kustomization of its own",
    ),
    "path-not-asked": Row("document", "nothing in {directory} asks for {path}", "write the path as the reference does"),
    # ... of a tree to be published for Flux
    "unpublishable-generator": Row(
        "document",
        "this generator cannot be carried over into a published tree: {why}",
        "list a file that holds nothing else under generators of the kustomization that needs it",
    ),
    "unpublishable-plugin": Row(
        "document",
        "stock Flux does not build {what}: it runs no function or plugin and inflates no chart",
        "build this tree with kustomize and `vaultgen build`, or leave it out",
    ),
    "unpublishable-remote": Row(
        "document",
        "{remote} would be fetched from elsewhere, and what it holds is not known here",
        "copy it into the tree; let Flux fetch it as a source of its own",
    ),
    "unpublishable-text": Row(
        "document",
        "kustomize's own secretGenerator, which builds a published tree, cannot make {what}: {why}",
        "write it in another way, for example with a letter in front",
    ),
    "unpublishable-dynamic": Row(
        "document",
        "a value that is new at each read cannot be published: nobody renews its lease in the cluster",
        "read a static secret, without allowDynamic; or let the workload fetch this one itself",
    ),
    "unpublishable-value": Row(
        "data",
        "the value holds the mark of a SOPS document, which Flux would decrypt once more",
        "store in Vault what is in it, in plain; a SOPS file of the tree belongs into a builtin secretGenerator",
    ),
    "nothing-to-merge": Row(
        "document",
        "behavior: {behavior} finds no Secret {name}, in resources, bases or secretGenerator of its kustomization",
        "leave behavior out to make the Secret; a Secret with a namespace is found by an entry with the same one",
    ),
    "cannot-rewrite": Row(
        "document",
        "this kustomization cannot be rewritten safely: {why}",
        "write its fields as plain block YAML, one below the other",
    ),
    "already-published": Row(
        "document", "the tree holds {path}: it is a published one", "publish the tree that this one was made of"
    ),
    "untracked-file": Row(
        "document",
        "git does not track {path}, and what it does not track is not published",
        "run `git add` on it, or leave it out of the kustomization",
    ),
    "no-such-directory": Row("document", "there is no directory {path} in the tree", "check the path"),
    "bad-recipient": Row(
        "document",
        "{which} cannot be encrypted for: {why}",
        "give the public half of an age key, age1…, as age-keygen prints it",
    ),
    "missing-extra": Row("document", "this needs packages that are not installed", "pip install 'vaultgen[{extra}]'"),
    "bad-artifact": Row("document", "the VaultArtifact is not valid: {why}", "see docs/flux.md"),
    "own-source": Row(
        "document", "a VaultArtifact cannot be made of what it publishes itself", "name the source of the tree"
    ),
    "bad-archive": Row("document", "the archive is not usable: {why}", "look at where it comes from"),
    # --- access: Vault or the cluster said no ----------------------------------------------------------------
    "no-credential": Row(
        "access",
        "no credential for Vault was found; looked at: {tried}",
        "set VAULT_TOKEN, run `bao login` or `vault login`, or give vault.auth in the document",
    ),
    "bad-credential": Row(
        "access",
        "the credential from {source} is not usable: {why}",
        "store it again, without spaces or line breaks inside",
    ),
    "login-denied": Row(
        "access",
        "Vault refused the {method} login at auth/{mount}",
        "check the credential, and that the role allows this identity",
    ),
    "login-role": Row(
        "access",
        "Vault refused the {method} login at auth/{mount} with role {role}",
        "check that the role exists and allows this identity: bound ServiceAccount, namespace and audience, or claims",
    ),
    "login-mount": Row(
        "access", "there is no {method} auth method at auth/{mount}", "check vault.auth[].mount, and the namespace"
    ),
    "mfa-required": Row(
        "access",
        "Vault wants a second factor (MFA) for this login",
        "use a login method for machines; vaultgen cannot answer",
    ),
    "unwrap-failed": Row(
        "access",
        "the wrapped secret id from {source} could not be unwrapped: {why}",
        "someone may have used it already, which is a reason to look; issue a new one",
    ),
    "permission-denied": Row(
        "access",
        "Vault refused to read {path}",
        "Vault says the same of a path that does not exist: check it, then give the token's policy: "
        'path "{api_path}" {{ capabilities = ["read"] }}',
    ),
    "capabilities-hidden": Row(
        "access",
        "Vault does not tell this token what it may do (status {status})",
        'give it the policy `default`, or: path "sys/capabilities-self" {{ capabilities = ["update"] }}',
    ),
    "mount-hidden": Row(
        "access",
        "no mount for {path} is visible to this token",
        "check the path's first part and the namespace; else the token lacks a policy: see `vaultgen policy`",
    ),
    "token-invalid": Row(
        "access",
        "Vault does not accept the token from {source}: expired, revoked, or of another server",
        "log in again",
    ),
    "namespace-unknown": Row(
        "access",
        "there is no Vault namespace {namespace}, or the token is not of it",
        "check VAULT_NAMESPACE and namespace= in the reference",
    ),
    "cluster-unavailable": Row(
        "access",
        "the Kubernetes API cannot be asked for {what}: {why}",
        "check KUBECONFIG and the current context, or the Pod's ServiceAccount",
    ),
    "cluster-denied": Row(
        "access", "the Kubernetes API refused {what}", "grant it with a Role that names this object in resourceNames"
    ),
    "cluster-not-found": Row(
        "access", "there is no {what} in the cluster", "check name, namespace, key and the current context"
    ),
    "cluster-conflict": Row(
        "access",
        "{what} is there already, and it is not left to this command",
        "compare with what `vaultgen flux init --export` prints, and change it where it is kept",
    ),
    "no-age-key": Row(
        "access",
        "the Secret {secret} is there, and holds no age key",
        "put one there under a key that ends in .agekey, or give --recipient; a Secret is never replaced",
    ),
    "address-not-allowed": Row(
        "access",
        "the operator of this cluster does not allow the address {address}",
        "name an allowed one (scheme and port count), or have it added to --vault-address of `vaultgen controller`",
    ),
    "source-elsewhere": Row(
        "access",
        "{source} is in another namespace, and such references are not allowed here",
        "name a source of the same namespace, or start the controller with --allow-cross-namespace-refs",
    ),
    "source-missing": Row(
        "access",
        "there is no {source}",
        "check spec.sourceRef, and that the source is in that namespace; what was published before is still served",
    ),
    "artifact-taken": Row(
        "access",
        "the ExternalArtifact {name} is not to be written to: {why}",
        "give the VaultArtifact another name, or delete that ExternalArtifact if nobody needs it",
    ),
    # --- data: Vault answered, but not with what is needed ---------------------------------------------------
    "path-missing": Row("data", "Vault has nothing at {path}", "{suggestion}"),
    "field-missing": Row("data", "the secret at {path} has no field {field}", "{suggestion}"),
    "pointer-missing": Row(
        "data", "the field {field} of {path} has nothing at {pointer}", "check jsonPointer, or add default=TEXT"
    ),
    "version-missing": Row(
        "data", "{path} has no version {version}", "it was never written, or is older than the mount keeps"
    ),
    "version-deleted": Row(
        "data",
        "version {version} of {path} is deleted",
        "undelete it (`vault kv undelete`, `bao kv undelete`), or name another version",
    ),
    "version-destroyed": Row(
        "data", "version {version} of {path} is destroyed", "it cannot come back; write a new version"
    ),
    "lock-outdated": Row(
        "data",
        "vaultgen.lock names {locked} of {path}, and Vault has {now}",
        "if that is meant: vaultgen lock --update DIR",
    ),
    "lock-mismatch": Row(
        "data",
        "what is at {path} is not what vaultgen.lock names: {why}",
        "it was deleted and written anew, or this is another Vault; if that is meant: vaultgen lock --update DIR",
    ),
    "lock-gone": Row(
        "data",
        "version {version} of {path}, which vaultgen.lock names, is not there any more: {why}",
        "take what there is now: vaultgen lock --update DIR; or undelete it: `vault kv undelete`, `bao kv undelete`",
    ),
    "lock-absent": Row(
        "data",
        "vaultgen.lock says that nothing is at {path}",
        "if something is there by now: vaultgen lock --update DIR; else add default=TEXT or optional=true",
    ),
    "dynamic-engine": Row(
        "data",
        "{path} belongs to the engine {engine}, which makes a new credential at each read",
        "each build would change the Secret and restart its Pods; if you want that, add allowDynamic=true",
    ),
    "unexpected-answer": Row(
        "data",
        "the answer for {path} is not that of a KV secret: {why}",
        "check the path; only KV, and static reads of other engines, can be read",
    ),
    "not-text": Row(
        "data",
        "the value is not text (UTF-8), which is needed here",
        "use it as a file of its own, or decode it elsewhere",
    ),
    "bad-base64": Row(
        "data",
        "decode=base64, but the field {field} of {path} is not base64",
        "drop decode=base64, or store the value encoded",
    ),
    "not-json": Row(
        "data",
        "jsonPointer, but the field {field} of {path} holds no JSON",
        "drop jsonPointer, or store JSON in that field",
    ),
    "unusable-field-name": Row(
        "data",
        "the secret at {path} has a field whose name the API server refuses as a data key",
        "take the fields that you need one by one in files or literals, under keys of your own",
    ),
    "secret-too-large": Row(
        "data", "the Secret holds {size} bytes, the API server takes {limit}", "split it into several Secrets"
    ),
    "values-too-large": Row(
        "data",
        "what is made of the references comes to more than {limit} bytes",
        "a value is asked for too often; split what really is so large into several builds",
    ),
    "incomplete-type": Row("data", "a Secret of type {type} needs {what}", "add it, or change the type"),
    # --- unavailable: try again later, or mend the way there -------------------------------------------------
    "connection-refused": Row(
        "unavailable", "nothing accepts connections at {address}", "check the address and that Vault runs"
    ),
    "connection-failed": Row(
        "unavailable", "no connection to {address}: {why}", "check the address, DNS, proxies and firewalls"
    ),
    "proxy-failed": Row(
        "unavailable",
        "the proxy {proxy} made no connection to {address}: {why}",
        "check HTTPS_PROXY, NO_PROXY and VAULT_PROXY_ADDR",
    ),
    "timeout": Row(
        "unavailable",
        "no complete answer from {address} within {seconds} s",
        "raise VAULT_CLIENT_TIMEOUT, or look at the server",
    ),
    "tls-untrusted": Row(
        "unavailable",
        "the certificate of {address} is not trusted: {why}",
        "give its CA in VAULT_CACERT or vault.tls.caFile, or renew the certificate",
    ),
    "tls-hostname": Row(
        "unavailable",
        "the certificate of {address} is for another name",
        "correct the address, or give VAULT_TLS_SERVER_NAME or vault.tls.serverName",
    ),
    "tls-failed": Row(
        "unavailable",
        "no TLS session with {address}: {why}",
        "check that the port speaks TLS (if not: http://), and the client certificate if the server wants one",
    ),
    "plain-http": Row(
        "unavailable", "{address} speaks TLS, and was asked in plain HTTP", "write https:// in the address"
    ),
    "sealed": Row("unavailable", "Vault at {address} is sealed", "unseal it; a new server is to be initialised first"),
    "rate-limited": Row(
        "unavailable",
        "Vault at {address} still answers 429 (attempts: {attempts})",
        "a quota is used up: wait, or raise it",
    ),
    "server-error": Row(
        "unavailable", "Vault at {address} answered {status} (attempts: {attempts})", "look at the server's log"
    ),
    "bad-request": Row(
        "unavailable",
        "Vault at {address} answered {status}",
        "something between here and Vault, or Vault itself, does not take this request",
    ),
    "redirected": Row(
        "unavailable",
        "{address} redirects to {target}, and a token is never sent on",
        "set VAULT_ADDR to the server that answers",
    ),
    "answer-too-large": Row(
        "unavailable", "the answer from {address} is larger than {limit} bytes", "that is no secret; check the address"
    ),
    "answers-too-large": Row(
        "unavailable",
        "the answers from {address} come to more than {limit} bytes",
        "secrets are not so large; read less in one build, or check the address",
    ),
    "answer-not-http": Row(
        "unavailable", "the answer from {address} is not valid HTTP", "check the address and the port"
    ),
    "answer-not-json": Row(
        "unavailable",
        "the answer from {address} is not a Vault answer",
        "check the address; a login page or proxy may stand there",
    ),
    # ... of `vaultgen controller`
    "source-not-ready": Row(
        "unavailable", "{source} has no artifact yet", "look at its own conditions; it is tried again by itself"
    ),
    "source-not-fetched": Row(
        "unavailable",
        "the artifact of revision {revision} cannot be fetched: {why}",
        "it is tried again by itself; otherwise look at the controller that serves it",
    ),
    "artifact-not-stored": Row(
        "unavailable",
        "the artifact cannot be stored: {why}",
        "look at the volume at --storage-path; what was published before is still served",
    ),
    "cannot-listen": Row(
        "unavailable", "{address} cannot be listened on: {why}", "name another address, or end what listens there"
    ),
    # --- internal ---------------------------------------------------------------------------------------------
    "internal": Row("internal", "vaultgen failed: {type} at {frames}", "please report this line; it holds no value"),
}
