//! The log: on stderr, plain words, `warn` and worse unless asked for more. A gateway writes JSON.

use std::ffi::OsStr;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For a person.
    Words,
    /// A JSON object a line, for whoever gathers logs.
    Json,
}

/// Starts logging by these directives; wrong ones are said and `warn` is taken.
pub(crate) fn start(directives: &str, form: Form) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|error| {
        eprintln!("qd: --log {directives:?} is not understood ({error}); logging warnings");
        EnvFilter::new("warn")
    });
    let colours = colours(std::io::stderr().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let begun = match form {
        Form::Words => log.with_target(false).try_init(),
        Form::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    if begun.is_err() {
        tracing::debug!("logging was started already");
    }
}

/// Only a terminal gets colours, and only where nobody said that there shall be none (<https://no-color.org>).
fn colours(terminal: bool, no_color: Option<&OsStr>) -> bool {
    terminal && no_color.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::colours;
    use std::ffi::OsStr;

    #[test]
    fn a_log_that_no_terminal_reads_is_plain_text() {
        let set = |text: &'static str| Some(OsStr::new(text));
        assert!(colours(true, None) && colours(true, set("")));
        assert!(!colours(false, None) && !colours(true, set("1")) && !colours(false, set("")));
    }
}
