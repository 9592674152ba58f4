//! What can be wrong with objects.

use crate::diagnostic::codes;

codes! {
    /// A document is not a Kubernetes object.
    ///
    /// Every document that a template renders is one object, a map with
    /// `apiVersion`, `kind` and `metadata`, or a `List` of objects. If a document is
    /// a text or a list, usually its indentation is wrong, or a value is printed
    /// where none belongs.
    ///
    /// ```yaml
    /// # wrong
    /// - apiVersion: v1
    ///   kind: ConfigMap
    /// # right
    /// apiVersion: v1
    /// kind: ConfigMap
    /// ```
    NOT_AN_OBJECT = "not-an-object", Input, Error;

    /// An object has no apiVersion.
    ///
    /// Kubernetes finds the type of an object by `apiVersion` and `kind`
    /// together. Without `apiVersion` no server accepts it.
    ///
    /// ```yaml
    /// apiVersion: apps/v1    # group and version, or only `v1` for the core group
    /// kind: Deployment
    /// ```
    MISSING_API_VERSION = "missing-api-version", Input, Error;

    /// An object has no kind.
    ///
    /// Kubernetes finds the type of an object by `apiVersion` and `kind`
    /// together. Without `kind` no server accepts it.
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// ```
    MISSING_KIND = "missing-kind", Input, Error;

    /// An object has no name.
    ///
    /// Name, kind and namespace together identify an object: in files, differences
    /// and promotions.
    ///
    /// ```yaml
    /// metadata:
    ///   name: frontend
    /// ```
    MISSING_NAME = "missing-name", Input, Error;

    /// A field of an object's identity has the wrong type.
    ///
    /// `apiVersion`, `kind`, `metadata.name` and `metadata.namespace` are
    /// strings; `metadata`, `metadata.labels` and `metadata.annotations` are
    /// maps. A name that YAML reads as something else needs quotes.
    ///
    /// ```yaml
    /// metadata: { name: 1234 }      # wrong: a number
    /// metadata: { name: "1234" }    # right
    /// ```
    OBJECT_FIELD_TYPE = "object-field-type", Input, Error;

    /// Kubernetes refuses the name of an object.
    ///
    /// Most names are DNS subdomains: at most 253 lower-case letters, digits,
    /// `-` and `.`. Namespaces, Services and stateful sets become parts of host
    /// names and are DNS labels: at most 63 characters, without dots. Names of roles
    /// and bindings may have every character but `/` and `%`.
    ///
    /// ```yaml
    /// metadata: { name: Web_Frontend }    # wrong
    /// metadata: { name: web-frontend }    # right
    /// ```
    OBJECT_NAME = "object-name", Input, Error;

    /// Kubernetes refuses the namespace of an object.
    ///
    /// A namespace is a DNS label: at most 63 lower-case letters, digits and
    /// `-`, which starts and ends with a letter or digit.
    OBJECT_NAMESPACE = "object-namespace", Input, Error;

    /// An object leaves its name to the server.
    ///
    /// With `generateName` every `kubectl create` makes another object. What is
    /// deployed from a repository is applied again and again, and applying
    /// needs a name; no GitOps operator takes such an object.
    ///
    /// ```yaml
    /// metadata: { generateName: migrate- }     # wrong
    /// metadata: { name: migrate-v12 }          # right: the template can print the version
    /// ```
    GENERATED_NAME = "generated-name", Input, Error;

    /// An encrypted object cannot be passed on unchanged.
    ///
    /// SOPS signs a file as a whole, with its order of keys and all of its
    /// documents. An object with a `sops:` key is therefore passed on unchanged, which
    /// needs a YAML or JSON file with this object and nothing else: not one
    /// document of several, not an item of a `List`, and not the result of a
    /// Jsonnet program. Put the encrypted file beside the other templates.
    SOPS_SPLIT = "sops-split", Input, Error;

    /// The identity of an object is encrypted.
    ///
    /// rungs, like the operator, needs to know which object a file holds, and
    /// has no key. Encrypt only what is secret:
    ///
    /// ```yaml
    /// # .sops.yaml
    /// creation_rules:
    ///   - path_regex: templates/.*
    ///     encrypted_regex: ^(data|stringData)$
    /// ```
    SOPS_IDENTITY = "sops-identity", Input, Error;

    /// A cluster-scoped object names a namespace.
    ///
    /// Objects of this kind belong to the whole cluster. kubectl ignores the field,
    /// and other tools refuse the object or look for it in the wrong place. If an
    /// object of a namespace was meant, the kind is wrong: it should be `Role` instead
    /// of `ClusterRole`.
    ///
    /// ```yaml
    /// kind: ClusterRole
    /// metadata:
    ///   name: reader
    ///   namespace: shop    # wrong: remove it
    /// ```
    NAMESPACE_ON_CLUSTER_SCOPED = "namespace-on-cluster-scoped", Input, Error;

    /// Nobody defines this kind.
    ///
    /// It is not one of Kubernetes' own kinds up to 1.37, nor one of Argo CD, Argo Rollouts,
    /// cert-manager, External Secrets, Flux, the Gateway API or the Prometheus operator,
    /// and there is no `CustomResourceDefinition` for it below `schemas/crds/` or among the
    /// rendered objects. Its objects count as namespaced, and get the environment's namespace.
    /// That is wrong if the kind is cluster-scoped. Put its definition into
    /// `schemas/crds/`; its objects are then validated as well.
    UNKNOWN_KIND = "unknown-kind", Input, Warning;

    /// An encrypted object names no namespace.
    ///
    /// It is passed on unchanged, so the environment's namespace cannot be written
    /// into it, and it is deployed to the operator's default namespace. Name the
    /// namespace in the file and encrypt it again, with `metadata` left readable, or
    /// let the operator set it (`targetNamespace` of a Flux Kustomization).
    SOPS_WITHOUT_NAMESPACE = "sops-without-namespace", Input, Warning;

    /// An object is defined more than once.
    ///
    /// Kind, namespace and name say which object it is; the version does not.
    /// Of two descriptions of one object, whichever is applied later wins, and
    /// the operator applies both again and again. Remove one, or give it
    /// another name or namespace.
    DUPLICATE_OBJECT = "duplicate-object", Input, Error;

    /// A definition of custom kinds cannot be read.
    ///
    /// The files below `schemas/crds/` are read on every run, because they say
    /// which kinds are cluster-scoped. One of them is not text, is too large, or
    /// leads out of the repository.
    UNREADABLE_DEFINITION = "unreadable-definition", Input, Error;

    /// The disk failed while a definition of custom kinds was read.
    ///
    /// A file below `schemas/crds/` exists but could not be read: look at its
    /// permissions and at the disk, then try again.
    DEFINITION_READ_FAILED = "definition-read-failed", Outside, Error;
}
