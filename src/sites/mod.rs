//! Where image references, git references and promoted values stand, and what
//! they say.
//!
//! A [`Site`] is found in one file, by the rules of that file's kind; what all
//! sites of an app say in one environment is its [`State`].

mod ask;
mod site;
mod state;

pub use ask::{Ask, AskFault};
pub use site::{Form, ImageParts, Key, Part, Said, Site};
pub use state::State;
