//! Texts made from others by the mistakes of a careless editor of YAML: words are
//! inserted, left out and swapped, lines are moved and indented.

use crate::random::Random;

/// Words that mean something to a reader of YAML, and words that nearly do.
const WORDS: &[&str] = &[
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    ", ",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    "#",
    " # c",
    "---",
    "...",
    "\n---\n",
    "%YAML 1.1\n",
    "&a ",
    "*a",
    "<<: ",
    "<<: *a",
    "!!str ",
    "!!int ",
    "!!binary ",
    "!x ",
    "! ",
    "|",
    "|-\n",
    ">",
    ">+\n",
    "|2\n",
    "'",
    "\"",
    "''",
    "\\",
    "\\u00e9",
    "\\x",
    "~",
    "null",
    "yes",
    "on",
    "n",
    "true",
    "0",
    "5",
    "57555555",
    "0644",
    "0o7",
    "0x1F",
    "1_000",
    "1e3",
    "123e456",
    "-.5",
    ".inf",
    ".nan",
    "1.10",
    "12345678901234567890",
    "190:20:30",
    "2024-01-31",
    "=",
    "{{ x }}",
    "{{",
    "\t",
    "\r\n",
    "\r",
    "\n\n",
    "  ",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "é",
    "a.b",
];

/// The material that texts are made of.
pub(crate) struct Material {
    pub(crate) seeds: Vec<String>,
    words: Vec<String>,
}

impl Material {
    /// The seeds, with the words of all of them.
    pub(crate) fn of(seeds: Vec<String>) -> Self {
        let own = seeds.iter().flat_map(|seed| tokens(seed)).map(str::to_owned);
        let mut words: Vec<_> = own.collect();
        words.sort();
        words.dedup();
        Self { seeds, words }
    }

    /// One of the seeds, changed a few times.
    pub(crate) fn text(&self, random: &mut Random) -> String {
        let mut text = random.pick(&self.seeds).clone();
        loop {
            text = match random.below(4) {
                0 => self.change_lines(random, &text),
                1 if random.once_in(4) => self.cross(random, &text),
                _ => self.change_tokens(random, &text),
            };
            // After many changes, most texts are not YAML at all.
            if random.once_in(2) {
                break;
            }
        }
        match random.below(20) {
            0 => text.replace('\n', "\r\n"),
            1 => text.trim_end_matches('\n').to_owned(),
            2 => format!("\u{feff}{text}"),
            _ => text,
        }
    }

    /// A word of YAML, or one of the seeds.
    pub(crate) fn word<'t>(&'t self, random: &mut Random) -> &'t str {
        if random.once_in(2) {
            random.pick::<&str>(WORDS)
        } else {
            random.pick(&self.words).as_str()
        }
    }

    fn change_tokens(&self, random: &mut Random, text: &str) -> String {
        let mut tokens = tokens(text);
        let at = random.below(tokens.len() + 1);
        let end = tokens.len().min(at + 1 + random.below(4));
        match random.below(5) {
            0 => drop(tokens.drain(at..end)),
            1 => {
                let copied = tokens[at..end].to_vec();
                let to = random.below(tokens.len() + 1);
                tokens.splice(to..to, copied);
            }
            2 if at < tokens.len() => {
                let other = random.below(tokens.len());
                tokens.swap(at, other);
            }
            3 if at < tokens.len() => tokens[at] = self.word(random),
            _ => tokens.insert(at, self.word(random)),
        }
        tokens.concat()
    }

    fn change_lines(&self, random: &mut Random, text: &str) -> String {
        let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
        if lines.is_empty() {
            return self.word(random).to_owned();
        }
        let at = random.below(lines.len());
        let other = random.below(lines.len());
        match random.below(5) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            3 => lines[at].insert_str(0, &" ".repeat(1 + random.below(4))),
            _ => {
                let blanks = lines[at].len() - lines[at].trim_start_matches(' ').len();
                lines[at].replace_range(..random.below(blanks + 1), "");
            }
        }
        lines.concat()
    }

    /// The first lines of a text, and the last ones of a seed.
    fn cross(&self, random: &mut Random, text: &str) -> String {
        let first: Vec<_> = text.split_inclusive('\n').collect();
        let last: Vec<_> = random.pick(&self.seeds).split_inclusive('\n').collect();
        let (end, start) = (random.below(first.len() + 1), random.below(last.len() + 1));
        [first[..end].concat(), last[start..].concat()].concat()
    }
}

/// Splits a text into words, runs of blanks, and each other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        ' ' => 1,
        c if c.is_alphanumeric() || "._-/".contains(c) => 2,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_other = |c: char| class(c) == 0 || class(c) != class(first);
        let end = rest[first.len_utf8()..].find(is_other).map(|at| at + first.len_utf8());
        let end = if class(first) == 0 { first.len_utf8() } else { end.unwrap_or(rest.len()) };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}
