//! Why the content of a connection can or cannot be read, and what to do next (one code a connection).

use super::{crypto::Suite, session::Session};
use crate::{Verdict, keylog::Store};

/// Its content is decrypted.
pub(crate) const DECRYPTED: Verdict = Verdict { code: "decrypted", why: "the key log has its secrets" };
const NO_KEYS: Verdict = Verdict {
    code: "no_keys",
    why: "encrypted, and no key log is there: set SSLKEYLOGFILE in the client or server and give the file with --keylog",
};
pub(crate) const OTHERS: Verdict = Verdict {
    code: "keys_for_other_connections",
    why: "the key log has secrets, but none of this connection: take it from the process that made this connection",
};
pub(crate) const NOT_SEEN: Verdict = Verdict {
    code: "handshake_not_seen",
    why: "the connection began before the capture: secrets are found by its ClientHello; make it connect again",
};
const UNSUPPORTED: Verdict = Verdict {
    code: "unsupported_cipher",
    why: "this version or cipher suite is not decrypted here: offer TLS 1.2 with AES or ChaCha20, or TLS 1.3",
};
const ECH: Verdict = Verdict {
    code: "ech",
    why: "the real ClientHello is encrypted and the key log does not know the outer one: switch ECH off in the client",
};
const RESUMED: Verdict = Verdict {
    code: "resumed_without_keys",
    why: "an earlier session goes on and the key log has no secrets of this connection: make a new session",
};
pub(crate) const UNCERTAIN: Verdict = Verdict {
    code: "uncertain",
    why: "the key log has secrets, but bytes are missing or the secrets came too late: look at gaps, and give keys earlier",
};

impl Session {
    /// As far as is known now.
    pub(super) fn verdict(&self, keys: &Store) -> Verdict {
        if self.damaged {
            return UNCERTAIN;
        }
        if self.opened {
            return DECRYPTED;
        }
        let Some(random) = &self.random else { return NOT_SEEN };
        let too_old = self.version.is_some_and(|version| version < 0x0303);
        if too_old || self.cipher.is_some_and(|cipher| Suite::of(cipher).is_none()) {
            return UNSUPPORTED;
        }
        if keys.is_empty() {
            return NO_KEYS;
        }
        match keys.find(random) {
            Some(_) if self.passed || self.server_random.is_none() => UNCERTAIN,
            Some(_) => DECRYPTED,
            None if self.resumed => RESUMED,
            None if self.ech => ECH,
            None => OTHERS,
        }
    }
}
