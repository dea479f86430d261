//! From the configuration to a daemon that serves, and from a signal to an orderly end.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use proto::workspace::{Config, Profile};
use rustix::fs::FlockOperation;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use crate::accounts::Account;
use crate::children::Children;
use crate::daemon::Daemon;
use crate::log::Log;
use crate::{
    Error, accounts, activity, config, egress, engine, kept, link, local, orphans, processes, scripts, secure,
};

/// Serves until it is asked to end.
///
/// # Errors
/// When the configuration or the image does not allow it.
pub(crate) fn run(path: &Path) -> Result<(), Error> {
    let config = config::read(path)?;
    let place = if config.profile == Profile::Service { Place::Beside } else { Place::First };
    start(config, place)
}

/// Serves inside the main container of a pod whose daemon stands beside it, until that container ends.
///
/// # Errors
/// When another one serves here already, or the container does not allow it.
pub(crate) fn run_inside(path: &Path, folder: &Path) -> Result<(), Error> {
    let wrong = || Error::system(format!("cannot serve in {}", folder.display()));
    let mut config = config::read(path)?;
    config.listen = String::new();
    config.runtime_dir = folder.display().to_string();
    fs::create_dir_all(folder).map_err(wrong())?;
    let lock = fs::File::create(folder.join("lock")).map_err(wrong())?;
    // held until the process ends: there is one at a time
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| wrong()(error.into()))?;
    let _ = rustix::process::setsid(); // whoever started it goes; one that leads a session already is fine
    start(config, Place::Inside)
}

/// Where a daemon stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is the first process of the main container, or below it, and makes the account.
    First,
    /// In a container of its own: sessions, scripts and apps are another's.
    Beside,
    /// In the main container, which is another's: everything runs as the container's account.
    Inside,
}

fn start(config: Config, place: Place) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::system("no runtime".to_owned()))?;
    runtime.block_on(serve(config, place))
}

async fn serve(config: Config, place: Place) -> Result<(), Error> {
    let log = Arc::new(Log::new());
    let children = Children::default();
    let first = std::process::id() == 1;
    if !first {
        // orphans come to the daemon instead of the image's first process
        rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(1))
            .map_err(|error| Error::system("orphans cannot be taken in".to_owned())(error.into()))?;
    }
    let mut asked = asked_to_end()?;
    let reaping = tokio::spawn(children.clone().reap());
    let root = rustix::process::geteuid().is_root();
    let account = if root && config.profile == Profile::Shell {
        accounts::make(Path::new("/"), &config.user, &log)?
    } else {
        accounts::found(Path::new("/"), &config.user, &log)
    };
    links(&config, root, &log);
    let (account, image) = if place == Place::Inside { inside(account) } else { (account, given(&config.env_from)) };
    let daemon = Daemon::new(config, account, log, children, secure::keys()?, image);
    if root {
        engine::folders(&daemon);
    }
    let listening = local::listen(&daemon)?;
    let linking = link::listen(&daemon)?;
    let port = secure::listen(&daemon).await?;
    daemon.log.info("daemon", format!("{} is ready", daemon.config.workspace.name));
    let serving = tokio::spawn(local::serve(daemon.clone(), listening));
    let linked = tokio::spawn(link::serve(daemon.clone(), linking));
    let open = port.map(|port| tokio::spawn(secure::serve(daemon.clone(), port)));
    // inside the main container another daemon of the pod listens
    let leading = (place != Place::Inside).then(|| tokio::spawn(egress::serve(daemon.clone())));
    let watching = tokio::spawn(orphans::watch(daemon.clone()));
    let counting = tokio::spawn(activity::watch(daemon.clone()));
    let giving = root.then(|| tokio::spawn(engine::socket(daemon.clone())));
    let starting = tokio::spawn({
        let daemon = daemon.clone();
        async move {
            // beside the main container there is nothing that they could run
            if place != Place::Beside {
                let apps = kept::load(&daemon).await;
                scripts::run(&daemon).await;
                daemon.apps.begin(&daemon);
                kept::resume(&daemon, &apps).await;
            }
        }
    });
    tokio::select! {
        () = asked.wait() => daemon.log.info("daemon", "asked to end"),
        () = daemon.stopped() => daemon.log.info("daemon", "ends by itself"),
    }
    if place != Place::Beside {
        kept::store(&daemon).await;
    }
    starting.abort();
    watching.abort();
    counting.abort();
    if let Some(leading) = leading {
        leading.abort();
    }
    if let Some(giving) = giving {
        giving.abort();
    }
    daemon.stop.send_replace(true);
    end_all(&daemon).await;
    serving.abort();
    linked.abort();
    if let Some(open) = open {
        open.abort();
    }
    reaping.abort();
    daemon.log.info("daemon", "ended");
    Ok(())
}

/// What is handed on of the daemon's own environment.
fn given(names: &[String]) -> BTreeMap<String, String> {
    names.iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?))).collect()
}

/// Whose container it is, and what stands in its environment.
fn inside(found: Account) -> (Account, BTreeMap<String, String>) {
    let image: BTreeMap<String, String> = std::env::vars().collect();
    let home = Some(found.home.clone()).filter(|home| home.is_dir());
    let home = home.or_else(|| image.get("HOME").map(PathBuf::from).filter(|home| home.is_dir()));
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    (Account { uid, gid, home: home.unwrap_or_else(|| "/".into()), ..found }, image)
}

/// The signals that ask the daemon to end.
struct Asked([tokio::signal::unix::Signal; 2]);

impl Asked {
    async fn wait(&mut self) {
        let [end, interrupt] = &mut self.0;
        tokio::select! {
            _ = end.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

fn asked_to_end() -> Result<Asked, Error> {
    let on = |kind| signal(kind).map_err(Error::system("signals cannot be heard".to_owned()));
    Ok(Asked([on(SignalKind::terminate())?, on(SignalKind::interrupt())?]))
}

/// Asks everything below to end, and ends what has not within the grace.
async fn end_all(daemon: &Daemon) {
    let grace = Duration::from_secs(daemon.config.grace_seconds.into());
    let until = Instant::now() + grace;
    let ask = |pids: Vec<i32>, with| async move {
        processes::signal(&daemon.children, &daemon.account, with, &pids).await;
    };
    let below = || processes::descendants().iter().map(|process| process.pid).collect::<Vec<i32>>();
    // a shell ends by the first of these alone, most others by the second
    ask(below(), Signal::HUP).await;
    ask(below(), Signal::TERM).await;
    loop {
        let left = below();
        if left.is_empty() {
            return;
        }
        if Instant::now() >= until {
            daemon.log.warn("daemon", format!("{} processes did not end within {} s", left.len(), grace.as_secs()));
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..20 {
        let left = below();
        if left.is_empty() {
            return;
        }
        ask(left, Signal::KILL).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Names under which other programs look for sockets. What cannot be made is told and nothing more.
fn links(config: &Config, root: bool, log: &Log) {
    let own = config.runtime_dir == "/run/quarterdeck";
    if !root || !own || config.profile != Profile::Shell {
        return;
    }
    let engine = Some(config.engine_socket.as_str()).filter(|path| !path.is_empty());
    let agent = Some(crate::SOCKET);
    for (link, to) in [("/var/run/docker.sock", engine), ("/var/run/k8shelld.sock", agent)] {
        let Some(to) = to else { continue };
        if fs::symlink_metadata(link).is_ok_and(|meta| !meta.is_symlink()) {
            log.warn("daemon", format!("{link} is there already and no link"));
            continue;
        }
        let _ = fs::remove_file(link);
        if let Err(error) = symlink(to, link) {
            log.warn("daemon", format!("{link} cannot lead to {to}: {error}"));
        }
    }
}
