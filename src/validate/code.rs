//! What can be wrong with an object that is to be deployed.

use crate::diagnostic::codes;

codes! {
    /// An object has a field that its kind does not have.
    ///
    /// `kubectl apply` refuses such an object. GitOps operators drop the field or refuse the
    /// object, depending on how they apply; dropped, the setting silently does not count.
    /// Usually the name is misspelt, its case is wrong, or its indentation puts it into the
    /// wrong map.
    ///
    /// ```yaml
    /// spec:
    ///   replcias: 3    # wrong: did you mean `replicas`?
    /// ```
    ///
    /// Fields are those of the environment's version of Kubernetes (`kubernetes:` in
    /// `rungs.yaml` or `environment.yaml`; the newest that rungs knows if it names none). For
    /// a kind of an operator whose definition comes with rungs it is a warning, because the
    /// cluster may have another version of the operator. Put its definition into
    /// `schemas/crds/` to have its own fields checked.
    UNKNOWN_FIELD = "unknown-field", Answer, Error;

    /// A field has a value of the wrong type.
    ///
    /// The server cannot read the object. Most often YAML reads a value without quotes as
    /// something else, or a list was forgotten:
    ///
    /// ```yaml
    /// env:
    ///   - name: PORT
    ///     value: 8080      # wrong: a number
    ///   - name: DEBUG
    ///     value: "true"    # right
    /// ```
    WRONG_FIELD_TYPE = "wrong-field-type", Answer, Error;

    /// A field that the object needs is missing.
    ///
    /// The server refuses the object without it. A field whose value is `null` or empty in
    /// YAML counts as missing: often the template printed a value that is not set.
    ///
    /// ```yaml
    /// containers:
    ///   - image: nginx:1.27    # wrong: the container has no `name`
    /// ```
    MISSING_FIELD = "missing-field", Answer, Error;

    /// A field has a value that it cannot have.
    ///
    /// The server refuses the object: the value is not one of those that the field may have, is
    /// out of range, too long or too short, or not written in the field's form.
    ///
    /// ```yaml
    /// imagePullPolicy: always     # wrong: `Always`; case matters
    /// containerPort: 80800        # wrong: ports are 1 to 65535
    /// memory: 2GB                 # wrong: `2Gi` or `2G`
    /// ```
    INVALID_VALUE = "invalid-value", Answer, Error;

    /// A list has an item twice.
    ///
    /// The items of some lists have a key, such as the name of a container, and each key
    /// may occur once. The server refuses the object, or, where this is a warning, keeps both
    /// if the object is created as a whole. Server-side apply, which Flux always uses, refuses
    /// those as well.
    ///
    /// ```yaml
    /// env:
    ///   - { name: LOG_LEVEL, value: info }
    ///   - { name: LOG_LEVEL, value: debug }    # wrong: which one counts?
    /// ```
    DUPLICATE_ITEM = "duplicate-item", Answer, Error;

    /// This version of Kubernetes does not have the API.
    ///
    /// The kind exists in other versions of Kubernetes: it was removed, or comes later. The
    /// environment's server does not know it and refuses the object. The finding says in which
    /// versions it is, and what to use instead.
    ///
    /// ```yaml
    /// apiVersion: policy/v1beta1    # wrong: removed in 1.25
    /// apiVersion: policy/v1         # right
    /// kind: PodDisruptionBudget
    /// ```
    REMOVED_API = "removed-api", Answer, Error;

    /// A later version of Kubernetes does not have the API.
    ///
    /// The environment's version still has it, and the server warns. Change the `apiVersion`
    /// before the cluster is upgraded: afterwards nothing can be applied, and the upgrade
    /// itself may fail on what is stored.
    DEPRECATED_API = "deprecated-api", Answer, Warning;

    /// rungs has no schemas of the Kubernetes version that is configured.
    ///
    /// Objects are judged by the nearest version that there are schemas of, 1.25 to 1.37.
    /// Fields and kinds that only the configured version has are then reported as unknown.
    /// A newer rungs may know it.
    UNKNOWN_KUBERNETES = "unknown-kubernetes", Answer, Warning;

    /// A definition of custom kinds is not one that a server would take.
    ///
    /// Objects of the kinds that a `CustomResourceDefinition` defines are judged by its
    /// `openAPIV3Schema`. This one cannot be read, so that its objects are not judged by it.
    INVALID_DEFINITION = "invalid-definition", Answer, Error;
}
