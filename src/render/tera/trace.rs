//! Reads the marks in a rendered text, and finds the places that they stand for.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::mark::{CLOSE, END, PRINT, STRING, TEXT};
use super::marked::PrintSite;
use super::value_path::ResolvedValue;
use crate::render::{Input, Traced, TracedValue};
use crate::source::{Location, Origin, RepoPath, SourceFile, Span};
use crate::yaml::{self, Dialect, Node, Step};

/// A range of a rendered text that one site printed.
#[derive(Debug)]
struct PrintedStretch {
    range: Range<usize>,
    site: usize,
    /// The number of blanks before a line of text that its source has as well.
    lead: usize,
    /// The iterations of the site's loops.
    rounds: Vec<usize>,
    /// Whether a line of text differs from its source, because a filter around it
    /// changed it.
    is_changed: bool,
    /// Whether the value is a string, and not a text that the template composed.
    is_string: bool,
}

/// Which site printed which part of one file.
#[derive(Debug)]
pub(super) struct OutputMap {
    /// Inner stretches come after those around them.
    stretches: Vec<PrintedStretch>,
    /// Segments that together cover the whole text, in order.
    segments: Vec<Segment>,
}

/// A part of a rendered text in which no stretch starts or ends. It ends where
/// the next segment starts.
#[derive(Debug)]
struct Segment {
    start: usize,
    /// The shortest of the stretches around it.
    innermost: Option<usize>,
}

/// Reads the marks of a text; none if the text without them is not `plain`.
pub(super) fn read(marked: &str, plain: &str, sites: &[PrintSite]) -> Option<OutputMap> {
    let mut reading = MarkReader { plain: String::with_capacity(plain.len()), map: Vec::new() };
    let mut open: Vec<usize> = Vec::new();
    let mut rest = marked;
    while let Some(at) = rest.find([PRINT, TEXT, END]) {
        reading.plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let mark = rest.chars().next()?;
        rest = &rest[mark.len_utf8()..];
        if mark == END {
            let stretch = open.pop()?;
            reading.map[stretch].range.end = reading.plain.len();
            continue;
        }
        let (name, after) = rest.split_once(CLOSE)?;
        rest = after;
        for &around in &open {
            reading.map[around].is_string = false;
        }
        let stretch = reading.begin(name, sites)?;
        if mark == PRINT {
            open.push(stretch);
        }
    }
    reading.plain.push_str(rest);
    if !open.is_empty() || reading.plain != plain {
        return None;
    }
    let mut next_start = plain.len();
    for stretch in reading.map.iter_mut().rev() {
        let site = &sites[stretch.site];
        let start = stretch.range.start;
        if site.is_text {
            let same = common(&plain[start..], site);
            stretch.is_changed = same == 0;
            stretch.range.end = start + same;
            if stretch.is_changed {
                let line = plain[start..next_start].find('\n');
                stretch.range.end = line.map_or(next_start, |length| start + length);
            }
            stretch.lead = lead(&plain[..start], site);
            stretch.range.start -= stretch.lead;
        }
        next_start = start;
    }
    let segments = segments(&reading.map);
    Some(OutputMap { stretches: reading.map, segments })
}

fn segments(stretches: &[PrintedStretch]) -> Vec<Segment> {
    let some = stretches.iter().enumerate().filter(|(_, stretch)| !stretch.range.is_empty());
    let mut bounds: Vec<(usize, bool, usize)> = some
        .flat_map(|(index, s)| [(s.range.start, true, index), (s.range.end, false, index)])
        .collect();
    bounds.sort_unstable();
    let mut segments = vec![Segment { start: 0, innermost: None }];
    let mut open: BTreeSet<(usize, usize)> = BTreeSet::new();
    for here in bounds.chunk_by(|a, b| a.0 == b.0) {
        for &(_, begins, index) in here {
            let by_length = (stretches[index].range.len(), index);
            if begins {
                open.insert(by_length)
            } else {
                open.remove(&by_length)
            };
        }
        let innermost = open.first().map(|&(_, index)| index);
        segments.push(Segment { start: here[0].0, innermost });
    }
    segments
}

/// The number of bytes of a line of text that were printed unchanged. A filter
/// around it may have changed the rest, and `-%}` may have cut it short.
fn common(printed: &str, site: &PrintSite) -> usize {
    let source = &site.file.text()[site.span.clone()];
    let same = printed.char_indices().zip(source.chars()).find(|((_, a), b)| a != b);
    same.map_or(printed.len().min(source.len()), |((at, _), _)| at)
}

/// The number of blanks before a line of text that are also before it in its
/// source.
fn lead(printed: &str, site: &PrintSite) -> usize {
    let source = &site.file.text()[..site.span.start];
    let both = printed.bytes().rev().zip(source.bytes().rev());
    both.take_while(|(a, b)| a == b && matches!(a, b' ' | b'\t')).count()
}

struct MarkReader {
    plain: String,
    map: Vec<PrintedStretch>,
}

impl MarkReader {
    /// Starts the stretch of a mark, whose name has the site's number and the
    /// iterations of its loops.
    fn begin(&mut self, name: &str, sites: &[PrintSite]) -> Option<usize> {
        let (is_string, name) = match name.strip_prefix(STRING) {
            Some(name) => (true, name),
            None => (false, name),
        };
        let mut numbers = name.split(',');
        let site: usize = numbers.next()?.parse().ok()?;
        sites.get(site)?;
        let rounds = numbers.filter_map(|round| round.parse().ok()).collect();
        let at = self.plain.len();
        let range = at..at;
        let is_changed = false;
        self.map.push(PrintedStretch { range, site, lead: 0, rounds, is_changed, is_string });
        Some(self.map.len() - 1)
    }
}

impl OutputMap {
    /// The place in the template that printed `span` of `plain`, the text that
    /// this map is of.
    pub(super) fn find(
        &self,
        plain: &str,
        span: &Range<usize>,
        sites: &[PrintSite],
        input: &Input<'_>,
    ) -> Option<Traced> {
        let pieces = self.pieces(plain, span);
        let is_whole = pieces.iter().all(Option::is_some);
        let known: Vec<&PrintedStretch> = pieces.into_iter().flatten().collect();
        let origin = origin(&known, is_whole, span, sites)?;
        let mut prints = known.iter().filter(|stretch| !sites[stretch.site].is_text);
        let value = match (prints.next(), prints.next()) {
            (Some(stretch), None) => value(stretch, &sites[stretch.site], plain, span, input),
            _ => None,
        };
        Some(Traced { template: origin, value })
    }

    /// What was printed of strings as they are, in order: neither shaped as YAML, nor
    /// written out in the template.
    pub(super) fn bare_strings(
        &self,
        plain: &str,
        sites: &[PrintSite],
        literals: &BTreeSet<String>,
    ) -> Vec<Range<usize>> {
        let is_bare = |stretch: &&PrintedStretch| {
            let (site, text) = (&sites[stretch.site], &plain[stretch.range.clone()]);
            let is_literal = || literals.contains(text) || site.literals.iter().any(|l| l == text);
            stretch.is_string && !site.shapes_yaml && !is_literal()
        };
        let bare = self.stretches.iter().filter(is_bare);
        let mut ranges: Vec<_> = bare.map(|stretch| stretch.range.clone()).collect();
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        ranges
    }

    /// The stretches that the bytes of a span are in, in order; none for bytes
    /// that are in no stretch and are not blank.
    fn pieces(&self, plain: &str, span: &Range<usize>) -> Vec<Option<&PrintedStretch>> {
        let mut pieces: Vec<Option<&PrintedStretch>> = Vec::new();
        // A finding's place may be empty.
        let end = span.end.max(span.start + 1).min(plain.len());
        let after = self.segments.partition_point(|segment| segment.start <= span.start);
        for at in after.saturating_sub(1)..self.segments.len() {
            let start = self.segments[at].start.max(span.start);
            if start >= end {
                break;
            }
            let next = self.segments.get(at + 1).map_or(end, |next| next.start.min(end));
            let is_blank = plain.get(start..next).is_some_and(|text| text.trim().is_empty());
            let piece = self.segments[at].innermost.map(|index| &self.stretches[index]);
            let is_new = pieces.last().is_none_or(|last| !is_same(*last, piece));
            if is_new && (piece.is_some() || !is_blank) {
                pieces.push(piece);
            }
        }
        if pieces.is_empty() {
            pieces.extend(self.beside(plain, span.start).map(Some));
        }
        pieces
    }

    /// The stretch for a place where nothing was printed: an expression in the
    /// rest of the line that printed nothing, or else what is directly before.
    fn beside(&self, plain: &str, at: usize) -> Option<&PrintedStretch> {
        let rest = plain.get(at..)?;
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let here = at..=at + blanks;
        let printed_nothing =
            self.stretches.iter().find(|s| s.range.is_empty() && here.contains(&s.range.start));
        let before = self.stretches.iter().filter(|s| s.range.end <= at);
        printed_nothing.or_else(|| before.max_by_key(|s| s.range.end))
    }
}

fn is_same(a: Option<&PrintedStretch>, b: Option<&PrintedStretch>) -> bool {
    a.map(std::ptr::from_ref) == b.map(std::ptr::from_ref)
}

/// The origin of these stretches together. `is_whole` says that nothing else
/// printed a part of the span.
fn origin(
    pieces: &[&PrintedStretch],
    is_whole: bool,
    span: &Range<usize>,
    sites: &[PrintSite],
) -> Option<Origin> {
    let file = &sites[pieces.first()?.site].file;
    let places: Vec<Range<usize>> = pieces
        .iter()
        .filter(|piece| Arc::ptr_eq(&sites[piece.site].file, file))
        .map(|piece| place(piece, &sites[piece.site], span))
        .collect();
    let is_one_file = places.len() == pieces.len();
    let start = places.iter().map(|place| place.start).min().unwrap_or_default();
    let end = places.iter().map(|place| place.end).max().unwrap_or_default();
    let gapless = places.windows(2).all(|pair| {
        file.text().get(pair[0].end..pair[1].start).is_some_and(|gap| gap.trim().is_empty())
    });
    let location = Location::new(file, Span::new(start, end));
    let is_exact =
        is_one_file && gapless && is_whole && pieces.iter().all(|piece| !piece.is_changed);
    Some(if is_exact { Origin::exact(location) } else { Origin::enclosing(location) })
}

/// The part of a site's source that printed the stretch's part of a span.
fn place(piece: &PrintedStretch, site: &PrintSite, span: &Range<usize>) -> Range<usize> {
    if !site.is_text || piece.is_changed {
        return site.span.clone();
    }
    let source = |at: usize| {
        let at = at.clamp(piece.range.start, piece.range.end) - piece.range.start;
        site.span.start - piece.lead + at
    };
    source(span.start)..source(span.end)
}

fn value(
    stretch: &PrintedStretch,
    site: &PrintSite,
    plain: &str,
    span: &Range<usize>,
    input: &Input<'_>,
) -> Option<TracedValue> {
    let round = |id| {
        let index = site.loops.iter().position(|known| *known == id)?;
        stretch.rounds.get(index).copied()
    };
    match site.value.as_ref()?.follow(input.values, &round)? {
        ResolvedValue::Value(mut route, node) => {
            let printed = &plain[stretch.range.clone()];
            let at = span.start.saturating_sub(stretch.range.start);
            match within(node, printed, at).filter(|_| site.is_yaml) {
                Some((steps, location)) => {
                    for step in steps {
                        route.push(step);
                    }
                    Some(TracedValue { route, location: Some(location) })
                }
                None => Some(TracedValue { route, location: Some(node.location()) }),
            }
        }
        ResolvedValue::Key(route, key) => {
            Some(TracedValue { route, location: Some(key.location()) })
        }
        ResolvedValue::Other(route) => {
            let location = input.location(&route);
            Some(TracedValue { route, location })
        }
    }
}

/// The entry or item at a byte of the text that `to_yaml` wrote for a map or
/// list, which may be indented since.
fn within(node: Node<'_>, printed: &str, at: usize) -> Option<(Vec<Step>, Location)> {
    let text = yaml::emit(node);
    let offset = unindented(printed, &text, at)?;
    let file = Arc::new(SourceFile::new(RepoPath::root(), text));
    let written = yaml::parse(&file, Dialect::Kubectl).ok()?;
    let [written] = written.as_slice() else { return None };
    let mut path = Vec::new();
    let (mut from, mut here) = (node, written.root());
    loop {
        let covers = |location: &Location| location.span().range().contains(&offset);
        if let Some((key, _)) = here.entries().find(|(key, _)| covers(&key.location())) {
            path.push(Step::Key(key.text().to_owned()));
            return Some((path, from.key(key.text())?.location()));
        }
        if let Some((key, value)) = here.entries().find(|(_, value)| covers(&value.location())) {
            path.push(Step::Key(key.text().to_owned()));
            (from, here) = (from.get(key.text())?, value);
            continue;
        }
        let item = here.items().enumerate().find(|(_, item)| covers(&item.location()));
        match item {
            Some((index, item)) => {
                path.push(Step::Index(index));
                (from, here) = (from.items().nth(index)?, item);
            }
            None => return Some((path, from.location())),
        }
    }
}

/// The offset in `text` of the byte at `at` of `printed`, which is `text`, perhaps
/// with a line break before it and with its lines moved to the right.
fn unindented(printed: &str, text: &str, at: usize) -> Option<usize> {
    let skipped = usize::from(printed.starts_with('\n'));
    let mut start = skipped;
    let mut offset = 0;
    let mut lines = text.lines();
    for line in printed[skipped..].split_inclusive('\n') {
        let original = lines.next()?;
        let indent = line.trim_end_matches('\n').len().checked_sub(original.len())?;
        if !line[..indent].trim().is_empty() || &line[indent..indent + original.len()] != original {
            return None;
        }
        if at < start + line.len() {
            return Some(offset + at.saturating_sub(start + indent).min(original.len()));
        }
        start += line.len();
        offset += original.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::mark;
    use super::*;

    fn sites() -> Vec<PrintSite> {
        let file = Arc::new(SourceFile::new(RepoPath::root(), "ab: {{ x }}\n".to_owned()));
        let site = |span, is_text| PrintSite {
            file: Arc::clone(&file),
            span,
            is_text,
            value: None,
            loops: Vec::new(),
            is_yaml: false,
            shapes_yaml: false,
            literals: Vec::new(),
        };
        vec![site(0..4, true), site(4..11, false)]
    }

    fn marked_text() -> impl Strategy<Value = String> {
        let plain = "[ab: \n]{0,4}".prop_map(|text: String| text);
        let piece = prop_oneof![
            plain.clone(),
            plain.clone().prop_map(|text| format!("{TEXT}0{CLOSE}{text}")),
            plain.prop_map(|text| format!("{PRINT}1{CLOSE}{text}{END}")),
        ];
        let inner = prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat());
        let nested = inner.clone().prop_map(|text| format!("{PRINT}1{CLOSE}{text}{END}"));
        prop::collection::vec(prop_oneof![inner, nested], 0..4).prop_map(|all| all.concat())
    }

    proptest! {
        #[test]
        fn marks_are_read_only_where_the_text_is_the_plain_one(
            marked in marked_text(),
            other in "[ab: \n]{0,12}",
        ) {
            let plain = mark::strip(&marked).into_owned();
            prop_assert!(read(&marked, &plain, &sites()).is_some());
            prop_assert_eq!(read(&marked, &other, &sites()).is_some(), other == plain);
        }

        #[test]
        fn every_stretch_lies_in_the_text(marked in marked_text()) {
            let plain = mark::strip(&marked).into_owned();
            let map = read(&marked, &plain, &sites()).unwrap();
            for stretch in &map.stretches {
                prop_assert!(stretch.range.start <= stretch.range.end);
                prop_assert!(stretch.range.end <= plain.len());
            }
        }

        #[test]
        fn a_mark_that_is_cut_short_is_no_mark(marked in marked_text(), cut in 0_usize..40) {
            let cut = marked.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(marked.len());
            let marked = &marked[..cut];
            let plain = mark::strip(marked).into_owned();
            // Whatever comes of it, nothing is read that lies outside.
            if let Some(map) = read(marked, &plain, &sites()) {
                prop_assert!(map.stretches.iter().all(|s| s.range.end <= plain.len()));
            }
        }
    }
}
