//! How much aliases may repeat.

/// How much of a document comes from aliases, counted as go-yaml's decoder does
/// (`decode.go`, `allowedAliasRatio`).
#[derive(Default)]
pub(super) struct Expansion {
    nodes: u64,
    by_alias: u64,
}

impl Expansion {
    const LOW: u64 = 400_000;
    const HIGH: u64 = 4_000_000;

    pub(super) fn add(&mut self, nodes: u64) {
        self.nodes = self.nodes.saturating_add(nodes);
    }

    pub(super) fn add_alias(&mut self, nodes: u64) {
        self.add(nodes);
        self.by_alias = self.by_alias.saturating_add(nodes);
    }

    #[allow(clippy::cast_precision_loss)] // A ratio.
    pub(super) fn is_excessive(&self) -> bool {
        if self.by_alias <= 100 || self.nodes <= 1000 {
            return false;
        }
        let allowed = match self.nodes {
            ..=Self::LOW => 0.99,
            Self::HIGH.. => 0.10,
            nodes => 0.99 - 0.89 * ((nodes - Self::LOW) as f64 / (Self::HIGH - Self::LOW) as f64),
        };
        self.by_alias as f64 / self.nodes as f64 > allowed
    }
}
