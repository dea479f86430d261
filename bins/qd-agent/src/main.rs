//! `qd-agent`: what runs in pods. The capture reads no configuration and no environment: all it needs stands in its
//! arguments. The daemon of a workspace reads one file. Each image holds only the duties that it is for.

use std::ffi::OsString;
use std::process::ExitCode;

#[cfg(feature = "capture")]
mod capture;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    #[cfg(feature = "workspaced")]
    if let Some(code) = called_as().and_then(|name| workspaced::run_as(&name, &words)) {
        return code;
    }
    match words.first().and_then(|word| word.to_str()) {
        #[cfg(feature = "workspaced")]
        Some("workspaced") => return workspaced::run(words.get(1..).unwrap_or_default()),
        #[cfg(feature = "workspaced")]
        Some("install") => return workspaced::install_by_words(words.get(1..).unwrap_or_default()),
        Some("version") => {
            println!("qd-agent {}{PROTOCOLS}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    #[cfg(feature = "capture")]
    if let Some(code) = capture::run(&words) {
        return code;
    }
    eprintln!("{}", USAGE.join("\n"));
    ExitCode::from(2)
}

/// The last part of the name that the program was started by.
#[cfg(feature = "workspaced")]
fn called_as() -> Option<String> {
    let first = std::env::args_os().next()?;
    Some(std::path::Path::new(&first).file_name()?.to_string_lossy().into_owned())
}

const PROTOCOLS: &str = if cfg!(feature = "capture") { " protocol qd.capture/1" } else { "" };

const USAGE: &[&str] = &[
    #[cfg(feature = "capture")]
    capture::USAGE,
    #[cfg(feature = "workspaced")]
    workspaced::USAGE,
    "usage: qd-agent version",
];
