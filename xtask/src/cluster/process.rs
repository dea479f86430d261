//! Processes of a cluster: started with a mark in their environment, found again by it.
//!
//! The mark is the cluster's folder. It is there from the first instruction of a process and passes on to its children, so no
//! crash and no Ctrl-C can separate a process from the cluster it belongs to; and it needs no root. What runs in containers has
//! no mark but lives in the node's process namespace, which ends with its first process (see `sandbox`).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::layout::Layout;
use super::sandbox;
use crate::tasks::proc;

/// The environment variable that holds the folder of the cluster that a process belongs to.
pub(crate) const MARK: &str = "QUARTERDECK_CLUSTER";

/// A process that carries the mark of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Marked {
    pub(crate) pid: i32,
    /// Whether it is the first process of the node's process namespace.
    pub(crate) holder: bool,
    pub(crate) command: String,
}

/// Every process of the cluster in `dir`, this one excepted.
pub(crate) fn marked(dir: &Path) -> Result<Vec<Marked>> {
    let pids = carrying(MARK, dir.as_os_str())?;
    let look = |pid: i32| {
        let folder = Path::new("/proc").join(pid.to_string());
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        Marked { pid, holder: is_first(&status), command: command_line(&folder) }
    };
    Ok(pids.into_iter().map(look).collect())
}

/// Every process, but this one, in whose environment a variable has this value.
pub(crate) fn carrying(name: &str, value: &OsStr) -> Result<Vec<i32>> {
    let mark = [name.as_bytes(), b"=", value.as_bytes()].concat();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("cannot read /proc")? {
        let Ok(entry) = entry else { continue };
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        // a process that ended meanwhile, or another user's, cannot be read
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        if environment.split(|&byte| byte == 0).any(|one| one == mark) && pid as u32 != std::process::id() {
            found.push(pid);
        }
    }
    Ok(found)
}

/// A command that will run where the cluster is: in its node's namespaces, or simply on this machine.
pub(crate) fn inside(layout: &Layout, program: impl AsRef<OsStr>) -> Result<Command> {
    if !layout.node {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("nsenter");
    command.arg("--target").arg(sandbox::holder(layout)?.to_string());
    command.args(["--net", "--mount", "--pid", "--"]).arg(program);
    Ok(command)
}

/// The parts that one `up` started, each watched for an early end.
pub(crate) struct Parts<'a> {
    layout: &'a Layout,
    started: Vec<(String, Child)>,
}

impl<'a> Parts<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Self {
        Self { layout, started: Vec::new() }
    }

    /// Starts a part in the background; it outlives this program. Its output goes to its log.
    pub(crate) fn start(&mut self, part: &str, command: &Command) -> Result<()> {
        proc::check()?;
        let path = self.layout.log(part);
        let mut log = File::options().create(true).append(true).open(&path)?;
        writeln!(log, "# {}", proc::show(command))?;
        let child = Command::new("setsid")
            .arg(command.get_program())
            .args(command.get_args())
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env(MARK, self.layout.dir())
            .env_remove("KUBECONFIG")
            .current_dir(self.layout.dir())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {part}"))?;
        self.started.push((part.to_owned(), child));
        Ok(())
    }

    /// Runs a command to its end, but no longer than every part lives.
    pub(crate) fn wait_for(&mut self, command: &mut Command) -> Result<()> {
        command.env(MARK, self.layout.dir()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut waiting = proc::spawn(command)?;
        loop {
            if let Some(status) = waiting.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                let said = waiting.wait_with_output()?.stderr;
                bail!("{} ({})", String::from_utf8_lossy(&said).trim(), self.logs());
            }
            if let Err(error) = self.check() {
                proc::stop(&mut waiting);
                return Err(error);
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
    }

    /// An error when a part has ended, or when we are asked to end.
    pub(crate) fn check(&mut self) -> Result<()> {
        proc::check()?;
        for (part, child) in &mut self.started {
            if let Some(status) = child.try_wait()? {
                let path = self.layout.log(part);
                let log = fs::read_to_string(&path).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let tail = lines.iter().skip(lines.len().saturating_sub(8)).copied().collect::<Vec<_>>().join("\n");
                bail!("{part} ended with {status}; the end of {}:\n{tail}", path.display());
            }
        }
        Ok(())
    }

    fn logs(&self) -> String {
        format!("logs are in {}", self.layout.dir().join("log").display())
    }
}

/// Whether a `/proc/PID/status` is that of the first process of a namespace below ours.
fn is_first(status: &str) -> bool {
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    let mut ids = ids.split_whitespace();
    ids.next().is_some() && ids.next_back() == Some("1")
}

fn command_line(folder: &Path) -> String {
    let words = fs::read(folder.join("cmdline")).unwrap_or_default();
    let words = words.split(|&byte| byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
