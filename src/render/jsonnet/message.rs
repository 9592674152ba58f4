//! The engine's errors as messages for people.

use rsjsonnet_lang::ast::{BinaryOp, UnaryOp};
use rsjsonnet_lang::lexer::LexError;
use rsjsonnet_lang::parser::{ActualToken, ParseError};
use rsjsonnet_lang::program::{
    AnalyzeError, EvalErrorKind, EvalErrorValueType as Type, EvalStackTraceItem, LoadError,
    ValueKind,
};
use rsjsonnet_lang::span::SpanId;

use crate::diagnostic::Code;
use crate::render::code::{
    INCLUDE_MISSING, TEMPLATE_ENDLESS, TEMPLATE_FAILED, TEMPLATE_UNDEFINED, WRONG_PARAMETERS,
};

/// How many frames of a trace a finding shows.
pub(super) const MAX_FRAMES: usize = 3;

/// The parts of an evaluation error's finding.
pub(super) struct Explained {
    pub(super) code: &'static Code,
    pub(super) message: String,
    pub(super) because: &'static str,
    pub(super) help: Option<String>,
    pub(super) span: Option<SpanId>,
}

/// The message and place of a text that is not a token.
pub(super) fn lexing(error: &LexError) -> (String, SpanId) {
    let (message, span) = match error {
        LexError::InvalidChar { span, chr } => {
            return (format!("{chr:?} means nothing in Jsonnet"), *span);
        }
        LexError::InvalidUtf8 { span, .. } => ("this is not UTF-8", span),
        LexError::UnfinishedMultilineComment { span } => ("this comment has no end", span),
        LexError::LeadingZeroInNumber { span } => ("a number does not start with 0", span),
        LexError::MissingFracDigits { span } => ("digits are missing after the point", span),
        LexError::MissingExpDigits { span } => ("digits are missing in the exponent", span),
        LexError::MissingDigitAfterUnderscore { span } => ("a digit is missing after `_`", span),
        LexError::ExpOverflow { span } => ("the exponent is too large", span),
        LexError::InvalidEscapeInString { span, chr } => {
            return (format!("`\\{chr}` is not an escape"), *span);
        }
        LexError::IncompleteUnicodeEscape { span } => ("`\\u` needs four digits", span),
        LexError::InvalidUtf16EscapeSequence { span, .. } => {
            ("this escape is half a character", span)
        }
        LexError::UnfinishedString { span } => ("this string has no end", span),
        LexError::MissingLineBreakAfterTextBlockStart { span } => {
            ("a line break is missing after `|||`", span)
        }
        LexError::MissingWhitespaceTextBlockStart { span } => {
            ("the first line of a text block is not indented", span)
        }
        LexError::InvalidTextBlockTermination { span } => {
            ("this text block does not end with `|||`", span)
        }
    };
    (message.to_owned(), *span)
}

/// The message and place of what keeps a source from being a program.
pub(super) fn loading(error: &LoadError) -> (String, SpanId) {
    match error {
        LoadError::Lex(error) => lexing(error),
        LoadError::Parse(ParseError::Expected { span, instead, .. }) => {
            (format!("{} is not expected here", actual(instead)), *span)
        }
        LoadError::Analyze(error) => analysing(error),
    }
}

fn actual(token: &ActualToken) -> String {
    match token {
        ActualToken::EndOfFile => "the end of the file".to_owned(),
        ActualToken::Simple(kind) => {
            let word = format!("{kind:?}");
            format!("`{}`", symbol(&word).unwrap_or(&word.to_lowercase()))
        }
        ActualToken::OtherOp(text) | ActualToken::Ident(text) => format!("`{text}`"),
        ActualToken::Number => "a number".to_owned(),
        ActualToken::String => "a string".to_owned(),
        ActualToken::TextBlock => "a text block".to_owned(),
    }
}

/// The characters of a token that the engine names with a word.
fn symbol(word: &str) -> Option<&'static str> {
    const SYMBOLS: &[(&str, &str)] = &[
        ("Exclam", "!"),
        ("ExclamEq", "!="),
        ("Dollar", "$"),
        ("Percent", "%"),
        ("Amp", "&"),
        ("AmpAmp", "&&"),
        ("LeftParen", "("),
        ("RightParen", ")"),
        ("Asterisk", "*"),
        ("Plus", "+"),
        ("PlusColon", "+:"),
        ("PlusColonColon", "+::"),
        ("PlusColonColonColon", "+:::"),
        ("Comma", ","),
        ("Minus", "-"),
        ("Dot", "."),
        ("Slash", "/"),
        ("Colon", ":"),
        ("ColonColon", "::"),
        ("ColonColonColon", ":::"),
        ("Semicolon", ";"),
        ("Lt", "<"),
        ("LtLt", "<<"),
        ("LtEq", "<="),
        ("Eq", "="),
        ("EqEq", "=="),
        ("Gt", ">"),
        ("GtEq", ">="),
        ("GtGt", ">>"),
        ("LeftBracket", "["),
        ("RightBracket", "]"),
        ("Hat", "^"),
        ("LeftBrace", "{"),
        ("Pipe", "|"),
        ("PipePipe", "||"),
        ("RightBrace", "}"),
        ("Tilde", "~"),
        ("Self_", "self"),
    ];
    SYMBOLS.iter().find(|(name, _)| *name == word).map(|(_, symbol)| *symbol)
}

fn analysing(error: &AnalyzeError) -> (String, SpanId) {
    match error {
        AnalyzeError::UnknownVariable { span, name } => {
            (format!("there is no variable `{name}`"), *span)
        }
        AnalyzeError::SelfOutsideObject { self_span } => {
            ("`self` is not inside a map".to_owned(), *self_span)
        }
        AnalyzeError::SuperOutsideObject { super_span } => {
            ("`super` is not inside a map".to_owned(), *super_span)
        }
        AnalyzeError::DollarOutsideObject { dollar_span } => {
            ("`$` is not inside a map".to_owned(), *dollar_span)
        }
        AnalyzeError::RepeatedLocalName { repeated_span, name, .. } => {
            (format!("`{name}` is defined twice"), *repeated_span)
        }
        AnalyzeError::RepeatedFieldName { repeated_span, name, .. } => {
            (format!("the field `{name}` is defined twice"), *repeated_span)
        }
        AnalyzeError::RepeatedParamName { repeated_span, name, .. } => {
            (format!("the parameter `{name}` is defined twice"), *repeated_span)
        }
        AnalyzeError::PositionalArgAfterNamed { arg_span } => {
            ("an argument without a name follows one with a name".to_owned(), *arg_span)
        }
        AnalyzeError::TextBlockAsImportPath { span } => {
            ("an import's path is not a text block".to_owned(), *span)
        }
        AnalyzeError::ComputedImportPath { span } => {
            ("an import's path must be written out, not computed".to_owned(), *span)
        }
    }
}

/// Explains why a program cannot be evaluated.
pub(super) fn evaluating(kind: &EvalErrorKind) -> Explained {
    let (message, span) = message_of(kind);
    let mut explained =
        Explained { code: &TEMPLATE_FAILED, message, because: "computed here", help: None, span };
    match kind {
        EvalErrorKind::StackOverflow | EvalErrorKind::InfiniteRecursion => {
            explained.code = &TEMPLATE_ENDLESS;
            explained.because = "needs itself";
            explained.help = Some(
                "give the recursion an end, or the field a value that does not need it".to_owned(),
            );
        }
        EvalErrorKind::UnknownObjectField { .. } => {
            explained.code = &TEMPLATE_UNDEFINED;
            explained.because = "no such field";
            explained.help =
                Some("use `std.get(map, field, default)` if it may be missing".to_owned());
        }
        EvalErrorKind::UnknownExtVar { .. } => {
            explained.code = &TEMPLATE_UNDEFINED;
            explained.help = Some("the only one is `std.extVar('rungs')`".to_owned());
        }
        EvalErrorKind::ImportFailed { .. } => explained.code = &INCLUDE_MISSING,
        EvalErrorKind::UnknownCallParam { span: None, .. }
        | EvalErrorKind::TooManyCallArgs { span: None, .. } => {
            explained.code = &WRONG_PARAMETERS;
            explained.because = "called with `rungs` alone";
            explained.help = Some("write `function(rungs) …`".to_owned());
        }
        EvalErrorKind::CallParamNotBound { span: None, .. } => {
            explained.code = &WRONG_PARAMETERS;
            explained.because = "called with `rungs` alone";
            explained.help = Some("give the parameter a default".to_owned());
        }
        EvalErrorKind::ExplicitError { .. } => explained.because = "raised here",
        EvalErrorKind::AssertFailed { .. } => explained.because = "does not hold",
        _ => {}
    }
    explained
}

/// An error's message and its place; no place if only the trace has one.
type Message = (String, Option<SpanId>);

fn message_of(kind: &EvalErrorKind) -> Message {
    type_error(kind)
        .or_else(|| field_error(kind))
        .or_else(|| call_error(kind))
        .or_else(|| arithmetic_error(kind))
        .or_else(|| comparison_error(kind))
        .or_else(|| program_error(kind))
        // Only an error that a later version of the engine adds.
        .unwrap_or_else(|| ("this cannot be computed".to_owned(), None))
}

/// A value does not have the type that its use needs.
fn type_error(kind: &EvalErrorKind) -> Option<Message> {
    use EvalErrorKind as E;
    let (span, got) = match kind {
        E::InvalidIndexedType { span, got_type }
        | E::InvalidSlicedType { span, got_type }
        | E::SliceIndexOrStepIsNotNumber { span, got_type }
        | E::StringIndexIsNotNumber { span, got_type }
        | E::ArrayIndexIsNotNumber { span, got_type }
        | E::ObjectIndexIsNotString { span, got_type }
        | E::FieldNameIsNotString { span, got_type }
        | E::ForSpecValueIsNotArray { span, got_type }
        | E::CondIsNotBool { span, got_type } => (*span, noun(*got_type)),
        _ => return None,
    };
    let message = match kind {
        E::InvalidIndexedType { .. } => format!("{got} has no fields or items"),
        E::InvalidSlicedType { .. } => format!("{got} cannot be sliced"),
        E::SliceIndexOrStepIsNotNumber { .. } => {
            format!("a slice needs numbers, and this is {got}")
        }
        E::StringIndexIsNotNumber { .. } | E::ArrayIndexIsNotNumber { .. } => {
            format!("an index is a number, and this is {got}")
        }
        E::ForSpecValueIsNotArray { .. } => format!("`for` needs a list, and this is {got}"),
        E::CondIsNotBool { .. } => format!("a condition is a boolean, and this is {got}"),
        _ => format!("a field's name is a string, and this is {got}"),
    };
    Some((message, Some(span)))
}

/// A field or an item that cannot be there.
fn field_error(kind: &EvalErrorKind) -> Option<Message> {
    use EvalErrorKind as E;
    let (message, span) = match kind {
        E::NumericIndexIsNotValid { span, index } => (format!("{index} is not an index"), span),
        E::NumericIndexOutOfRange { span, index, length } => {
            (format!("index {index} is out of range for a length of {length}"), span)
        }
        E::RepeatedFieldName { span, name } => {
            (format!("the field `{name}` is defined twice"), span)
        }
        E::UnknownObjectField { span, field_name } => {
            (format!("`{field_name}` is not defined"), span)
        }
        E::FieldOfNonObject { span } => ("only a map has fields".to_owned(), span),
        E::SuperWithoutSuperObject { span } => {
            ("`super` refers to nothing: this map does not extend another".to_owned(), span)
        }
        _ => return None,
    };
    Some((message, Some(*span)))
}

fn call_error(kind: &EvalErrorKind) -> Option<Message> {
    use EvalErrorKind as E;
    Some(match kind {
        E::CalleeIsNotFunction { span, got_type } => {
            (format!("{} cannot be called", noun(*got_type)), *span)
        }
        E::TooManyCallArgs { span, num_params } => {
            (format!("too many arguments: the function takes {num_params}"), *span)
        }
        E::UnknownCallParam { span, param_name } => {
            (format!("the function has no parameter `{param_name}`"), *span)
        }
        E::RepeatedCallParam { span, param_name } => {
            (format!("the argument `{param_name}` is given twice"), *span)
        }
        E::CallParamNotBound { span, param_name } => {
            (format!("the parameter `{param_name}` has no argument"), *span)
        }
        E::NativeCallFailed => ("native functions are not available".to_owned(), None),
        E::InvalidStdFuncArgType { func_name, arg_index, expected_types, got_type } => {
            let wanted: Vec<_> = expected_types.iter().map(|kind| noun(*kind)).collect();
            let (wanted, got) = (wanted.join(" or "), noun(*got_type));
            let argument = arg_index + 1;
            (format!("argument {argument} of `std.{func_name}` is {wanted}, not {got}"), None)
        }
        _ => return None,
    })
}

fn arithmetic_error(kind: &EvalErrorKind) -> Option<Message> {
    use EvalErrorKind as E;
    let (message, span) = match kind {
        E::InvalidUnaryOpType { span, op, rhs_type } => {
            let message = format!("`{}` does not apply to {}", unary(*op), noun(*rhs_type));
            return Some((message, Some(*span)));
        }
        E::InvalidBinaryOpTypes { span, op, lhs_type, rhs_type } => {
            let (left, right) = (noun(*lhs_type), noun(*rhs_type));
            return Some((
                format!("`{}` does not apply to {left} and {right}", binary(*op)),
                *span,
            ));
        }
        E::NumberNotBitwiseSafe { span } => ("a number is too large for bitwise operators", span),
        E::NumberOverflow { span } => ("a number is too large", span),
        E::NumberNan { span } => ("the result is not a number", span),
        E::DivByZero { span } => ("a number is divided by zero", span),
        E::ShiftByNegative { span } => ("bits are shifted by a negative number", span),
        _ => return None,
    };
    Some((message.to_owned(), *span))
}

fn comparison_error(kind: &EvalErrorKind) -> Option<Message> {
    use EvalErrorKind as E;
    let message = match kind {
        E::CompareNullInequality => "nulls have no order".to_owned(),
        E::CompareBooleanInequality => "booleans have no order".to_owned(),
        E::CompareObjectInequality => "maps have no order".to_owned(),
        E::CompareFunctions => "functions cannot be compared".to_owned(),
        E::CompareDifferentTypesInequality { lhs_type, rhs_type } => {
            format!("{} and {} have no order", noun(*lhs_type), noun(*rhs_type))
        }
        E::PrimitiveEqualsNonPrimitive { got_type } => {
            format!("`std.primitiveEquals` does not take {}", noun(*got_type))
        }
        E::AssertEqualFailed { lhs, rhs } => {
            format!("{} is not equal to {}", single_line(lhs), single_line(rhs))
        }
        _ => return None,
    };
    Some((message, None))
}

/// What the program as a whole does wrong, or says itself.
fn program_error(kind: &EvalErrorKind) -> Option<Message> {
    use EvalErrorKind as E;
    Some(match kind {
        E::StackOverflow => ("calls are nested too deep, probably without end".to_owned(), None),
        E::InfiniteRecursion => ("a value needs itself to be computed".to_owned(), None),
        E::AssertFailed { span, message } => {
            let message = message.as_deref().map_or("an assertion does not hold", single_line);
            (message.to_owned(), Some(*span))
        }
        E::ExplicitError { span, message } => (single_line(message).to_owned(), Some(*span)),
        E::ImportFailed { span, path } => (format!("`{path}` cannot be imported"), Some(*span)),
        E::UnknownExtVar { name } => (format!("there is no external variable `{name}`"), None),
        E::ManifestFunction => ("a function cannot be written out".to_owned(), None),
        E::Other { span, message } => (single_line(message).to_owned(), *span),
        _ => return None,
    })
}

/// A message is one sentence; what a program says may be a page.
fn single_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or("an error without a message").trim_end_matches('.')
}

/// The type of a value, as messages name it. A map is not "an object": that is
/// one of Kubernetes'.
fn noun(kind: Type) -> &'static str {
    match kind {
        Type::Null => "null",
        Type::Bool => "a boolean",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Array => "a list",
        Type::Object => "a map",
        Type::Function => "a function",
    }
}

/// As [`noun`], for a value of the result.
pub(super) fn noun_of(value: &ValueKind<'_>) -> &'static str {
    noun(match value {
        ValueKind::Null => Type::Null,
        ValueKind::Bool(_) => Type::Bool,
        ValueKind::Number(_) => Type::Number,
        ValueKind::String(_) => Type::String,
        ValueKind::Array(_) => Type::Array,
        ValueKind::Object(_) => Type::Object,
        ValueKind::Function => Type::Function,
    })
}

fn unary(operator: UnaryOp) -> &'static str {
    match operator {
        UnaryOp::Minus => "-",
        UnaryOp::Plus => "+",
        UnaryOp::BitwiseNot => "~",
        UnaryOp::LogicNot => "!",
    }
}

fn binary(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::In => "in",
        BinaryOp::BitwiseAnd => "&",
        BinaryOp::BitwiseOr => "|",
        BinaryOp::BitwiseXor => "^",
        BinaryOp::LogicAnd => "&&",
        BinaryOp::LogicOr => "||",
    }
}

/// The place of a trace's frame, and what the program does there.
pub(super) fn frame(item: &EvalStackTraceItem) -> (Option<SpanId>, String) {
    use EvalStackTraceItem as Item;
    match item {
        Item::Expr { span } => (Some(*span), "while computing this".to_owned()),
        Item::Call { span, name: Some(name) } => (*span, format!("calling `{name}`")),
        Item::Call { span, name: None } => (*span, "calling this".to_owned()),
        Item::Variable { span, name } => (Some(*span), format!("computing `{name}`")),
        Item::ArrayItem { span, index } => (*span, format!("computing item {index}")),
        Item::ObjectField { span, name } => (*span, format!("computing the field `{name}`")),
        Item::Import { span } => (Some(*span), "importing this".to_owned()),
        Item::CompareArrayItem { .. }
        | Item::CompareObjectField { .. }
        | Item::ManifestArrayItem { .. }
        | Item::ManifestObjectField { .. } => (None, String::new()),
    }
}
