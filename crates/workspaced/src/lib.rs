//! The daemon of a workspace: what `qd-agent workspaced` runs in a pod, as its first process or below another.
//!
//! ```text
//! config.yaml ─▶ accounts ─▶ listeners ─▶ scripts, apps
//!                               │
//!        kbox, check ──▶ local socket (REST, by the peer's uid)
//! ```
//!
//! The daemon is one thread. It is root with three capabilities (change owner, user and group), so what belongs to the
//! user is done by processes of the user ([`start`]). Every process that ends below it is reaped in [`children`].
//! Everything that grows has a limit. The crate holds no `unsafe`.

mod accounts;
mod activity;
mod apps;
mod ask;
mod boot;
mod canary;
mod channels;
mod check;
mod children;
mod config;
mod connection;
mod credentials;
mod daemon;
mod egress;
mod engine;
mod feeds;
mod install;
mod kbox;
mod kept;
mod link;
mod local;
mod locks;
mod log;
mod orphans;
mod output;
mod ports;
mod processes;
mod relay;
mod rest;
mod screen;
mod scripts;
mod secure;
mod sftp;
mod shells;
mod sockets;
mod start;
mod streams;
mod sysinfo;
mod terminal;
mod unix;
mod upward;
mod used;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Why a command of the daemon failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The words after the command are none that it takes.
    #[error("wrong usage")]
    Words,
    /// The configuration cannot be carried out.
    #[error("{path}: {why}")]
    Config {
        /// Its file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A program could not be started.
    #[error("cannot start {program}: {source}")]
    Program {
        /// Which one.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The daemon said no.
    #[error("{message}")]
    Said {
        /// In snake case.
        code: String,
        /// For people.
        message: String,
    },
    /// What is wrong was printed already, as its reader wants it.
    #[error("")]
    Told,
    /// The daemon does not answer, or is not ready.
    #[error("{0}")]
    NotReady(String),
    /// The system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was wanted.
        what: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn system(what: String) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}

/// How the daemon's commands are written.
pub const USAGE: &str = "\
usage: qd-agent install DIR                copy this program to DIR, and its other names to DIR/bin
       qd-agent workspaced [--config F]    serve the workspace that F describes (/etc/quarterdeck/config.yaml)
       qd-agent workspaced relay           carry standard streams to the daemon here
       qd-agent workspaced check           exit code 0 when the daemon here is ready";

/// Carries out the words after `workspaced`.
#[must_use]
pub fn run(words: &[OsString]) -> ExitCode {
    let (first, rest) = match words.split_first() {
        Some((first, rest)) => (first.to_str().unwrap_or_default(), rest),
        None => ("", words),
    };
    let done = match first {
        "" => boot::run(Path::new(CONFIG)),
        "--config" => match rest {
            [file] => boot::run(Path::new(file)),
            _ => Err(Error::Words),
        },
        "inside" => boot::run_inside(Path::new(CONFIG), Path::new(INSIDE)),
        "relay" => relay::run(rest),
        "check" => check::run(rest),
        "start" => Err(start::become_program(rest)),
        "sftp" => sftp::run(),
        "cwd" => processes::folder_by_words(rest),
        "sockets" => sockets::look_by_words(rest),
        "socket" => unix::run(rest),
        "signal" => processes::signal_by_words(rest),
        "has" => return apps::has_by_words(rest),
        "flag" => return scripts::flag_by_words(rest),
        "keep" => return kept::keep_by_words(rest),
        "kept" => return kept::kept_by_words(rest),
        "close" => return engine::close_by_words(rest),
        _ => Err(Error::Words),
    };
    end(done)
}

/// Carries out what the program is called as, when that is one of its other names.
#[must_use]
pub fn run_as(name: &str, words: &[OsString]) -> Option<ExitCode> {
    match name {
        "sftp-server" => Some(end(sftp::run())),
        "kbox" | "uptime" | "last" | "shutdown" => Some(match kbox::run(name, words) {
            Err(Error::Words) => {
                eprintln!("{KBOX}");
                ExitCode::from(2)
            }
            done => end(done),
        }),
        name => credentials::Asker::by_name(name).map(|asker| end(credentials::run(asker, words))),
    }
}

/// Carries out the words after `install`.
#[must_use]
pub fn install_by_words(words: &[OsString]) -> ExitCode {
    let done = match words {
        [dir] => install::install(Path::new(dir)),
        _ => Err(Error::Words),
    };
    end(done)
}

fn end(done: Result<(), Error>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Words) => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            if !matches!(error, Error::Told) {
                eprintln!("qd-agent: {error}");
            }
            ExitCode::from(match error {
                // as shells say it of a program that is not there, or is none
                Error::Program { source, .. } if source.kind() == std::io::ErrorKind::NotFound => 127,
                Error::Program { .. } => 126,
                _ => 1,
            })
        }
    }
}

/// How `kbox` is written.
const KBOX: &str = "\
usage: kbox identity | user [name|email|uid] | info | uptime | splash | last | ports
       kbox streams [--sort created|-created]
       kbox attach [ID] [--take]           look at a shell; the one that was detached last unless named
       kbox detach [ID] [--ttl SECONDS]    leave a shell running; this one unless named
       kbox apps [list] | install APP [--force] | start APP | stop APP | restart APP | logs APP [-f]
       kbox logs [-f]                      what the daemon did
       kbox credentials git|registry|kubernetes [HOST]
       kbox keep --for 2h [--reason WHY]   it is not stopped meanwhile though nobody uses it; 0 ends that
       kbox validate FILE                  check a blueprint
       kbox passwd                         how the password is changed
       kbox shutdown [--delete]            end the workspace; its files stay, unless all is to be deleted
each with --json, --socket PATH";

/// Where the operator puts the configuration.
const CONFIG: &str = "/etc/quarterdeck/config.yaml";
/// Where sockets of the daemon inside the main container stand, when the daemon of the pod is beside it.
const INSIDE: &str = "/run/quarterdeck/main";
/// Where the local socket stands unless the configuration says another folder.
const SOCKET: &str = "/run/quarterdeck/agent.sock";
