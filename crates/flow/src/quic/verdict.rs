//! Why the content of a connection can or cannot be read, and what to do next.

use super::{
    keys::Suite,
    sealed::{Known, Sealed},
};
use crate::{
    Verdict,
    keylog::Store,
    tls::verdict::{DECRYPTED, NOT_SEEN, OTHERS, UNCERTAIN},
};

const NO_KEYS: Verdict = Verdict {
    code: "quic_no_keys",
    why: "QUIC is encrypted, and no key log is there: set SSLKEYLOGFILE in the client or server and give the file with --keylog, or let the client use HTTP/2 or 1.1",
};
const UNSUPPORTED: Verdict = Verdict {
    code: "unsupported_cipher",
    why: "this cipher suite of QUIC is not decrypted here: offer AES-GCM or ChaCha20-Poly1305",
};

/// As far as is known now.
pub(super) fn of(known: &Known, sealed: Option<&Sealed>, keys: &Store) -> Verdict {
    let Some(sealed) = sealed.filter(|_| !keys.is_empty()) else { return NO_KEYS };
    if sealed.is_opened {
        return DECRYPTED;
    }
    let Some(random) = &known.random else { return NOT_SEEN };
    if known.cipher.is_some_and(|cipher| Suite::of(cipher).is_none()) {
        return UNSUPPORTED;
    }
    match keys.find(random) {
        Some(_) if sealed.failures > 0 => UNCERTAIN,
        Some(_) => DECRYPTED,
        None => OTHERS,
    }
}
