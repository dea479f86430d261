//! Frames of both sides, as a client and a server would write them.

use crate::App;
use crate::Side::{self, Client, Server};
use crate::hpack::encode::Encoder;
use crate::http2::frame::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PREFACE, PRIORITIZED, PUSH_PROMISE,
    RST_STREAM, SETTINGS,
};
use crate::rig::{Act, Rig};

/// A conversation in the making.
#[derive(Default)]
pub(super) struct Talk {
    pub(super) script: Vec<Act>,
    encoders: [Encoder; 2],
    now_us: i64,
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

impl Talk {
    /// With preface and settings of both sides.
    pub(super) fn begun() -> Talk {
        let mut talk = Talk::default();
        talk.send(Client, [PREFACE.to_vec(), frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])].concat());
        talk.send(Server, frame(SETTINGS, 0, 0, &[0, 5, 0, 0, 64, 0]));
        talk.send(Server, frame(SETTINGS, ACK, 0, &[]));
        talk.send(Client, frame(SETTINGS, ACK, 0, &[]));
        talk
    }

    /// Each message is a millisecond after the one before.
    pub(super) fn send(&mut self, from: Side, bytes: Vec<u8>) {
        self.now_us += 1000;
        self.script.push(Act::Send(from, self.now_us, bytes));
    }

    pub(super) fn block(&mut self, from: Side, fields: &[(&str, &str)]) -> Vec<u8> {
        self.encoders[from.index()].block(fields)
    }

    pub(super) fn headers(&mut self, from: Side, stream: u32, is_end: bool, fields: &[(&str, &str)]) {
        let block = self.block(from, fields);
        let flags = END_HEADERS | if is_end { END_STREAM } else { 0 };
        self.send(from, frame(HEADERS, flags, stream, &block));
    }

    /// Padded, with a priority, in three frames.
    pub(super) fn headers_in_pieces(&mut self, from: Side, stream: u32, is_end: bool, fields: &[(&str, &str)]) {
        let block = self.block(from, fields);
        let (first, rest) = block.split_at(block.len() / 3);
        let (second, third) = rest.split_at(rest.len() / 2);
        let padded = [&[4, 0, 0, 0, 0, 15][..], first, &[0; 4]].concat();
        let flags = PADDED | PRIORITIZED | if is_end { END_STREAM } else { 0 };
        let all = [
            frame(HEADERS, flags, stream, &padded),
            frame(CONTINUATION, 0, stream, second),
            frame(CONTINUATION, END_HEADERS, stream, third),
        ];
        self.send(from, all.concat());
    }

    pub(super) fn data(&mut self, from: Side, stream: u32, is_end: bool, body: &[u8]) {
        self.send(from, frame(DATA, if is_end { END_STREAM } else { 0 }, stream, body));
    }

    pub(super) fn padded_data(&mut self, from: Side, stream: u32, is_end: bool, body: &[u8], padding: u8) {
        let payload = [&[padding][..], body, &vec![0; usize::from(padding)]].concat();
        self.send(from, frame(DATA, PADDED | if is_end { END_STREAM } else { 0 }, stream, &payload));
    }

    pub(super) fn promise(&mut self, stream: u32, promised: u32, fields: &[(&str, &str)]) {
        let block = self.block(Server, fields);
        let payload = [&promised.to_be_bytes()[..], &block].concat();
        self.send(Server, frame(PUSH_PROMISE, END_HEADERS, stream, &payload));
    }

    pub(super) fn reset(&mut self, from: Side, stream: u32, code: u32) {
        self.send(from, frame(RST_STREAM, 0, stream, &code.to_be_bytes()));
    }

    pub(super) fn go_away(&mut self, from: Side, last: u32) {
        let payload = [last.to_be_bytes(), [0; 4]].concat();
        self.send(from, frame(GOAWAY, 0, 0, &payload));
    }

    /// A GET and its answer of `body`, on a stream.
    pub(super) fn get(&mut self, stream: u32, path: &str, body: &[u8]) {
        self.headers(Client, stream, true, &get(path));
        self.headers(Server, stream, false, &[(":status", "200"), ("content-type", "text/plain"), ("x-path", path)]);
        self.data(Server, stream, true, body);
    }
}

pub(super) fn get(path: &str) -> [(&str, &str); 5] {
    [(":method", "GET"), (":scheme", "http"), (":authority", "shop.test"), (":path", path), ("user-agent", "t/1")]
}

pub(super) fn rig() -> Rig {
    let mut rig = Rig::without_redaction(App::Http2);
    rig.facts.seen = [true; 2];
    rig
}

/// One that replaces secrets.
pub(super) fn hiding() -> Rig {
    let mut rig = Rig::new(App::Http2);
    rig.facts.seen = [true; 2];
    rig
}

/// Everything of a record but what a capture adds.
pub(super) fn field<'v>(record: &'v serde_json::Value, pointer: &str) -> &'v serde_json::Value {
    record.pointer(pointer).unwrap_or(&serde_json::Value::Null)
}
