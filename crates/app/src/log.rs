//! The log: on stderr, plain words, `warn` and worse unless asked for more. A gateway writes JSON.

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
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match form {
        Form::Words => log.with_target(false).try_init(),
        Form::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    if begun.is_err() {
        tracing::debug!("logging was started already");
    }
}
