//! Opening the user's browser. The URL goes to the opener as an argument, but holds only a code that works once.

use std::process::{Command, Stdio};

/// Asks the desktop to open the URL; what it says goes nowhere. `false` when there is nothing to ask.
pub(crate) fn open(url: &str) -> bool {
    let openers: &[(&str, &[&str])] = if cfg!(target_os = "macos") {
        &[("open", &[])]
    } else if cfg!(windows) {
        &[("rundll32", &["url.dll,FileProtocolHandler"])]
    } else {
        &[("xdg-open", &[]), ("wslview", &[])]
    };
    openers.iter().any(|(program, args)| {
        let mut command = Command::new(program);
        command.args(*args).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(mut child) => {
                std::thread::spawn(move || child.wait());
                true
            }
            Err(_) => false,
        }
    })
}
