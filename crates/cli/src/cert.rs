//! `qd cert`: certificates of this machine's own authority, and who trusts it.

mod trust;

use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::cert::{CertCommand, MakeArgs};
use base::{Code, Coded};
use pki::Local;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
enum CertError {
    #[error(transparent)]
    Pki(#[from] pki::Error),
    /// Nothing that keeps trusted authorities was found.
    #[error("no list of trusted authorities was found on this machine: have {0} trusted by hand")]
    NoStore(String),
    /// This account may not change it.
    #[error("{place}: {message}; whoever may change it runs `{command}`")]
    Denied { place: String, message: String, command: String },
    /// A program that is needed failed.
    #[error("{program} failed: {message}")]
    Program { program: String, message: String },
}

impl Coded for CertError {
    fn code(&self) -> Code {
        match self {
            Self::Pki(pki::Error::Name(_)) => Code::BadRequest,
            Self::Pki(_) | Self::NoStore(_) => Code::ConfigInvalid,
            Self::Denied { .. } => Code::FileDenied,
            Self::Program { .. } => Code::Internal,
        }
    }
}

/// Runs `qd cert …` on the authority of this folder.
///
/// # Errors
/// When a host is none, a file cannot be written, or the machine does not let it be trusted.
pub fn cert(command: &CertCommand, folder: &Path, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let now = SystemTime::now();
    let local = Local::open(folder, now).map_err(|error| Error::of(CertError::Pki(error)))?;
    match command {
        CertCommand::Make(args) => make(&local, args, now, output, out),
        CertCommand::Trust(args) => {
            for line in trust::change(&local, args.remove).map_err(Error::of)? {
                writeln!(out, "{line}")?;
            }
            Ok(())
        }
        CertCommand::Show => Ok(write!(out, "{}", local.root())?),
    }
}

fn make(local: &Local, args: &MakeArgs, now: SystemTime, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let first = args.hosts.first().map(String::as_str).unwrap_or_default();
    // `*` and `:` are no part of the names of files everywhere
    let name: String =
        first.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' }).collect();
    let file =
        |said: &Option<PathBuf>, end: &str| said.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.{end}")));
    let (certificate, key) = (file(&args.cert, "pem"), file(&args.key, "key"));
    let written = local.issue(&args.hosts, now).and_then(|pair| {
        pki::write_pair(&pair, &certificate, &key)?;
        Ok(pair)
    });
    let pair = written.map_err(|error| Error::of(CertError::Pki(error)))?;
    let until = pair.until.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let until = i64::try_from(until).ok().and_then(|until| jiff::Timestamp::from_second(until).ok());
    let until = until.map(|until| until.to_string()).unwrap_or_default();
    if matches!(output, Output::Json | Output::Jsonl) {
        let told = json!({
            "certificate": certificate, "key": key, "hosts": args.hosts, "until": until, "authority": local.root_path(),
        });
        writeln!(out, "{told}")?;
    } else {
        writeln!(out, "certificate {}", certificate.display())?;
        writeln!(out, "key         {}", key.display())?;
        writeln!(out, "until       {until}")?;
        writeln!(out, "authority   {}", local.root_path().display())?;
    }
    Ok(())
}
