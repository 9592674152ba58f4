//! The hard edits, each a test and a row of `docs/reference/editing.md`.

use rungs::yaml::{Change, NewValue};

use super::{append, append_value, become_yaml, edited, entry, insert, remove, set, within};

/// One edit, with its result.
pub(crate) struct Row {
    /// The name of its test.
    pub(crate) name: &'static str,
    pub(crate) before: &'static str,
    pub(crate) changes: Vec<Change>,
    /// The text afterwards, or the code of the refusal.
    pub(crate) after: Result<&'static str, &'static str>,
}

impl Row {
    fn check(&self) {
        let after = edited(self.before, &self.changes);
        let after = after.map_err(|findings| findings.iter().next().unwrap().code.name);
        assert_eq!(after, self.after.map(str::to_owned));
    }
}

/// Rows that are tests: `name: before, [changes] => after;`
macro_rules! rows {
    ($list:ident: $($name:ident: $before:expr, [$($change:expr),+] => $after:expr;)+) => {
        $(
            #[test]
            fn $name() {
                row::$name().check();
            }
        )+

        mod row {
            use super::*;
            $(
                pub(super) fn $name() -> Row {
                    let changes = vec![$($change),+];
                    Row { name: stringify!($name), before: $before, changes, after: $after }
                }
            )+
        }

        /// Every row, in order.
        pub(crate) fn $list() -> Vec<Row> {
            vec![$(row::$name()),+]
        }
    };
}

rows! { all:
    a_comment_after_the_value_is_kept:
        "image: web:v1  # the front end\n",
        [set("image", "web:v2")] => Ok("image: web:v2  # the front end\n");
    quotes_are_kept:
        "a: 'v1'\nb: \"v1\"\n",
        [set("a", "it's"), set("b", "a \"b\"")] => Ok("a: 'it''s'\nb: \"a \\\"b\\\"\"\n");
    a_tag_that_reads_as_a_number_is_quoted:
        "newTag: v1.9\n",
        [set("newTag", "1.10")] => Ok("newTag: \"1.10\"\n");
    it_is_quoted_as_the_file_quotes:
        "name: 'web'\nnewTag: v1.9\n",
        [set("newTag", "1e3")] => Ok("name: 'web'\nnewTag: '1e3'\n");
    a_commit_that_reads_as_a_number_is_quoted:
        "ref: 3f7a9c1\n",
        [set("ref", "123e456")] => Ok("ref: \"123e456\"\n");
    an_octal_date_or_word_is_quoted:
        "a: x\nb: x\nc: x\n",
        [set("a", "0644"), set("b", "2024-01-31"), set("c", "yes")]
            => Ok("a: \"0644\"\nb: \"2024-01-31\"\nc: \"yes\"\n");
    a_number_becomes_a_text:
        "tag: 1.9 # pinned\n",
        [set("tag", "1.10")] => Ok("tag: \"1.10\" # pinned\n");
    a_whole_number_remains_a_number:
        "tag: 38\nother: v38\n",
        [set("tag", "39"), set("other", "39")] => Ok("tag: 39\nother: \"39\"\n");
    a_whole_number_that_helm_prints_differently_is_quoted:
        "a: 999999\nb: 39\nc: 1000000 # build\nd: 1000000\n",
        [set("a", "1000000"), set("b", "20240131"), set("c", "1000001"), set("d", "999999")]
            => Ok("a: \"1000000\"\nb: \"20240131\"\nc: \"1000001\" # build\nd: 999999\n");
    a_number_that_becomes_another_is_spelled_as_it_came:
        "a: 420\nb: 1.1\nc: [1e6, 2]\nd: 1\n",
        [become_yaml("", "a", "0644\n"), become_yaml("", "b", "1.10\n"),
            become_yaml("", "c", "- 1e6\n- 3\n"), become_yaml("", "d", "\"1\"\n")]
            => Ok("a: 0644\nb: 1.10\nc: [1e6, 3]\nd: \"1\"\n");
    a_file_that_is_a_whole_number_remains_a_number:
        "57555555",
        [set("", "5")] => Ok("5");
    a_new_value_that_is_not_a_whole_number_is_quoted:
        "a: 38\nb: 38\nc: 38\n",
        [set("a", "0644"), set("b", "-1"), set("c", "1e3")] => Ok("a: \"0644\"\nb: \"-1\"\nc: \"1e3\"\n");
    a_key_without_a_value_does_not_take_the_next_keys_colon:
        "a: {b, :c: 1}\nd: {b, :c: 1}\n",
        [set("a.:c", "x"), set("d.b", "x")] => Ok("a: {b, :c: x}\nd: {b: x, :c: 1}\n");
    a_flow_map_remains_on_its_line:
        "image: {repository: web, tag: v1}\n",
        [set("image.tag", "v2")] => Ok("image: {repository: web, tag: v2}\n");
    a_text_with_a_comma_is_quoted_in_a_flow_map:
        "a: {b: c}\n",
        [set("a.b", "x, y")] => Ok("a: {b: \"x, y\"}\n");
    an_anchor_is_kept_and_its_aliases_follow:
        "a: &tag v1\nb: *tag\n",
        [set("a", "v2")] => Ok("a: &tag v2\nb: *tag\n");
    an_alias_is_refused:
        "a: &tag v1\nb: *tag\n",
        [set("b", "v2")] => Err("edit-alias");
    a_key_that_a_merge_brings_is_refused:
        "base: &base\n  tag: v1\nweb:\n  <<: *base\n",
        [set("web.tag", "v2")] => Err("edit-alias");
    a_key_that_a_merge_brings_from_the_same_map_is_refused:
        "web:\n  image: &image {tag: v1}\n  <<: *image\n",
        [set("web.tag", "v2")] => Err("edit-alias");
    a_map_that_is_merged_and_repeats_nothing_is_edited:
        "web:\n  <<: {tag: v1}\n",
        [set("web.tag", "v2")] => Ok("web:\n  <<: {tag: v2}\n");
    a_key_that_a_merge_brings_may_be_overridden:
        "base: &base\n  tag: v1\nweb:\n  name: web\n  <<: *base\n",
        [insert("web", "digest", "sha256:1")]
            => Ok("base: &base\n  tag: v1\nweb:\n  name: web\n  <<: *base\n  digest: sha256:1\n");
    a_string_tag_is_kept:
        "a: !!str 1\n",
        [set("a", "v2")] => Ok("a: !!str v2\n");
    a_tag_of_another_type_than_string_is_refused:
        "a: !!int 1\n",
        [set("a", "v2")] => Err("edit-tag");
    a_block_scalar_of_one_line_is_edited_inside:
        "image: |-  # one\n    web:v1\n\nb: >\n  x\n",
        [set("image", "web:v2"), set("b", "y")] => Ok("image: |-  # one\n    web:v2\n\nb: >\n  y\n");
    a_block_scalar_of_several_lines_is_refused:
        "images: |\n  web:v1\n  cart:v1\n",
        [set("images", "web:v2")] => Err("edit-lines");
    the_yaml_in_a_block_is_edited_as_a_file:
        "a:\n- patch: |-  # one\n    image: web:v1 # the front end\n    tag: 'v1'\n\n    m: 1.9\n  b: x\n",
        [within("a[0].patch", set("image", "web:v2")), within("a[0].patch", set("m", "1.10"))]
            => Ok("a:\n- patch: |-  # one\n    image: web:v2 # the front end\n    tag: 'v1'\n\n    m: '1.10'\n  b: x\n");
    keys_and_items_of_the_yaml_in_a_block_are_added_and_removed:
        "values: |+\n  image:\n    tag: v1\n  \n  l:\n  - a\n  - b\n\n\nb: x\n",
        [within("values", insert("image", "digest", "sha256:1")), within("values", remove("l[0]")),
         within("values", append("l", &[("c", "d")])), set("b", "z")]
            => Ok("values: |+\n  image:\n    tag: v1\n    digest: sha256:1\n  \n  l:\n  - b\n  - c: d\n\n\nb: z\n");
    a_block_with_an_indentation_of_its_own_is_kept:
        "a:\r\n    v: |2-\r\n\r\n      t: v1\r\n      u:\r\n        w: v1\r\n",
        [within("a.v", insert("", "x", "y")), within("a.v", set("u.w", "v2"))]
            => Ok("a:\r\n    v: |2-\r\n\r\n      t: v1\r\n      u:\r\n        w: v2\r\n      x: \"y\"\r\n");
    the_second_document_of_a_block_is_edited:
        "v: |\n  t: v1\n  ---\n  t: v1\n",
        [within("v", set("1:t", "v2"))] => Ok("v: |\n  t: v1\n  ---\n  t: v2\n");
    json_in_a_block_or_in_single_quotes_is_edited:
        "a: |\n  [{\"op\": \"replace\", \"value\": \"x:v1\"}]\nb: '{\"t\": \"v1\"}'\n",
        [within("a", set("[0].value", "x:v2")), within("b", set("t", "v2"))]
            => Ok("a: |\n  [{\"op\": \"replace\", \"value\": \"x:v2\"}]\nb: '{\"t\": \"v2\"}'\n");
    the_yaml_in_a_block_in_a_block_is_edited:
        "a: |\n  b: |\n    t: v1\n    u: v1\n  c: d\n",
        [within("a", within("b", set("t", "v2")))]
            => Ok("a: |\n  b: |\n    t: v2\n    u: v1\n  c: d\n");
    an_anchor_in_a_block_is_kept_and_its_alias_refused:
        "v: |\n  t: &t v1\n  u: *t\n",
        [within("v", set("t", "v2")), within("v", set("u", "v3"))] => Err("edit-alias");
    the_yaml_in_a_folded_text_is_refused:
        "v: >\n  t: v1\n\n  u: v1\n",
        [within("v", set("t", "v2"))] => Err("edit-lines");
    the_yaml_in_quotes_with_escapes_is_refused:
        "v: \"t: v1\\nu: v1\\n\"\n",
        [within("v", set("t", "v2"))] => Err("edit-lines");
    a_block_that_several_places_repeat_is_edited_at_its_anchor:
        "v: &v |\n  t: v1\nw: *v\n",
        [within("v", set("t", "v2")), within("w", set("t", "v2"))] => Err("edit-alias");
    a_template_expression_in_a_block_is_refused:
        "v: |\n  t: '{{ x }}'\n  u: v1\n",
        [within("v", set("u", "v2")), within("v", set("t", "v2"))] => Err("edit-template");
    windows_line_breaks_are_kept:
        "a: v1\r\nb:\r\n  c: v1\r\n",
        [set("a", "v2"), insert("b", "d", "v1")] => Ok("a: v2\r\nb:\r\n  c: v1\r\n  d: v1\r\n");
    a_missing_final_newline_is_not_added:
        "name: web\nnewTag: v1",
        [set("newTag", "v2"), insert("", "digest", "sha256:1")]
            => Ok("name: web\nnewTag: v2\ndigest: sha256:1");
    a_byte_order_mark_is_kept:
        "\u{feff}name: web\ntag: v1\n",
        [set("name", "cart"), insert("", "digest", "sha256:1")]
            => Ok("\u{feff}name: cart\ntag: v1\ndigest: sha256:1\n");
    tabs_and_blanks_after_a_value_are_kept:
        "a: v1\t\nb: v1  \nc: v1\t# c\n",
        [set("a", "v2"), set("b", "v2"), set("c", "v2")] => Ok("a: v2\t\nb: v2  \nc: v2\t# c\n");
    other_documents_are_kept:
        "---\na: v1\n---\n# nothing\n---\na: v1\n...\n",
        [set("1:a", "v2")] => Ok("---\na: v1\n---\n# nothing\n---\na: v2\n...\n");
    equal_names_are_distinguished_by_their_place:
        "- name: web\n  tag: v1\n- name: web\n  tag: v1\n",
        [set("[1].tag", "v2")] => Ok("- name: web\n  tag: v1\n- name: web\n  tag: v2\n");
    other_scripts_are_kept:
        "größe: \"名前\" # ☃\ntag: v1 # é\n",
        [set("tag", "v2"), set("größe", "ñandú")] => Ok("größe: \"ñandú\" # ☃\ntag: v2 # é\n");
    a_missing_value_is_filled_in:
        "image: # none yet\nother: &x\n",
        [set("image", "web:v1"), set("other", "z")] => Ok("image: web:v1 # none yet\nother: &x z\n");
    a_template_expression_is_refused:
        "image: \"{{ .Values.image }}\"\n",
        [set("image", "web:v1")] => Err("edit-template");
    a_template_file_is_refused:
        "{{- if .Values.on }}\nimage: web:v1\n{{- end }}\n",
        [set("image", "web:v2")] => Err("edit-template");
    a_digest_goes_after_the_tag:
        "images:\n- name: web\n  newTag: v1 # tag\n  # about cart\n- name: cart\n",
        [insert("images[0]", "digest", "sha256:1")]
            => Ok("images:\n- name: web\n  newTag: v1 # tag\n  digest: sha256:1\n  # about cart\n- name: cart\n");
    a_new_tag_goes_after_the_new_name:
        "images:\n  - name: web\n    newName: shop/web\n    digest: sha256:1\n",
        [insert("images[0]", "newTag", "v1")]
            => Ok("images:\n  - name: web\n    newName: shop/web\n    newTag: v1\n    digest: sha256:1\n");
    a_key_goes_into_a_flow_map_with_its_spacing:
        "a: { repository: web,  tag: v1 } # c\nb: {\"tag\":\"v1\"}\n",
        [insert("a", "digest", "sha256:1"), insert("b", "digest", "sha256:1")]
            => Ok("a: { repository: web,  tag: v1,  digest: sha256:1 } # c\nb: {\"tag\":\"v1\",\"digest\":\"sha256:1\"}\n");
    a_key_goes_into_a_flow_map_of_several_lines:
        "{\n  \"tag\": \"v1\", # t\n  \"x\": 1 # x\n}\n",
        [insert("", "digest", "sha256:1"), insert("", "y", "z")]
            => Ok("{\n  \"tag\": \"v1\", # t\n  \"digest\": \"sha256:1\",\n  \"x\": 1, # x\n  \"y\": \"z\"\n}\n");
    an_empty_map_becomes_lines:
        "image: {} # none\nb: 1\n",
        [insert("image", "tag", "v1")] => Ok("image: # none\n  tag: v1\nb: 1\n");
    a_null_becomes_a_list:
        "images: # none\nresources:\n  - a\n",
        [append("images", &[("name", "web"), ("newTag", "v1")])]
            => Ok("images: # none\n  - name: web\n    newTag: v1\nresources:\n  - a\n");
    missing_maps_are_made:
        "a:\n    b: 1\n",
        [insert("a.image.spec", "tag", "v1")]
            => Ok("a:\n    b: 1\n    image:\n        spec:\n            tag: v1\n");
    an_empty_file_is_begun:
        "# values\n",
        [insert("image", "tag", "v1"), insert("image", "digest", "sha256:1")]
            => Ok("# values\nimage:\n  tag: v1\n  digest: sha256:1\n");
    an_item_is_aligned_with_the_others:
        "images:\n  -   name: \"web\"\n      newTag: v1 # c\n# end\n",
        [append("images", &[("name", "cart"), ("newTag", "1.0")])]
            => Ok("images:\n  -   name: \"web\"\n      newTag: v1 # c\n  -   name: \"cart\"\n      newTag: \"1.0\"\n# end\n");
    an_item_goes_into_a_flow_list:
        "images: [{name: web}]\n",
        [append("images", &[("name", "cart")])] => Ok("images: [{name: web}, {name: cart}]\n");
    a_list_of_lists_grows_inside:
        "- - name: a\n  - name: b\n- []\n",
        [append("[0]", &[("name", "c")]), append("[1]", &[("name", "d")])]
            => Ok("- - name: a\n  - name: b\n  - name: c\n- - name: d\n");
    an_item_may_have_maps_in_it:
        "l:\r\n  - state: { web: v1 } # one\r\n    by: 'bob'",
        [append_value("l", entry())]
            => Ok("l:\r\n  - state: { web: v1 } # one\r\n    by: 'bob'\r\n  - state:\r\n      web: v2\r\n    by: 'ana'");
    an_item_with_maps_in_it_goes_into_a_flow_list:
        "l: [{state: {web: v1}, by: bob}, ] # l\n",
        [append_value("l", entry())]
            => Ok("l: [{state: {web: v1}, by: bob}, {state: {web: v2}, by: ana}, ] # l\n");
    an_item_may_be_a_text_of_several_lines:
        "l:\n- one\n# about m\nm: []\n",
        [append_value("l", NewValue::text("two\n\nlines\n")), append_value("m", NewValue::text("a\nb"))]
            => Ok("l:\n- one\n- |\n  two\n\n  lines\n# about m\nm:\n- |-\n  a\n  b\n");
    in_a_list_that_is_the_document_an_item_goes_after_the_last_comment:
        "---\n- state: { web: v1 }\n  by: bob\n\n# the end\n\n...\n",
        [append_value("", entry())]
            => Ok("---\n- state: { web: v1 }\n  by: bob\n\n# the end\n- state:\n    web: v2\n  by: ana\n\n...\n");
    an_empty_list_that_is_the_document_keeps_its_brackets:
        "[ ] # none\n",
        [append_value("", entry())] => Ok("[{state: {web: v2}, by: ana}] # none\n");
    an_empty_file_becomes_a_list:
        "# none yet",
        [append_value("", entry()), append("", &[("by", "bob")])]
            => Ok("# none yet\n- state:\n    web: v2\n  by: ana\n- by: bob");
    a_line_is_removed_and_the_comment_above_is_kept:
        "a: 1\n# about b\nb: 2 # two\nc: 3\n",
        [remove("b")] => Ok("a: 1\n# about b\nc: 3\n");
    the_first_key_of_an_item_is_removed:
        "- name: web\n  tag: v1\n",
        [remove("[0].name")] => Ok("- tag: v1\n");
    a_part_of_a_flow_map_is_removed:
        "a: {b: 1, c: 2, d: 3}\n",
        [remove("a.b"), remove("a.d")] => Ok("a: {c: 2}\n");
    an_item_is_removed_with_its_lines:
        "- a: 1 # a\n# about b\n-\n  b: |\n    c\n\n    d\n- e: 1\n",
        [remove("[1]")] => Ok("- a: 1 # a\n# about b\n- e: 1\n");
    an_item_of_a_flow_list_is_removed:
        "[{a: 1}, {b: 2}, # two\n {c: 3}]\n",
        [remove("[0]"), remove("[1]")] => Ok("[{b: 2} # two\n ]\n");
    a_comment_about_another_item_of_a_flow_list_is_kept:
        "[a, # a\n # about b\n b, # b\n c]\n",
        [remove("[0]"), remove("[1]")] => Ok("[\n # about b\n b # b\n ]\n");
    an_item_that_is_repeated_is_not_removed:
        "- &a v1\n- *a\n",
        [remove("[0]")] => Err("edit-unsafe");
    the_last_key_leaves_an_empty_map:
        "image: # c\n  # tag\n  tag: v1\nb: 1\n",
        [remove("image.tag")] => Ok("image: {} # c\n  # tag\nb: 1\n");
    the_last_line_without_a_newline_is_removed:
        "a: 1\r\nb: 2",
        [remove("b")] => Ok("a: 1");
    a_value_becomes_another_and_equal_parts_are_kept:
        "flags: # all\n  beta: true # b\n  old: 1\n  names: [a,  b]\n  text: 'x'\n",
        [become_yaml("", "flags", "beta: true\nnames:\n- a\n- b\n- c\ntext: z\nnew:\n  deep: 1.10\n")]
            => Ok("flags: # all\n  beta: true # b\n  names: [a,  b,  c]\n  text: 'z'\n  new:\n    deep: 1.10\n");
    a_map_becomes_a_list_and_a_scalar_a_map:
        "a:\n  b: 1\nc: 2 # two\n",
        [become_yaml("", "a", "- x\n- q: z\n"), become_yaml("", "c", "d: e\n")]
            => Ok("a:\n- x\n- q: z\nc: # two\n  d: e\n");
    a_comment_is_kept_out_of_a_text_that_takes_its_place:
        "l:\n- {} # after\nm:\n  x: 1 # one\n",
        [become_yaml("", "l", "- a: |\n    two\n    lines\n"), become_yaml("", "m", "- |\n  two\n  lines\n")]
            => Ok("l:\n- a: | # after\n    two\n    lines\nm:\n- | # one\n  two\n  lines\n");
    an_empty_map_becomes_an_item:
        "l:\n- a\n",
        [become_yaml("", "l", "- a\n- {}\n- []\n")] => Ok("l:\n- a\n- {}\n- []\n");
    a_map_without_brackets_in_a_list_is_refused:
        "l: [a: b]\n",
        [insert("l[0]", "c", "d")] => Err("edit-place");
    items_between_equal_ones_are_removed_and_added:
        "l:\n- a # a\n- b # b\n- c # c\nm:\n- q\n",
        [become_yaml("", "l", "- a\n- c\n"), become_yaml("", "m", "- x\n- q\n- z\n")]
            => Ok("l:\n- a # a\n- c # c\nm:\n- x\n- q\n- z\n");
}
