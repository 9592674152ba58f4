//! Texts that a template prints without quotes.

use crate::templates::{finding, render, rendered, shown, text};

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\n";

fn manifest(line: &str) -> String {
    format!("{OBJECT}{line}\n")
}

/// The findings of a template with that line.
fn findings(line: &str, values: &str) -> String {
    match render(&[("a.yaml.tera", &manifest(line))], values) {
        Ok(_) => String::new(),
        Err(findings) => shown(&findings),
    }
}

#[track_caller]
fn refuses(line: &str, values: &str) {
    let findings = findings(line, values);
    assert!(findings.starts_with("unquoted-print: "), "{line} with {values}: {findings:?}");
}

#[track_caller]
fn takes(line: &str, values: &str) {
    assert_eq!(findings(line, values), "", "{line} with {values}");
}

#[test]
fn a_text_that_is_read_as_something_else_is_an_error_at_both_lines() {
    let body = manifest("v: {{ values.version }}");
    let refused = render(&[("a.yaml.tera", &body)], "a: 1\nversion: \"553640e6\"\n");
    insta::assert_snapshot!(text(&finding(refused)), @r"
    unquoted-print: the text `553640e6` is printed without quotes, and read as a number
      at templates/web/a.yaml.tera:3:4: printed without quotes
      at environments/qa/web.yaml:2:10: `values.version` is set here
      help: print it with `| quote`; if a number is meant, set it without quotes; rendered, the line is `v: 553640e6`
    ");
    let refused = render(&[("a.yaml.tera", &body)], "version: \"yes\"\n");
    insta::assert_snapshot!(text(&finding(refused)), @r"
    unquoted-print: the text `yes` is printed without quotes, and read as a boolean
      at templates/web/a.yaml.tera:3:4: printed without quotes
      at environments/qa/web.yaml:1:10: `values.version` is set here
      help: print it with `| quote`; if a boolean is meant, set it without quotes; rendered, the line is `v: yes`
    ");
    let refused = render(&[("a.yaml.tera", &body)], "version: \"a #b\"\n");
    insta::assert_snapshot!(text(&finding(refused)), @r"
    unquoted-print: the text `a #b` is printed without quotes, and read as another text
      at templates/web/a.yaml.tera:3:4: printed without quotes
      at environments/qa/web.yaml:1:10: `values.version` is set here
      help: print it with `| quote`; rendered, the line is `v: a #b`
    ");
    let refused = render(&[("a.yaml.tera", &body)], "version: \"[x]\"\n");
    insta::assert_snapshot!(text(&finding(refused)), @r"
    unquoted-print: the text `[x]` is printed without quotes, and read as a list
      at templates/web/a.yaml.tera:3:4: printed without quotes
      at environments/qa/web.yaml:1:10: `values.version` is set here
      help: print it with `| quote`; if a list is meant, set it as one, and print it with `| to_yaml`; rendered, the line is `v: [x]`
    ");
    let refused = render(&[("a.yaml.tera", &body)], "version: \"\"\n");
    insta::assert_snapshot!(text(&finding(refused)), @r"
    unquoted-print: an empty text is printed without quotes, and read as null
      at templates/web/a.yaml.tera:3:4: printed without quotes
      at environments/qa/web.yaml:1:10: `values.version` is set here
      help: print it with `| quote`; rendered, the line is `v:`
    ");
}

#[test]
fn every_text_that_does_not_read_as_itself_is_refused() {
    for value in [
        "yes", "0644", "a #b", "1.10", "553640e6", "null", "~", "[x]", "{x}", "", "1_000", " x",
        "x ", "1", "true", "Off", "0x1F", "1e3", "+1", ".5", "'x'", "!x", "&x",
    ] {
        refuses("v: {{ values.v }}", &format!("v: \"{value}\"\n"));
    }
}

#[test]
fn wherever_a_text_is_a_whole_scalar_it_is_refused() {
    let values = "v: \"1.10\"\nm: { a: \"1.10\" }\nl: [v1, \"1.10\"]\n";
    for line in [
        "v:\n  - {{ values.v }}",
        "v:\n  - - {{ values.v }}",
        "v: {a: {{ values.v }}, b: 1}",
        "v: [{{ values.v }}]",
        "{{ values.v }}: x",
        "v: {{ values.v }} # a comment",
        "v: {{ values.v ~ \"\" }}",
        "v: {{ values.v | upper }}",
        "v: {{ values.v | default(value=\"x\") }}",
        "v: {{ values.m.a }}",
        "v: {% for x in [values.v] %}{{ x }}{% endfor %}",
        "v:\n{%- for x in values.l %}\n  - {{ x }}\n{%- endfor %}",
        "v:\n{%- for k, x in values.m %}\n  {{ k }}: {{ x }}\n{%- endfor %}",
        "v: {% if values.v %}{{ values.v }}{% endif %}",
        "v:\n  {%- filter nindent(width=2) %}\na: {{ values.v }}\n{%- endfilter %}",
        "v: {{ \"v1.10\" | trim_start(pat=\"v\") }}",
    ] {
        refuses(line, values);
    }
}

#[test]
fn images_are_texts_too_and_are_shown_where_they_are_set() {
    // The tag of this image is 7.2.
    refuses("v: {{ images[\"redis-leader\"].tag }}", "");
    refuses("v:\n{%- for k, i in images %}\n  {{ k }}: {{ i.tag }}\n{%- endfor %}", "");
    takes("v: {{ images.web.tag }}", "");
}

#[test]
fn a_text_that_stays_one_may_be_printed_without_quotes() {
    let values = "v: \"1.10\"\nw: v1\nd: \"2024-01-31\"\nnum: 3\nb: true\nu: ~\nl: [a, b]\n\
                  m: { a: x, b: \"y z\" }\ntext: |\n  a: 1\n  b: 2\ne: \"\"\nurl: \"http://a/b?c=d#e\"\n";
    for line in [
        "v: {{ values.w }}",
        "v: {{ values.d }}",
        "v: {{ values.num }}",
        "v: {{ values.b }}",
        "v: {{ values.u }}",
        "v: {{ values.url }}",
        "v: v{{ values.v }}",
        "v: {{ values.v }}-x",
        "v: \"{{ values.v }}\"",
        "v: '{{ values.v }}'",
        "v: {{ values.v | quote }}",
        "v: {{ values.v | to_yaml }}",
        "v: {{ values.v | float }}",
        "v: {{ values.l | to_yaml | nindent(width=2) }}",
        "v:\n{%- for k, x in values.m %}\n  {{ k }}: {{ x }}\n{%- endfor %}",
        "v: |\n  port: {{ values.v }}\n  {{ values.e }}",
        "v: >-\n  {{ values.v }}",
        "{{ values.text }}",
        "v:\n  {{- values.text | nindent(width=2) }}",
        "v: a{{ values.e }}\n{{ values.e }}",
        "v: {{ \"true\" if values.b else \"false\" }}",
        "v: {{ values.missing | default(value=\"5\") }}",
        "{% set port = \"80\" %}v: {{ port }}",
        "{% set port %}{{ values.num }}{% endset %}v: {{ port }}",
        "{% set port %}80{% endset %}v: {{ port }}",
        "v: {{ <Port number=\"80\" /> }}{% component Port(number) %}{{ number }}{% endcomponent %}",
        "# {{ values.v }}\nv: 1",
    ] {
        takes(line, values);
    }
}

#[test]
fn json_is_judged_as_yaml_is() {
    let body = "{\"apiVersion\": \"v1\", \"v\":{{ values.v }}}";
    let refused = render(&[("a.json.tera", body)], "v: \"1.10\"\n").unwrap_err();
    assert!(shown(&refused).starts_with("unquoted-print"), "{}", shown(&refused));
    assert!(rendered(&[("a.json.tera", body)], "v: 2\n").contains("v: 2"));
}

#[test]
fn every_text_of_every_file_is_reported() {
    let body = manifest("v: {{ values.v }}\nw: {{ values.w }}");
    let found = render(&[("a.yaml.tera", &body), ("b.yaml.tera", &body)], "v: \"1\"\nw: \"no\"\n");
    assert_eq!(found.unwrap_err().len(), 4);
}

#[test]
fn a_text_printed_in_an_included_file_is_found_there() {
    let body = manifest("{% include \"_part.tera\" %}");
    let files = [("a.yaml.tera", body.as_str()), ("_part.tera", "v: {{ values.v }}")];
    let found = text(&finding(render(&files, "v: \"1\"\n")));
    assert!(found.contains("templates/web/_part.tera:1:4"), "{found}");
}
