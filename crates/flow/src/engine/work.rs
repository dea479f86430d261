//! What all flows share, and the pair of it and the sink that work on one flow is done with.

use crate::{
    Config, Context, Envelope, Loss, Marks, Record, RecordId, Sink, dns,
    grpc::protos::Protos,
    hints::Hints,
    http1, keylog,
    mesh::Mesh,
    table::{Flow, Half},
    tcp::Conn,
};

/// Everything beside the flows.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) dns: dns::Table,
    pub(super) keys: keylog::Store,
    pub(super) hints: Hints,
    pub(super) protos: Protos,
    drafts: http1::Spare,
    /// What TLS connections carried, for the requests in the clear that are behind it.
    pub(super) mesh: Mesh,
    /// Records so far.
    pub(super) seq: u64,
    /// The latest packet time.
    pub(super) now_us: i64,
    /// Bytes held by all connections.
    pub(super) conns: usize,
    /// Bytes that wait for their turn, of all connections, and whose.
    pub(super) waiting: usize,
    pub(super) holders: Vec<u32>,
    /// The latest losses, for the cause of gaps.
    losses: Vec<Loss>,
}

impl Shared {
    pub(super) fn new(config: Config) -> Self {
        Self {
            dns: super::dns_table(config.budget),
            keys: keylog::Store::new(config.budget / 4),
            mesh: Mesh::new(config.budget),
            config,
            hints: Hints::default(),
            protos: Protos::default(),
            drafts: http1::Spare::default(),
            seq: 0,
            now_us: i64::MIN,
            conns: 0,
            waiting: 0,
            holders: Vec::new(),
            losses: Vec::new(),
        }
    }

    pub(super) fn lost(&mut self, loss: &Loss) {
        if self.losses.len() >= LOSSES {
            self.losses.remove(0);
        }
        self.losses.push(loss.clone());
    }

    /// A loss that explains bytes missing between two times.
    pub(super) fn loss_between(&self, iface: u32, from_us: i64, to_us: i64) -> Option<&Loss> {
        let hit = |loss: &&Loss| {
            loss.iface == iface && (loss.from_ns / 1000) as i64 <= to_us && (loss.to_ns / 1000) as i64 >= from_us
        };
        self.losses.iter().rev().find(hit)
    }

    /// The name of an address and where it is from.
    pub(super) fn name(&self, ip: std::net::IpAddr) -> Option<(&str, &'static str)> {
        let told = self.hints.name(ip).map(|name| (name, "api"));
        told.or_else(|| self.dns.name(ip, self.now_us).map(|name| (name, "dns")))
    }

    pub(super) fn heap(&self) -> usize {
        self.dns.heap()
            + self.keys.heap()
            + self.hints.heap()
            + self.protos.heap()
            + self.drafts.heap()
            + self.mesh.heap()
            + self.conns
            + self.holders.capacity() * 4
            + self.losses.capacity() * size_of::<Loss>()
    }
}

/// Work on one flow: what is shared, and where records go.
pub(super) struct Work<'a, 's> {
    pub(super) shared: &'a mut Shared,
    pub(super) sink: &'a mut (dyn Sink + 's),
}

impl<'a, 's> Work<'a, 's> {
    pub(super) fn new(shared: &'a mut Shared, sink: &'a mut (dyn Sink + 's)) -> Self {
        Self { shared, sink }
    }

    /// What a parser of this connection is handed.
    pub(super) fn context<'c>(&'c mut self, conn: &'c mut Conn) -> (Context<'c, 's>, &'c mut crate::Dialog) {
        let Conn { facts, dialog, wake, .. } = conn;
        let cx = Context {
            facts,
            limits: &self.shared.config.limits,
            redaction: &self.shared.config.redaction,
            dns: &mut self.shared.dns,
            hints: &self.shared.hints,
            keys: &mut self.shared.keys,
            protos: &mut self.shared.protos,
            drafts: &mut self.shared.drafts,
            mesh: &mut self.shared.mesh,
            seq: &mut self.shared.seq,
            sink: &mut *self.sink,
            wake,
        };
        (cx, dialog)
    }

    /// Sends a record that belongs to no flow.
    pub(super) fn alone(&mut self, ts_us: i64, iface: u32, record: &Record<'_>) {
        let seq = self.shared.seq;
        let id = crate::FlowId(u128::from(self.shared.config.seed) << 64).record(seq);
        self.shared.seq += 1;
        let envelope = Envelope {
            seq,
            id,
            ts_us,
            flow: None,
            src: None,
            dst: None,
            vantage: None,
            iface,
            marks: Marks::default(),
            names: [None; 2],
        };
        self.sink.record(&envelope, record);
    }

    /// Sends a record of a flow.
    pub(super) fn send(&mut self, flow: &mut Flow, ts_us: i64, marks: &Marks, record: &Record<'_>) {
        let number = self.number(flow);
        let envelope = self.shared.envelope(flow, number, ts_us, marks);
        self.sink.record(&envelope, record);
    }

    /// The number of a flow's next record, among all and in its flow.
    pub(super) fn number(&mut self, flow: &mut Flow) -> (u64, RecordId) {
        let count = match &mut flow.conn {
            Some(conn) => {
                conn.facts.records += 1;
                conn.facts.records - 1
            }
            None => {
                flow.records += 1;
                u64::from(flow.records - 1)
            }
        };
        let seq = self.shared.seq;
        self.shared.seq += 1;
        (seq, flow.id.record(count))
    }
}

impl Shared {
    /// The envelope of a record of a flow.
    pub(super) fn envelope<'e>(
        &'e self,
        flow: &'e Flow,
        (seq, id): (u64, RecordId),
        ts_us: i64,
        marks: &Marks,
    ) -> Envelope<'e> {
        let client = flow.client_lane();
        let called = flow.conn.as_ref().and_then(|conn| conn.facts.called.as_ref()).and_then(|called| called.name());
        let name = |lane: usize| self.name(flow.key.ip(lane));
        let mut envelope = Envelope {
            seq,
            id,
            ts_us,
            flow: Some(flow.id),
            src: Some(flow.key.endpoint(client)),
            dst: Some(flow.key.endpoint(client ^ 1)),
            vantage: None,
            iface: flow.key.iface(),
            marks: *marks,
            names: [name(client), name(client ^ 1).or(called)],
        };
        if flow.key.proto() == crate::table::TCP && !flow.halves.iter().any(|half| half.is(Half::SYN)) {
            envelope.marks.partial.add("no_syn");
        }
        envelope
    }
}

/// Losses that are remembered.
const LOSSES: usize = 64;
