//! The grammar of `qd ws forward`.

use super::{NameArgs, ReachArgs};
use clap::Args;
use std::path::PathBuf;

/// `qd ws forward`
#[derive(Clone, Debug, Args)]
pub struct ForwardArgs {
    /// Which
    #[command(flatten)]
    pub which: NameArgs,
    /// When it does not run
    #[command(flatten)]
    pub reach: ReachArgs,
    /// [HERE:]THERE: ports, or paths of unix sockets; a port alone is the same here, and 0 is any that is free
    #[arg(value_name = "[HERE:]THERE", value_parser = here, required_unless_present = "listen")]
    pub forwards: Vec<Forward>,
    /// A unix socket that is made in the workspace, and what answers there: THERE:HERE
    #[arg(long, short = 'R', value_name = "THERE:HERE", value_parser = there)]
    pub listen: Vec<Forward>,
}

/// Where one end is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A port of the loopback.
    Port(u16),
    /// A unix socket.
    Socket(PathBuf),
}

/// What is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// On this machine.
    pub here: Place,
    /// In the workspace.
    pub there: Place,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Port(port) => write!(f, "port {port}"),
            Self::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

fn place(text: &str) -> Result<Place, String> {
    if text.starts_with('/') {
        return Ok(Place::Socket(text.into()));
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|_| digits);
    port.map(Place::Port).ok_or_else(|| format!("{text:?} is neither a port nor a whole path"))
}

fn here(text: &str) -> Result<Forward, String> {
    let (here, there) = match text.split_once(':') {
        Some((here, there)) => (place(here)?, place(there)?),
        None => (place(text)?, place(text)?),
    };
    if there == Place::Port(0) {
        return Err("there is no port 0".to_owned());
    }
    if here == there && matches!(here, Place::Socket(_)) {
        return Err("say where the socket is to be here: HERE:THERE".to_owned());
    }
    Ok(Forward { here, there })
}

fn there(text: &str) -> Result<Forward, String> {
    let (there, here) = text.split_once(':').ok_or("say what answers there: THERE:HERE")?;
    let (there, here) = (place(there)?, place(here)?);
    if !matches!(there, Place::Socket(_)) {
        return Err("a workspace is given a unix socket: its whole path".to_owned());
    }
    if here == Place::Port(0) {
        return Err("there is no port 0".to_owned());
    }
    Ok(Forward { here, there })
}

pub(super) const EX_FORWARD: &str = "Until Control-C. Sockets are those that the workspace's user may use.

Examples:
  qd ws forward api 8080                       127.0.0.1:8080 here is port 8080 there
  qd ws forward api 0:5432 9229                any free port for 5432, and 9229
  qd ws forward api 2375:/var/run/docker.sock  a port here is a unix socket there
  qd ws forward api /tmp/db.sock:/run/db.sock  a unix socket here is one there
  qd ws forward api -R /tmp/agent.sock:$SSH_AUTH_SOCK   a unix socket there is one here";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::{Forward, Place};
    use crate::grammar::workspace::WorkspaceCommand;
    use crate::grammar::{Cli, Command};
    use clap::Parser;

    fn parse(words: &str) -> Option<(Vec<Forward>, Vec<Forward>)> {
        let all = ["qd", "ws", "forward"].into_iter().chain(words.split(' '));
        match Cli::try_parse_from(all).ok()?.command? {
            Command::Ws(command) => match *command {
                WorkspaceCommand::Forward(args) => Some((args.forwards, args.listen)),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ac_71w_ports_and_sockets_are_said_as_here_and_there() {
        let (port, socket) = (Place::Port, |path: &str| Place::Socket(path.into()));
        let one = |here, there| Some((vec![Forward { here, there }], vec![]));
        assert_eq!(parse("w 8080"), one(port(8080), port(8080)));
        assert_eq!(parse("w 0:8080"), one(port(0), port(8080)));
        assert_eq!(parse("w 2375:/run/d.sock"), one(port(2375), socket("/run/d.sock")));
        assert_eq!(parse("w /a:/b"), one(socket("/a"), socket("/b")));
        assert_eq!(parse("w /a:80"), one(socket("/a"), port(80)));
        let listen = Some((vec![], vec![Forward { here: port(22), there: socket("/b") }]));
        assert_eq!(parse("w -R /b:22"), listen);
        for wrong in ["w", "w x", "w +80", "w 80:0", "w 65536", "w /a", "w -R 80:81", "w -R /b", "w -R /b:0", "w a:b:c"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
