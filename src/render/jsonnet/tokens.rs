//! The tokens of a Jsonnet source, and what follows from them alone.

use rsjsonnet_lang::arena::Arena;
use rsjsonnet_lang::interner::StrInterner;
use rsjsonnet_lang::lexer::{LexError, Lexer};
use rsjsonnet_lang::span::{SpanId, SpanManager};
use rsjsonnet_lang::token::{STokenKind, TokenKind as Lexed};

use super::message;
use crate::source::Span;

/// A token of a source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JsonnetToken {
    pub(super) kind: JsonnetTokenKind,
    pub(super) span: Span,
}

/// The kinds of tokens that rungs distinguishes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum JsonnetTokenKind {
    /// An identifier.
    Name(String),
    /// A string or text block with its escapes resolved.
    Text(String),
    /// A number.
    Number,
    /// `{`, `[` or `(`
    Open,
    /// `}`, `]` or `)`
    Close,
    Comma,
    Semicolon,
    Dot,
    /// `:`, `::` or `:::`, with or without `+`
    Colon,
    /// `import`, `importstr` or `importbin`
    Import(ImportKind),
    Local,
    /// Another keyword that an expression follows.
    Prefix,
    /// `null`, `true` or `false`
    Constant,
    /// Anything else.
    Other,
}

/// What an import reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum ImportKind {
    /// A program.
    Code,
    /// A text.
    Text,
    /// Bytes, as a list of numbers.
    Bytes,
}

/// A part of a source that is not a token.
#[derive(Debug)]
pub(super) struct Illegible {
    pub(super) message: String,
    pub(super) span: Span,
}

/// The most signs in a row: the engine reads the rest of a row again for each of them.
const MAX_SIGNS: usize = 256;

/// The place where more than [`MAX_SIGNS`] of `+ - ~ ! $` stand in a row, outside of
/// texts and comments.
fn long_row_of_signs(source: &str) -> Option<Span> {
    let is_sign = |byte: &u8| matches!(byte, b'+' | b'-' | b'~' | b'!' | b'$');
    let rest = source.as_bytes();
    // Hardly any source has such a row at all, and then mostly in a comment.
    if !rest.chunk_by(|a, b| is_sign(a) && is_sign(b)).any(|row| row.len() > MAX_SIGNS) {
        return None;
    }
    let mut at = 0;
    while let Some(first) = rest.get(at) {
        let row = rest[at..].iter().take_while(|byte| is_sign(byte)).count();
        if row > MAX_SIGNS {
            return Some(Span::new(at, at + row));
        }
        at += match first {
            _ if row > 0 => row,
            b'#' => to_end(&source[at..], "\n"),
            b'/' if rest[at..].starts_with(b"//") => to_end(&source[at..], "\n"),
            b'/' if rest[at..].starts_with(b"/*") => to_end(&source[at..], "*/"),
            b'|' if rest[at..].starts_with(b"|||") => text_block(&source[at..]),
            b'@' => 1 + quoted(&rest[at + 1..], false),
            b'"' | b'\'' => quoted(&rest[at..], true),
            _ => 1,
        };
    }
    None
}

/// The number of bytes to the end of the next `end`.
fn to_end(rest: &str, end: &str) -> usize {
    rest.find(end).map_or(rest.len(), |at| at + end.len())
}

/// The length of a text block, which ends with a line that starts with `|||`.
fn text_block(rest: &str) -> usize {
    let mut length = to_end(rest, "\n");
    for line in rest[length..].split_inclusive('\n') {
        if line.trim_start().starts_with("|||") {
            return length + line.len() - line.trim_start().len() + 3;
        }
        length += line.len();
    }
    length
}

/// The length of a text in quotes, which may have escapes; nothing if none starts here.
fn quoted(rest: &[u8], has_escapes: bool) -> usize {
    let Some(quote) = rest.first().filter(|byte| matches!(byte, b'"' | b'\'')) else { return 0 };
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        at += 1;
        match byte {
            b'\\' if has_escapes => at += 1,
            byte if byte == quote => return at,
            _ => {}
        }
    }
    rest.len()
}

/// All tokens of a source except blanks and comments.
pub(super) fn tokens(source: &str) -> Result<Vec<JsonnetToken>, Illegible> {
    if let Some(span) = long_row_of_signs(source) {
        let message = format!("more than {MAX_SIGNS} operators stand in a row");
        return Err(Illegible { message, span });
    }
    let (arena, lexing) = (Arena::new(), Arena::new());
    let interner = StrInterner::new();
    let mut spans = SpanManager::new();
    let (context, _) = spans.insert_source_context(source.len());
    let mut found: Vec<(SpanId, JsonnetTokenKind)> = Vec::new();
    let mut failed: Option<LexError> = None;
    {
        let mut lexer =
            Lexer::new(&arena, &lexing, &interner, &mut spans, context, source.as_bytes());
        loop {
            match lexer.next_token() {
                Ok(token) if token.kind == Lexed::EndOfFile => break,
                Ok(token) => found.extend(kind(&token.kind).map(|kind| (token.span, kind))),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
    }
    let place = |id| {
        let (_, start, end) = spans.get_span(id);
        Span::new(start, end)
    };
    if let Some(error) = failed {
        let (message, id) = message::lexing(&error);
        return Err(Illegible { message, span: place(id) });
    }
    Ok(found.into_iter().map(|(id, kind)| JsonnetToken { kind, span: place(id) }).collect())
}

fn kind(lexed: &Lexed<'_, '_>) -> Option<JsonnetTokenKind> {
    Some(match lexed {
        Lexed::EndOfFile | Lexed::Whitespace | Lexed::Comment => return None,
        Lexed::OtherOp(_) => JsonnetTokenKind::Other,
        Lexed::Ident(name) => JsonnetTokenKind::Name(name.value().to_owned()),
        Lexed::Number(_) => JsonnetTokenKind::Number,
        Lexed::String(text) | Lexed::TextBlock(text) => JsonnetTokenKind::Text((*text).to_owned()),
        Lexed::Simple(simple) => simple_kind(*simple),
    })
}

fn simple_kind(simple: STokenKind) -> JsonnetTokenKind {
    use STokenKind as S;
    match simple {
        S::LeftBrace | S::LeftBracket | S::LeftParen => JsonnetTokenKind::Open,
        S::RightBrace | S::RightBracket | S::RightParen => JsonnetTokenKind::Close,
        S::Comma => JsonnetTokenKind::Comma,
        S::Semicolon => JsonnetTokenKind::Semicolon,
        S::Dot => JsonnetTokenKind::Dot,
        S::Colon
        | S::ColonColon
        | S::ColonColonColon
        | S::PlusColon
        | S::PlusColonColon
        | S::PlusColonColonColon => JsonnetTokenKind::Colon,
        S::Import => JsonnetTokenKind::Import(ImportKind::Code),
        S::Importstr => JsonnetTokenKind::Import(ImportKind::Text),
        S::Importbin => JsonnetTokenKind::Import(ImportKind::Bytes),
        S::Local => JsonnetTokenKind::Local,
        S::Assert | S::Error | S::Function | S::If | S::Super => JsonnetTokenKind::Prefix,
        S::Null | S::True | S::False => JsonnetTokenKind::Constant,
        _ => JsonnetTokenKind::Other,
    }
}

/// `import 'name'` in a source; Jsonnet takes only literal names.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) kind: ImportKind,
    pub(super) name: String,
    /// The name with its quotes.
    pub(super) span: Span,
}

/// All imports in a source, whether they are evaluated or not.
pub(super) fn imports(tokens: &[JsonnetToken]) -> Vec<Import> {
    let pairs = tokens.windows(2).filter_map(|pair| match (&pair[0].kind, &pair[1].kind) {
        (JsonnetTokenKind::Import(kind), JsonnetTokenKind::Text(name)) => {
            Some(Import { kind: *kind, name: name.clone(), span: pair[1].span })
        }
        _ => None,
    });
    pairs.collect()
}

/// `std.native('files')('pattern')` in a source: the pattern, with its place.
pub(super) fn file_patterns(tokens: &[JsonnetToken]) -> Vec<(&str, Span)> {
    use JsonnetTokenKind as T;
    let pattern = |call: &'_ [JsonnetToken]| -> bool {
        let [std, dot, native, open, name, close, next, ..] = call else { return false };
        let is_name = |token: &JsonnetToken, wanted: &str| matches!(&token.kind, T::Name(name) if name == wanted);
        is_name(std, "std")
            && dot.kind == T::Dot
            && is_name(native, "native")
            && open.kind == T::Open
            && matches!(&name.kind, T::Text(name) if name == "files")
            && close.kind == T::Close
            && next.kind == T::Open
    };
    let calls = tokens.windows(9).filter(|call| pattern(call));
    let patterns = calls.filter_map(|call| match (&call[7].kind, &call[8].kind) {
        (T::Text(text), T::Close | T::Comma) => Some((text.as_str(), call[7].span)),
        _ => None,
    });
    patterns.collect()
}

/// How deep a source may be nested: as deep as in Google's implementation. Real
/// programs stay far below.
pub(super) const MAX_NESTING: usize = 1000;

/// The place where a source is nested deeper than [`MAX_NESTING`], if it is.
///
/// The engine's parser is recursive, and a stack overflow would end the whole
/// process. From tokens alone, this counts everything that may cost a recursive
/// call; if in doubt, it counts too much.
pub(super) fn too_deep(tokens: &[JsonnetToken]) -> Option<Span> {
    let mut scopes = vec![BracketScope::default()];
    let mut depth = 0;
    let mut before: Option<&JsonnetTokenKind> = None;
    for token in tokens {
        let scope = scopes.last_mut().expect("the outermost scope is never closed");
        let counted = scope.weight();
        match &token.kind {
            JsonnetTokenKind::Open => {
                scope.chain += usize::from(before.is_some_and(ends_operand));
                depth += scope.weight() - counted + 1;
                scopes.push(BracketScope { is_bracketed: true, ..BracketScope::default() });
            }
            JsonnetTokenKind::Close => {
                depth -= counted;
                if scopes.len() > 1 {
                    scopes.pop();
                    depth -= 1;
                }
            }
            kind => {
                scope.take(kind, before);
                depth = depth + scope.weight() - counted;
            }
        }
        if depth > MAX_NESTING {
            return Some(token.span);
        }
        before = Some(&token.kind);
    }
    None
}

fn ends_operand(kind: &JsonnetTokenKind) -> bool {
    matches!(
        kind,
        JsonnetTokenKind::Name(_)
            | JsonnetTokenKind::Text(_)
            | JsonnetTokenKind::Number
            | JsonnetTokenKind::Close
            | JsonnetTokenKind::Constant
    )
}

/// What is open after a bracket and before the next one.
#[derive(Debug, Default)]
struct BracketScope {
    /// Whether a bracket opened the scope; none opened the outermost one.
    is_bracketed: bool,
    /// The number of keywords whose expression may not have ended.
    prefixes: usize,
    /// The number of `local`s whose semicolon has not come yet.
    waiting: usize,
    /// The number of `.name`, `[…]`, `(…)` and `{…}` in a row.
    chain: usize,
}

impl BracketScope {
    fn weight(&self) -> usize {
        self.prefixes + self.chain
    }

    fn take(&mut self, kind: &JsonnetTokenKind, before: Option<&JsonnetTokenKind>) {
        if *kind == JsonnetTokenKind::Dot {
            self.chain += 1;
            return;
        }
        if !matches!(kind, JsonnetTokenKind::Name(_)) {
            self.chain = 0;
        }
        match kind {
            // A `local` that is a member of a map does not nest what follows.
            JsonnetTokenKind::Local
                if self.waiting == 0
                    && self.is_bracketed
                    && matches!(before, Some(JsonnetTokenKind::Open | JsonnetTokenKind::Comma)) => {
            }
            JsonnetTokenKind::Local => {
                self.prefixes += 1;
                self.waiting += 1;
            }
            JsonnetTokenKind::Prefix | JsonnetTokenKind::Import(_) => self.prefixes += 1,
            JsonnetTokenKind::Semicolon => self.waiting = self.waiting.saturating_sub(1),
            // A comma ends everything before it, unless it separates the names of
            // one `local`.
            JsonnetTokenKind::Comma if self.waiting == 0 => self.prefixes = 0,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(source: &str) -> bool {
        too_deep(&tokens(source).unwrap()).is_some()
    }

    #[test]
    fn whatever_nests_is_counted() {
        for (open, middle, close) in [
            ("[", "1", "]"),
            ("{a:", "1", "}"),
            ("(", "1", ")"),
            ("local a = 1; ", "a", ""),
            ("local a = 1, b = 2; ", "a", ""),
            ("if true then ", "1", ""),
            ("if true then 1 else ", "1", ""),
            ("function(x) ", "1", ""),
            ("function(x, y) ", "1", ""),
            ("error ", "1", ""),
            ("assert true; ", "1", ""),
            ("f(", "1", ")"),
            ("", "a", ".b"),
            ("", "a", "[0]"),
            ("", "a", "()"),
            ("", "a", "(1, 2)"),
            ("", "{}", " {}"),
            ("", "a", " in super"),
        ] {
            let source = |times: usize| open.repeat(times) + middle + &close.repeat(times);
            assert!(deep(&source(2 * MAX_NESTING)), "{open}{middle}{close}");
            assert!(!deep(&source(MAX_NESTING / 4)), "{open}{middle}{close}");
        }
    }

    #[test]
    fn what_only_repeats_is_not() {
        for (open, repeated, close) in [
            ("[", "[1], ", "]"),
            ("{", "['x']: if a then b.c.d else e(f)[0], ", "}"),
            ("{", "local a = b.c, ", "}"),
            ("{", "f(x):: local y = x; y, ", "}"),
            ("1", " + a.b.c(1)", ""),
            ("1", " + -1", ""),
        ] {
            let source = open.to_owned() + &repeated.repeat(2 * MAX_NESTING) + close;
            assert!(!deep(&source), "{open}{repeated}{close}");
        }
    }

    #[test]
    fn imports_are_found_wherever_they_stand() {
        let source = "local a = import 'a.libsonnet'; { b: importstr \"b\", c: importbin @'c' }";
        let tokens = tokens(source).unwrap();
        let found: Vec<_> =
            imports(&tokens).into_iter().map(|import| (import.kind, import.name)).collect();
        assert_eq!(
            found,
            [
                (ImportKind::Code, "a.libsonnet".to_owned()),
                (ImportKind::Text, "b".to_owned()),
                (ImportKind::Bytes, "c".to_owned()),
            ]
        );
    }

    #[test]
    fn a_row_of_signs_has_an_end() {
        let signs = "!".repeat(MAX_SIGNS);
        assert!(tokens(&format!("{signs}true")).is_ok());
        assert!(tokens(&format!("{signs} {signs} {signs}true")).is_ok());
        for source in ["!SSx", "/* S */ S-1", "[1, S!2]", "'S' + S~1", "|||\n  S\n||| + S-1"] {
            let source = source.replace('S', &signs);
            let refused = tokens(&source).expect_err(&source);
            assert_eq!(refused.message, "more than 256 operators stand in a row");
        }
        for source in
            ["# SS\n1", "// SS\n1", "/* SS */ 1", "'SS'", "\"\\\"SS\"", "@'SS'", "|||\n  SS\n|||"]
        {
            let source = source.replace('S', &signs);
            assert!(tokens(&source).is_ok(), "{source}");
        }
    }
}
