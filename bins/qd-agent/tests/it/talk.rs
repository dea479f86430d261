//! A server and its client in a network of their own, where nobody else speaks.

use crate::space::Space;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};

/// What the server answers with.
pub(crate) const BODY: &str = "words of a body";
/// What the client proves itself with.
pub(crate) const SECRET: &str = "s3cr3t-token";

/// Told `load` and `stop`, the client asks all the time on one connection; told anything else, it asks for that, each time on a
/// connection of its own.
const TALK: &str = "
import socket, sys, threading
BODY = b'words of a body'
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(64)
def answer(c):
    while c.recv(4096): c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: %d\\r\\n\\r\\n%s' % (len(BODY), BODY))
    c.close()
def serve():
    while True:
        c, _ = s.accept()
        threading.Thread(target=answer, args=(c,), daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
def ask(c, path):
    c.sendall(b'GET %s HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer s3cr3t-token\\r\\n\\r\\n' % path)
    got = b''
    while not got.endswith(BODY): got += c.recv(4096)
loads = threading.Event()
def load():
    c = socket.create_connection(s.getsockname())
    while loads.is_set(): ask(c, b'/load')
    c.close()
print(s.getsockname()[1], flush=True)
thread = None
for line in sys.stdin:
    word = line.strip()
    if word == 'load':
        loads.set(); thread = threading.Thread(target=load, daemon=True); thread.start()
    elif word == 'stop':
        loads.clear(); thread.join()
    else:
        c = socket.create_connection(s.getsockname()); ask(c, word.encode()); c.close()
    print('done', flush=True)
";

/// The two.
pub(crate) struct Talk {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) port: u64,
}

impl Talk {
    pub(crate) fn start(space: &mut Space) -> Self {
        let child = space.start(&["python3", "-c", TALK]);
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut talk = Self { input, output, port: 0 };
        talk.port = talk.line().parse().unwrap();
        talk
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Tells it a word, and waits until it is done.
    pub(crate) fn tell(&mut self, word: &str) {
        writeln!(self.input, "{word}").unwrap();
        assert_eq!(self.line(), "done");
    }
}
