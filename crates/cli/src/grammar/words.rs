//! Words that mean something else where they stand: `tap start`, `--output FILE` of `tap image`, and what Wireshark says
//! to a capture program, which has no commands.

use clap::ValueEnum;
use std::ffi::OsString;

use super::Output;

/// The words as the grammar takes them.
#[must_use]
pub fn reworded(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    if words.iter().skip(1).any(|word| is_extcap(&word.to_string_lossy())) {
        words.insert(1, "extcap".into());
        return words;
    }
    // `tap start` is `tap`
    let word = |at: usize, text: &str| words.get(at).is_some_and(|word| word == text);
    if let Some(at) = (1..words.len()).find(|at| word(*at, "tap"))
        && word(at + 1, "start")
    {
        words.remove(at + 1);
    }
    let commands: Vec<&OsString> = words.iter().skip(1).filter(|word| !starts_with_dash(word)).collect();
    let is_image = matches!(commands.as_slice(), [tap, image, ..] if *tap == "tap" && *image == "image");
    if is_image {
        image(&mut words);
    }
    words
}

fn starts_with_dash(word: &OsString) -> bool {
    word.to_string_lossy().starts_with('-')
}

/// `--extcap-interfaces`, and `--capture` as Wireshark says it.
fn is_extcap(word: &str) -> bool {
    word.starts_with("--extcap-")
}

/// `--output agent.tar` names a file where it names no form of output.
fn image(words: &mut [OsString]) {
    let is_form = |text: &str| Output::from_str(text, true).is_ok();
    let mut before = false;
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        let text = word.to_string_lossy();
        if std::mem::take(&mut before) && !is_form(&text) {
            found = Some((at - 1, OsString::from("--to")));
        }
        before = matches!(text.as_ref(), "--output" | "-o");
        if let Some(file) = text.strip_prefix("--output=").filter(|file| !is_form(file)) {
            found = Some((at, OsString::from(format!("--to={file}"))));
        }
    }
    if let Some((at, word)) = found
        && let Some(place) = words.get_mut(at)
    {
        *place = word;
    }
}

#[cfg(test)]
mod tests;
