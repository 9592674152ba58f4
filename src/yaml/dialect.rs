//! Whose reading of YAML counts.

/// Whose reading of a plain scalar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// kubectl, and with it the API server, Flux and Argo CD.
    #[default]
    Kubectl,
    /// kustomize.
    Kustomize,
}
