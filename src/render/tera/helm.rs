//! What people write who know Helm's templates, and what it is called here.

use std::ops::Range;

use super::scan::{self, PartKind, TemplatePart, TeraToken, TeraTokenKind};

/// A piece of Go's template language in a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HelmForm {
    pub(super) span: Range<usize>,
    pub(super) help: String,
}

/// The first piece of Go's template language in the `{{ … }}` or `{% … %}` at that
/// offset.
pub(super) fn helm_form(source: &str, at: usize) -> Option<HelmForm> {
    let parts = scan::parts(source);
    let has_code = |part: &&TemplatePart| matches!(part.kind, PartKind::Print | PartKind::Tag);
    // An error at the end of a part may be reported after it.
    let part = parts.iter().filter(has_code).rfind(|part| part.span.start <= at)?;
    let tokens = scan::tokens(source, part.inner.clone());
    let code = HelmCode { source, tokens: &tokens, is_print: part.kind == PartKind::Print };
    (0..tokens.len()).find_map(|index| code.form(index))
}

/// What a function or filter of Helm's is called here, by its name.
pub(super) fn helm_word(name: &str) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| *word == name).map(|(_, help)| *help)
}

/// Go's and Helm's functions, and what to write instead.
const WORDS: &[(&str, &str)] = &[
    ("and", "write `a and b`"),
    ("b64enc", "write `… | b64encode`"),
    ("coalesce", "write `a or b`, or `… | default(value=…)`"),
    ("dict", "write a map as `{\"key\": value}`"),
    ("eq", "write `a == b`"),
    ("fail", "write `{{ throw(message=\"…\") }}`"),
    ("ge", "write `a >= b`"),
    ("gt", "write `a > b`"),
    ("hasKey", "write `map.key is defined`"),
    ("include", "write `{% include \"_file.tera\" %}`, or call a component"),
    ("le", "write `a <= b`"),
    ("len", "write `… | length`"),
    ("list", "write a list as `[a, b]`"),
    ("lookup", "a template does not see the cluster: write what it needs into `values`"),
    ("lt", "write `a < b`"),
    ("ne", "write `a != b`"),
    ("not", "write `not a`"),
    ("or", "write `a or b`"),
    ("printf", "join texts with `~`: `\"a-\" ~ values.x`"),
    ("required", "leave it out: what is printed must be defined"),
    ("sha256sum", "write `… | sha256`"),
    ("squote", "write `… | quote`"),
    ("ternary", "write `a if condition else b`"),
    ("toJson", "write `… | to_yaml`, whose maps and lists a YAML file takes as well"),
    ("toString", "write `… | str`"),
    ("toYaml", "write `{{ … | to_yaml | nindent(width=4) }}`"),
    ("tpl", "values are not templates: write the expression into the template itself"),
    ("trimPrefix", "write `… | trim_start(pat=\"…\")`"),
    ("trimSuffix", "write `… | trim_end(pat=\"…\")`"),
    ("trunc", "write `… | truncate(length=63, end=\"\")`"),
];

/// Go's keywords, which it has in `{{ … }}`.
const KEYWORDS: &[(&str, &str)] = &[
    ("block", "write `{% block name %} … {% endblock %}`"),
    ("define", "put it into a file of its own and `{% include \"_file.tera\" %}` it"),
    ("else", "write `{% else %}`"),
    ("end", "write `{% endif %}` or `{% endfor %}`"),
    ("if", "write `{% if … %} … {% endif %}`"),
    ("range", "write `{% for item in … %} … {% endfor %}`"),
    ("template", "write `{% include \"_file.tera\" %}`"),
    ("with", "write `{% if … %} … {% endif %}`, with the whole path inside"),
];

/// Filters with the name of the argument that they usually have.
pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    ("default", "value"),
    ("get", "key"),
    ("group_by", "attribute"),
    ("indent", "width"),
    ("join", "sep"),
    ("nindent", "width"),
    ("nth", "n"),
    ("round", "precision"),
    ("split", "pat"),
    ("trim", "pat"),
    ("trim_end", "pat"),
    ("trim_start", "pat"),
    ("truncate", "length"),
];

struct HelmCode<'s> {
    source: &'s str,
    tokens: &'s [TeraToken],
    is_print: bool,
}

impl HelmCode<'_> {
    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &self.source[token.span.clone()])
    }

    fn symbol(&self, index: usize, symbol: char) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == TeraTokenKind::Symbol(symbol))
    }

    fn is_name(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == TeraTokenKind::Name)
    }

    /// Whether nothing is between a token and the one before it.
    fn is_joined(&self, index: usize) -> bool {
        let before = index.checked_sub(1).map(|before| &self.tokens[before]);
        before.is_some_and(|before| before.span.end == self.tokens[index].span.start)
    }

    fn form(&self, index: usize) -> Option<HelmForm> {
        let (end, help) = self.found(index)?;
        let span = self.tokens[index].span.start..self.tokens[end].span.end;
        Some(HelmForm {
            span,
            help: format!("this is Helm's language, and Tera is another: {help}"),
        })
    }

    /// The last token of a piece that starts at that one, and what to do.
    fn found(&self, index: usize) -> Option<(usize, String)> {
        if self.symbol(index, '/') && self.symbol(index + 1, '*') {
            return Some((index + 1, "write a comment as `{# … #}`".to_owned()));
        }
        if self.symbol(index, '$') {
            return Some(self.variable(index));
        }
        if self.symbol(index, '.') && !self.is_joined(index) {
            return Some(self.field(index));
        }
        let name = self.word(index);
        if !self.is_name(index) {
            return None;
        }
        if self.is_print
            && index == 0
            && let Some((_, help)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == name)
        {
            return Some((index, (*help).to_owned()));
        }
        if index.checked_sub(1).is_some_and(|before| self.symbol(before, '|'))
            && let Some(found) = self.argument(index)
        {
            return Some(found);
        }
        let is_tag = !self.is_print && index == 0;
        let is_field = index.checked_sub(1).is_some_and(|before| self.symbol(before, '.'));
        // `a and b` is Tera's; only what Go has before its arguments is not.
        let is_infix = matches!(name, "and" | "or" | "not") && (index > 0 || name == "not");
        if is_tag || is_field || is_infix {
            return None;
        }
        let starts_call = index == 0 || self.symbol(index - 1, '|') || self.symbol(index - 1, '(');
        let help = helm_word(name).filter(|_| starts_call)?;
        let is_known_here = matches!(self.word(index + 1), "=" | "." | "[" | "" | "|" | "==");
        (!is_known_here || helm_only(name)).then(|| (index, help.to_owned()))
    }

    /// `$x := …` or `$.Values`
    fn variable(&self, index: usize) -> (usize, String) {
        if self.is_name(index + 1) && self.symbol(index + 2, ':') {
            let name = self.word(index + 1);
            return (index + 1, format!("write `{{% set {name} = … %}}`"));
        }
        if self.symbol(index + 1, '.') {
            let (end, help) = self.field(index + 1);
            return (end, help);
        }
        (index, "a variable is written without the `$`".to_owned())
    }

    /// `.Values.x`, `.Release.Name`, `.x` or `.`
    fn field(&self, index: usize) -> (usize, String) {
        let mut end = index;
        while self.is_name(end + 1) && self.is_joined(end + 1) {
            end += 1;
            if !(self.symbol(end + 1, '.') && self.is_joined(end + 1)) {
                break;
            }
            end += 1;
        }
        let rest = |from: usize| match (self.tokens.get(from), self.tokens.get(end)) {
            (Some(first), Some(last)) if from <= end => {
                self.source[first.span.start..last.span.end].to_owned()
            }
            _ => String::new(),
        };
        let help = match (self.word(index + 1), self.word(index + 3)) {
            ("Values", _) => format!("write `values{}`", rest(index + 2)),
            ("Release" | "Chart", "Name") => "write `app`".to_owned(),
            ("Release", "Namespace") => "write `namespace`".to_owned(),
            ("Chart", "AppVersion") => "write `images[\"NAME\"].tag`".to_owned(),
            ("Release" | "Chart" | "Capabilities" | "Template", _) => {
                "a template sees `app`, `environment`, `namespace`, `labels`, `images` and `values`"
                    .to_owned()
            }
            ("Files", _) => "read files with `file(path=\"…\")` and `files(glob=\"…\")`".to_owned(),
            _ => "there is no `.` here: name the item of a loop, as in `{% for item in … %}`, and \
                  write `item` and the whole path"
                .to_owned(),
        };
        (end, help)
    }

    /// `| nindent 4` and `| default "x"`, or the same with brackets around the argument.
    fn argument(&self, index: usize) -> Option<(usize, String)> {
        let filter = self.word(index);
        let (_, name) = ARGUMENTS.iter().find(|(known, _)| *known == filter)?;
        let is_bracketed = self.symbol(index + 1, '(');
        let at = index + 1 + usize::from(is_bracketed);
        let token = self.tokens.get(at)?;
        let is_value = !matches!(token.kind, TeraTokenKind::Symbol(_));
        let is_named = self.symbol(at + 1, '=') && !self.symbol(at + 2, '=');
        let given = &self.source[token.span.clone()];
        (is_value && !is_named && (is_bracketed || !matches!(given, "if" | "and" | "or" | "is")))
            .then(|| {
                let is_path = self.symbol(at + 1, '.') || self.symbol(at + 1, '[');
                let given = if is_path { "…" } else { given };
                (at, format!("arguments have names: write `{filter}({name}={given})`"))
            })
    }
}

/// Whether a word has no meaning of its own here.
fn helm_only(name: &str) -> bool {
    !matches!(
        name,
        "list" | "dict" | "include" | "fail" | "len" | "required" | "and" | "or" | "not"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Option<(&str, String)> {
        let form = helm_form(source, source.len() / 2)?;
        let help = form.help.rsplit_once("another: ").unwrap().1.to_owned();
        Some((&source[form.span], help))
    }

    #[test]
    fn what_helm_calls_it_is_answered() {
        for (source, piece, help) in [
            ("{{ .Values.x.y }}", ".Values.x.y", "write `values.x.y`"),
            ("{{- $.Values.x }}", "$.Values.x", "write `values.x`"),
            ("{{ .Release.Name }}", ".Release.Name", "write `app`"),
            ("{{ toYaml values.m }}", "toYaml", "write `{{ … | to_yaml | nindent(width=4) }}`"),
            ("{{ values.m | toYaml }}", "toYaml", "write `{{ … | to_yaml | nindent(width=4) }}`"),
            ("{{ x | nindent(4) }}", "nindent(4", "arguments have names: write `nindent(width=4)`"),
            ("{{ x | indent 4 }}", "indent 4", "arguments have names: write `indent(width=4)`"),
            (
                "{{ x | default \"y\" }}",
                "default \"y\"",
                "arguments have names: write `default(value=\"y\")`",
            ),
            ("{{ if values.x }}", "if", "write `{% if … %} … {% endif %}`"),
            ("{{ end }}", "end", "write `{% endif %}` or `{% endfor %}`"),
            ("{{/* a */}}", "/*", "write a comment as `{# … #}`"),
            ("{{ $x := 1 }}", "$x", "write `{% set x = … %}`"),
            ("{{ printf \"%s\" x }}", "printf", "join texts with `~`: `\"a-\" ~ values.x`"),
            (
                "{{ include \"web.labels\" . }}",
                "include",
                "write `{% include \"_file.tera\" %}`, or call a component",
            ),
        ] {
            assert_eq!(found(source), Some((piece, help.to_owned())), "{source}");
        }
    }

    #[test]
    fn what_is_teras_is_not_taken_for_helms() {
        for source in [
            "{{ values.m | to_yaml | nindent(width=4) }}",
            "{{ values.list }}",
            "{{ a and b or not c }}",
            "{% include \"_a.tera\" %}",
            "{% if values.end %}",
            "{{ values.x | default(value=\"y\") | trim }}",
            "{{ values.len.or }}",
            "{{ list.a }}",
            "{{ values.x | round if y else z }}",
        ] {
            assert_eq!(found(source), None, "{source}");
        }
    }
}
