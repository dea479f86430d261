//! How much a line of a log weighs, as far as it shows. Pure.

use serde_json::Value;

/// How much a line weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// By one of its usual names.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "trace" | "debug" | "dbg" | "verbose" => Self::Debug,
            "info" | "information" | "notice" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "err" | "fatal" | "panic" | "critical" | "crit" | "alert" | "emerg" | "severe" => Self::Error,
            _ => return None,
        })
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// Of a line: by its member or field for it, by the letter that klog begins with, by a word at its beginning. What says nothing tells.
    pub(super) fn of(line: &str) -> Self {
        let line = line.trim_start();
        member(line).or_else(|| field(line)).or_else(|| klog(line)).or_else(|| word(line)).unwrap_or(Self::Info)
    }
}

/// `{"level":"warn"}`
fn member(line: &str) -> Option<Level> {
    if !line.starts_with('{') {
        return None;
    }
    let object: Value = serde_json::from_str(line).ok()?;
    ["level", "lvl", "severity", "log.level"].iter().find_map(|name| Level::named(object.get(name)?.as_str()?))
}

/// `… level=warn …`
fn field(line: &str) -> Option<Level> {
    let mut pairs = line.split_ascii_whitespace().filter_map(|part| part.split_once('='));
    let value = pairs.find(|(name, _)| matches!(*name, "level" | "lvl" | "severity"))?.1;
    Level::named(value.trim_matches('"'))
}

/// `W0102 03:04:05.000000`
fn klog(line: &str) -> Option<Level> {
    let (letter, rest) = line.split_at_checked(1)?;
    let day = rest.get(..4)?;
    if !day.bytes().all(|byte| byte.is_ascii_digit()) || !rest.get(4..)?.starts_with(' ') {
        return None;
    }
    match letter {
        "I" => Some(Level::Info),
        "W" => Some(Level::Warn),
        "E" | "F" => Some(Level::Error),
        _ => None,
    }
}

/// A word in capitals, in brackets, or before a colon, among the first few.
fn word(line: &str) -> Option<Level> {
    line.split_ascii_whitespace().take(WORDS).find_map(|part| {
        let bare = part.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let marked = part.starts_with('[') || part.starts_with('<') || part.ends_with(':');
        let capitals = bare.len() > 2 && bare.bytes().all(|byte| byte.is_ascii_uppercase());
        (marked || capitals).then(|| Level::named(bare)).flatten()
    })
}

/// Words of a line that are looked at.
const WORDS: usize = 6;

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn gn_05b_a_line_says_what_it_weighs() {
        let table = [
            (r#"{"level":"warn","msg":"x"}"#, Level::Warn),
            (r#"{"severity":"ERROR"}"#, Level::Error),
            (r#"{"msg":"no level"}"#, Level::Info),
            (r#"time=2026 level=debug msg="an error""#, Level::Debug),
            (r#"lvl="error" msg=x"#, Level::Error),
            ("W0102 03:04:05.000000 1 x.go:1] hm", Level::Warn),
            ("2026-01-02 03:04:05 ERROR it broke", Level::Error),
            ("2026/01/02 03:04:05 [warn] 7#7: hm", Level::Warn),
            ("error: it broke", Level::Error),
            ("there was no error at all", Level::Info),
            ("INFORMATION DEBUG", Level::Info),
            ("TRACE x", Level::Debug),
            ("", Level::Info),
            ("ö", Level::Info),
        ];
        for (line, level) in table {
            assert_eq!(Level::of(line), level, "{line}");
        }
        assert!(Level::Error > Level::Warn && Level::Info > Level::Debug);
    }
}
