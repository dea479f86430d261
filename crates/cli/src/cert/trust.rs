//! Who trusts the authority: the machine's list of authorities, and that of Chromium and Firefox in this account.

use super::CertError;
use pki::Local;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A list of trusted authorities: a folder of files, and the program that takes them in.
struct Store {
    folder: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

/// Has the authority trusted, or trusted no more; what was done, in lines.
pub(super) fn change(local: &Local, remove: bool) -> Result<Vec<String>, CertError> {
    let mut done = vec![if cfg!(target_os = "macos") { keychain(local, remove)? } else { system(local, remove)? }];
    done.extend(browsers(local, remove));
    Ok(done)
}

fn system(local: &Local, remove: bool) -> Result<String, CertError> {
    let path = local.root_path();
    let store = STORES.iter().find(|store| Path::new(store.folder).is_dir() && found(store.program));
    let store = store.ok_or_else(|| CertError::NoStore(path.display().to_string()))?;
    let file = Path::new(store.folder).join(format!("{}.crt", local.name().replace(' ', "-").to_lowercase()));
    let changed = if remove { std::fs::remove_file(&file) } else { std::fs::write(&file, local.root()) };
    match changed {
        Ok(()) => {}
        Err(error) if remove && error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let folder = path.parent().unwrap_or(&path).display();
            let (file, path) = (file.display(), path.display());
            let take_in = format!("{} {}", store.program, store.arguments.join(" "));
            let command = if remove {
                format!("sudo rm {file} && sudo {}", take_in.trim())
            } else {
                format!("sudo cp {path} {file} && sudo {}", take_in.trim())
            };
            return Err(CertError::Denied { place: folder.to_string(), message: error.to_string(), command });
        }
        Err(error) => {
            return Err(CertError::Program { program: file.display().to_string(), message: error.to_string() });
        }
    }
    run(store.program, store.arguments.iter().map(|word| (*word).to_owned()))?;
    let done = if remove { "no longer trusts" } else { "trusts" };
    Ok(format!("this machine {done} {:?} ({})", local.name(), file.display()))
}

fn keychain(local: &Local, remove: bool) -> Result<String, CertError> {
    const KEYCHAIN: &str = "/Library/Keychains/System.keychain";
    let path = local.root_path().display().to_string();
    let words = if remove {
        vec!["remove-trusted-cert", "-d", &path]
    } else {
        vec!["add-trusted-cert", "-d", "-r", "trustRoot", "-k", KEYCHAIN, &path]
    };
    run("security", words.iter().map(|word| (*word).to_owned()))?;
    let done = if remove { "no longer trusts" } else { "trusts" };
    Ok(format!("this machine {done} {:?}", local.name()))
}

/// The databases of browsers, where the program that changes them is there. Failures are said: the machine's own list is
/// changed by then.
fn browsers(local: &Local, remove: bool) -> Vec<String> {
    let Some(home) = std::env::var_os("HOME").map(PathBuf::from) else { return Vec::new() };
    let database = home.join(".pki/nssdb");
    if !database.is_dir() {
        return Vec::new();
    }
    let place = format!("sql:{}", database.display());
    if !found("certutil") {
        return vec![format!(
            "browsers keep a list of their own in {place}: install certutil (libnss3-tools) and run this again"
        )];
    }
    let root = local.root_path().display().to_string();
    let words = if remove {
        vec!["-d", &place, "-D", "-n", local.name()]
    } else {
        vec!["-d", &place, "-A", "-t", "C,,", "-n", local.name(), "-i", &root]
    };
    let told = match run("certutil", words.iter().map(|word| (*word).to_owned())) {
        Ok(()) if remove => format!("browsers no longer trust it ({place})"),
        Ok(()) => format!("browsers trust it ({place})"),
        Err(error) => format!("browsers: {error}"),
    };
    vec![told]
}

fn run(program: &str, arguments: impl Iterator<Item = String>) -> Result<(), CertError> {
    let failed = |message: String| CertError::Program { program: program.to_owned(), message };
    let done = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let done = done.map_err(|error| failed(error.to_string()))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(failed(said.trim().chars().take(500).collect()))
}

/// Whether a program is there.
fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).any(|folder| folder.join(program).is_file())
}

/// Of Debian and Alpine, of Fedora, of Arch.
const STORES: &[Store] = &[
    Store { folder: "/usr/local/share/ca-certificates", program: "update-ca-certificates", arguments: &[] },
    Store { folder: "/etc/pki/ca-trust/source/anchors", program: "update-ca-trust", arguments: &["extract"] },
    Store { folder: "/etc/ca-certificates/trust-source/anchors", program: "trust", arguments: &["extract-compat"] },
];
