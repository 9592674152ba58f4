//! Patterns of definitions, which are written for Go.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use regex::Regex;

/// Patterns that were compiled.
#[derive(Debug, Default)]
pub(in crate::validate) struct Patterns {
    compiled: RwLock<HashMap<Box<str>, Option<Arc<Regex>>>>,
}

impl Patterns {
    /// The pattern; none if it cannot be read.
    pub(super) fn of(&self, pattern: &str) -> Option<Arc<Regex>> {
        let known = self.compiled.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = known.get(pattern) {
            return compiled.clone();
        }
        drop(known);
        let compiled = Regex::new(&in_rust(pattern)).ok().map(Arc::new);
        let mut known = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(pattern.into()).or_insert(compiled).clone()
    }
}

/// The same pattern for Rust's engine, which is Go's but for these: `\d`, `\s` and `\w` know all
/// of Unicode, and `[`, `&` and `~` are operators in brackets.
fn in_rust(pattern: &str) -> String {
    let mut rust = String::with_capacity(pattern.len());
    let mut is_in_brackets = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, is_in_brackets) {
            ('\\', _) => escape(chars.next(), is_in_brackets, &mut rust),
            ('[', false) => {
                is_in_brackets = true;
                rust.push('[');
                // A bracket right after the first is one of those that are meant.
                rust.extend(chars.next_if_eq(&'^'));
                if chars.next_if_eq(&']').is_some() {
                    rust.push_str("\\]");
                }
            }
            ('[', true) if chars.peek() == Some(&':') => {
                rust.push('[');
                for c in chars.by_ref() {
                    rust.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            ('[' | '&' | '~', true) => rust.extend(['\\', c]),
            (']', true) => {
                is_in_brackets = false;
                rust.push(']');
            }
            _ => rust.push(c),
        }
    }
    rust
}

fn escape(escaped: Option<char>, is_in_brackets: bool, rust: &mut String) {
    let class = match escaped {
        Some('d') => "0-9",
        Some('w') => "0-9A-Za-z_",
        Some('s') => "\\t\\n\\f\\r ",
        Some('D') if !is_in_brackets => "^0-9",
        Some('W') if !is_in_brackets => "^0-9A-Za-z_",
        Some('S') if !is_in_brackets => "^\\t\\n\\f\\r ",
        other => {
            rust.push('\\');
            rust.extend(other);
            return;
        }
    };
    if is_in_brackets {
        rust.push_str(class);
    } else {
        let _ = write!(rust, "[{class}]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        let patterns = Patterns::default();
        for (pattern, text, is_match) in [
            (r"^\d+$", "12", true),
            (r"^\d+$", "१२", false),
            (r"^[\w.-]+$", "a_b.c-1", true),
            (r"^[[]a$", "[a", true),
            (r"^[a&&b]$", "&", true),
            (r"^[]a]$", "]", true),
            (r"^[[:alpha:]]+$", "abc", true),
            (r"\/", "a/b", true),
            ("^$|a", "", true),
        ] {
            let compiled = patterns.of(pattern).unwrap();
            assert_eq!(compiled.is_match(text), is_match, "{pattern} {text}");
        }
        assert!(patterns.of("(").is_none());
    }
}
