//! Lines of a given width.

/// Breaks a text at spaces into lines of at most `width` characters. A longer word and
/// what is in backquotes, such as a command, are left whole, so that they can be copied.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(open) if open.matches('`').count() % 2 == 1 => {
                open.push(' ');
                open.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    if let Some(open) = words.pop_if(|last| last.matches('`').count() % 2 == 1) {
        words.extend(open.split(' ').map(str::to_owned));
    }
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A name in at most `width` characters: of a longer one the start and the end, of which the
/// end says more.
pub fn abbreviated(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.to_owned();
    }
    let kept = width.saturating_sub(1);
    let start: String = name.chars().take(kept / 3).collect();
    let end: String = name.chars().skip(length - (kept - kept / 3)).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_left_whole_and_a_lone_backquote_is_no_command() {
        let text = "fetch it with `git fetch --unshallow origin` first";
        assert_eq!(wrapped(text, 24), ["fetch it with", "`git fetch --unshallow origin`", "first"]);
        assert_eq!(wrapped("a ` tag with one of them", 12), ["a ` tag with", "one of them"]);
    }

    #[test]
    fn a_long_name_is_shortened_in_the_middle() {
        assert_eq!(abbreviated("spec.values.image.tag", 13), "spec…mage.tag");
        assert_eq!(abbreviated("image.tag", 9), "image.tag");
    }
}
