//! The log: on stderr, plain words, `warn` and worse unless asked for more.

use tracing_subscriber::EnvFilter;

/// Starts logging by these directives; wrong ones are said and `warn` is taken.
pub(crate) fn start(directives: &str) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|error| {
        eprintln!("qd: --log {directives:?} is not understood ({error}); logging warnings");
        EnvFilter::new("warn")
    });
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if log.try_init().is_err() {
        tracing::debug!("logging was started already");
    }
}
