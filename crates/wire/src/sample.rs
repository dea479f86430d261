//! Protobuf made by hand, for tests: field by field, so that the tests do not trust the tables that they test.

/// A message under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Msg(pub(crate) Vec<u8>);

impl Msg {
    pub(crate) fn new() -> Self {
        Self::default()
    }
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
    pub(crate) fn int(mut self, number: u32, value: i64) -> Self {
        self.varint(u64::from(number) << 3);
        self.varint(value.cast_unsigned());
        self
    }
    pub(crate) fn bytes(mut self, number: u32, value: &[u8]) -> Self {
        self.varint(u64::from(number) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }
    pub(crate) fn str(self, number: u32, value: &str) -> Self {
        self.bytes(number, value.as_bytes())
    }
    pub(crate) fn msg(self, number: u32, value: Msg) -> Self {
        self.bytes(number, &value.0)
    }
    pub(crate) fn double(mut self, number: u32, value: f64) -> Self {
        self.varint(u64::from(number) << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }
    /// A map's entry.
    pub(crate) fn entry(self, number: u32, key: &str, value: &str) -> Self {
        self.msg(number, Msg::new().str(1, key).str(2, value))
    }
}

/// With magic and type, as a server sends it.
pub(crate) fn envelope(api_version: &str, kind: &str, raw: &Msg) -> Vec<u8> {
    let unknown = Msg::new().msg(1, Msg::new().str(1, api_version).str(2, kind)).bytes(2, &raw.0).str(3, "").str(4, "");
    [crate::MAGIC.as_slice(), &unknown.0].concat()
}

/// A pod with one of most things.
pub(crate) fn pod() -> Msg {
    let time = |seconds: i64| Msg::new().int(1, seconds).int(2, 0);
    let metadata = Msg::new()
        .str(1, "web-0")
        .str(2, "web-")
        .str(3, "shop")
        .str(4, "")
        .str(5, "uid-1")
        .str(6, "42")
        .int(7, 0)
        .msg(8, time(1_700_000_000))
        .entry(11, "app", "web")
        .entry(11, "tier", "front")
        .entry(12, "note", "")
        .msg(17, Msg::new().str(1, "kubelet").str(2, "Update"));
    let port = Msg::new().str(1, "http").int(2, 0).int(3, 8080).str(4, "TCP").str(5, "");
    let limits = Msg::new().msg(1, Msg::new().str(1, "cpu").msg(2, Msg::new().str(1, "100m")));
    // Probe{handler = 1 {httpGet = 2 {path = 1, port = 2 {type, intVal, strVal}}}}
    let http_get = Msg::new().str(1, "/").msg(2, Msg::new().int(1, 1).int(2, 0).str(3, "http")).str(3, "").str(4, "");
    let probe = Msg::new().msg(1, Msg::new().msg(2, http_get)).int(2, 0).int(3, 1);
    let container =
        Msg::new().str(1, "main").str(2, "img:1").str(5, "").msg(6, port).msg(8, limits).msg(10, probe).str(13, "");
    // Volume{name = 1, volumeSource = 2 (inline) {emptyDir = 2 {medium = 1}}}
    let volume = Msg::new().str(1, "tmp").msg(2, Msg::new().msg(2, Msg::new().str(1, "")));
    let spec = Msg::new().msg(1, volume).msg(2, container).str(3, "Always").int(4, 30).str(6, "").str(10, "node-1");
    let condition = Msg::new().str(1, "Ready").str(2, "True").msg(3, Msg::new()).msg(4, time(1_700_000_100)).str(5, "");
    let status = Msg::new().str(1, "Running").msg(2, condition).str(3, "").str(4, "");
    Msg::new().msg(1, metadata).msg(2, spec).msg(3, status)
}
