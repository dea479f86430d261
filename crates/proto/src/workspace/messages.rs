//! The messages. Numbers are never used again; unknown fields are skipped.

use bytes::Bytes;

/// One frame in either direction.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Frame {
    /// Which channel it is about; 0 is the connection. Callers number channels, and use no number twice.
    #[prost(uint32, tag = "1")]
    pub channel: u32,
    /// What it says.
    #[prost(oneof = "Body", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21")]
    pub body: Option<Body>,
}

/// What a frame says.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Body {
    /// Caller: who it is.
    #[prost(message, tag = "10")]
    Hello(Hello),
    /// Daemon: who it is.
    #[prost(message, tag = "11")]
    Welcome(Welcome),
    /// Caller: opens the channel.
    #[prost(message, tag = "12")]
    Open(Open),
    /// Daemon: it is open.
    #[prost(message, tag = "13")]
    Opened(Opened),
    /// Daemon: it is not.
    #[prost(message, tag = "14")]
    Refused(Refused),
    /// Both: bytes.
    #[prost(message, tag = "15")]
    Data(Data),
    /// Both: so many bytes more may be sent.
    #[prost(uint64, tag = "16")]
    Credit(u64),
    /// Both: nothing more comes on this stream.
    #[prost(uint32, tag = "17")]
    Eof(u32),
    /// Caller: the size of the shell's terminal.
    #[prost(message, tag = "18")]
    Resize(Resize),
    /// Caller: a signal for what runs, by its name without `SIG`.
    #[prost(string, tag = "19")]
    Signal(String),
    /// Daemon: how it ended.
    #[prost(message, tag = "20")]
    Exit(Exit),
    /// Both: the channel is over; its number is not used again.
    #[prost(message, tag = "21")]
    Close(Close),
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Hello {
    /// The highest version that it speaks.
    #[prost(uint32, tag = "1")]
    pub version: u32,
    /// On whose behalf, for lists of sessions and the log. It gives no rights: who may connect may do all.
    #[prost(string, tag = "2")]
    pub principal: String,
    /// The decision that let the principal in.
    #[prost(string, tag = "3")]
    pub decision: String,
}

/// Who answers.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Welcome {
    /// The version that both speak.
    #[prost(uint32, tag = "1")]
    pub version: u32,
    /// Of the program.
    #[prost(string, tag = "2")]
    pub agent_version: String,
    /// The workspace's.
    #[prost(string, tag = "3")]
    pub workspace_uid: String,
    /// When the daemon's certificate ends, epoch milliseconds; 0 while it has none.
    #[prost(uint64, tag = "4")]
    pub certified_until_ms: u64,
    /// The user's programs run in the container of this daemon: shells, files and apps are theirs.
    #[prost(bool, tag = "5")]
    pub programs: bool,
}

/// What a channel is for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Open {
    /// Which kind.
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12")]
    pub kind: Option<Kind>,
}

/// The kinds of channels.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Kind {
    /// A program on a terminal of its own.
    #[prost(message, tag = "1")]
    Shell(Shell),
    /// A terminal that is there already.
    #[prost(message, tag = "2")]
    Attach(Attach),
    /// A program without a terminal.
    #[prost(message, tag = "3")]
    Exec(Exec),
    /// A port of the workspace's loopback.
    #[prost(message, tag = "4")]
    Tunnel(Tunnel),
    /// Files, by the protocol of SFTP version 3.
    #[prost(message, tag = "5")]
    Files(Files),
    /// A request as on the daemon's local socket.
    #[prost(message, tag = "6")]
    Request(Request),
    /// What a request is answered, again with each change.
    #[prost(message, tag = "7")]
    Watch(Watch),
    /// The caller answers what the workspace asks.
    #[prost(message, tag = "8")]
    Upward(Upward),
    /// A lock, held as long as the channel is open.
    #[prost(message, tag = "9")]
    Lock(Lock),
    /// A unix socket, as the user.
    #[prost(message, tag = "10")]
    Socket(Socket),
    /// The caller takes connections that programs make for hosts by name.
    #[prost(message, tag = "11")]
    Egress(Egress),
    /// One of those connections.
    #[prost(message, tag = "12")]
    Accept(Accept),
}

/// A new terminal.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Shell {
    /// The program and its arguments; the user's shell, as at a login, when empty.
    #[prost(string, repeated, tag = "1")]
    pub command: Vec<String>,
    /// Added to the environment.
    #[prost(message, repeated, tag = "2")]
    pub env: Vec<Variable>,
    /// The terminal's size.
    #[prost(message, optional, tag = "3")]
    pub size: Option<Size>,
    /// `TERM`; `xterm-256color` when empty.
    #[prost(string, tag = "4")]
    pub term: String,
    /// The shell outlives the channel.
    #[prost(bool, tag = "5")]
    pub detach_on_close: bool,
    /// Where it starts; the home when empty.
    #[prost(string, tag = "6")]
    pub folder: String,
}

/// Another viewer of a terminal. Its screen and the lines before come first.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Attach {
    /// The shell's id; the one detached last when empty.
    #[prost(string, tag = "1")]
    pub shell: String,
    /// Looks only.
    #[prost(bool, tag = "2")]
    pub view_only: bool,
    /// Becomes the writer though there is one, who looks on from then.
    #[prost(bool, tag = "3")]
    pub take: bool,
    /// The terminal's size, if it writes.
    #[prost(message, optional, tag = "4")]
    pub size: Option<Size>,
}

/// A program with pipes.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Exec {
    /// The program and its arguments.
    #[prost(string, repeated, tag = "1")]
    pub command: Vec<String>,
    /// Added to the environment.
    #[prost(message, repeated, tag = "2")]
    pub env: Vec<Variable>,
    /// Where it starts; the home when empty.
    #[prost(string, tag = "3")]
    pub folder: String,
}

/// A connection to a port of the loopback.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Tunnel {
    /// Which one.
    #[prost(uint32, tag = "1")]
    pub port: u32,
}

/// Connections that programs make to the port of [`egress_port`](super::Config::egress_port). What comes is a line for each, the
/// number by which it is fetched: those that wait already, and all that come as long as the channel is open.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Egress {}

/// Fetches a connection. One that nobody fetches in time is closed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Accept {
    /// Its number.
    #[prost(uint64, tag = "1")]
    pub number: u64,
}

/// A connection to a unix socket, or one that is made and listened on. The first line that comes is `+`, behind which the name
/// stands by which connections are fetched from one that listens; each line more is a connection there.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Socket {
    /// Its path; behind `@` the name of one without.
    #[prost(string, tag = "1")]
    pub path: String,
    /// It is made, and goes with the channel.
    #[prost(bool, tag = "2")]
    pub listen: bool,
}

/// Files of the user.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Files {}

/// A request; its answer's body is the data, its status the exit code.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Request {
    /// `GET`, `POST` and so on.
    #[prost(string, tag = "1")]
    pub method: String,
    /// With its query.
    #[prost(string, tag = "2")]
    pub path: String,
    /// JSON, or empty.
    #[prost(bytes = "vec", tag = "3")]
    pub body: Vec<u8>,
}

/// A request that is answered again and again: each answer's body is a line of the data, the first at once. Of logs each
/// line is one.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Watch {
    /// With its query; one of ports, apps and logs.
    #[prost(string, tag = "1")]
    pub path: String,
}

/// Questions of the workspace: each an [`super::Asked`] as a line of the daemon's data, its answer an [`super::Answered`] as a
/// line of the caller's.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Upward {}

/// One caller holds it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Lock {
    /// Up to 64 letters, digits, dots, dashes and underscores.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// One variable of an environment.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Variable {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// Of a terminal, in characters.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Size {
    /// Lines.
    #[prost(uint32, tag = "1")]
    pub rows: u32,
    /// Characters of a line.
    #[prost(uint32, tag = "2")]
    pub cols: u32,
}

/// The channel is open.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Opened {
    /// The stream's id: `sh-…`, `ex-…`, `pf-…`, `sf-…`.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Input is taken.
    #[prost(bool, tag = "2")]
    pub writes: bool,
}

/// The channel is not open.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Refused {
    /// In snake case, of the table of codes.
    #[prost(string, tag = "1")]
    pub code: String,
    /// For people.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// Bytes of a channel.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Data {
    /// [`super::OUT`] or [`super::ERR`].
    #[prost(uint32, tag = "1")]
    pub stream: u32,
    /// At most [`super::MAX_DATA`].
    #[prost(bytes = "bytes", tag = "2")]
    pub bytes: Bytes,
}

/// Another size of a terminal.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Resize {
    /// The shell's id; that of the channel when empty.
    #[prost(string, tag = "1")]
    pub shell: String,
    /// How large.
    #[prost(message, optional, tag = "2")]
    pub size: Option<Size>,
}

/// How a program, or a request, ended.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Exit {
    /// What it returned; of a request its status.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The name of the signal that ended it, without `SIG`; empty when none did.
    #[prost(string, tag = "2")]
    pub signal: String,
}

/// The end of a channel.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Close {
    /// Why, in snake case; empty when all was said: `detached`, `taken`, `ended`.
    #[prost(string, tag = "1")]
    pub reason: String,
}

impl Body {
    /// On this channel.
    #[must_use]
    pub fn on(self, channel: u32) -> Frame {
        Frame { channel, body: Some(self) }
    }
}
