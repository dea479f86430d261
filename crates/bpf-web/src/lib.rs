//! The compiler of capture filters as WebAssembly: the console says while somebody types what is wrong, where, and what
//! may stand there.
//!
//! ```text
//! browser ─ room(len) ─► writes the text there ─ compile(len) ─► reads the answer, JSON, at room(0)
//! ```
//!
//! It is [`bpf`] and no other compiler, so that the answer is that of `qd filter` and of a tap. Addresses of objects are
//! known to the process alone: here each has one, and whether there is such an object is told by who knows the cluster.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};

use base::Coded;
use bpf::{Filter, MAX_TEXT, Object, Options, Resolve};
use pcap::LinkType;
use serde_json::{Value, json};

thread_local! {
    /// Where texts come and answers go.
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for a text of so many bytes and says where; of 0, where the latest answer stands. Nowhere for a text that is
/// longer than one byte more than a filter may be: that one says that it is too long.
#[allow(unsafe_code, reason = "the browser finds it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn room(len: usize) -> *mut u8 {
    if len > MAX_TEXT + 1 {
        return std::ptr::null_mut();
    }
    ROOM.with_borrow_mut(|room| {
        if len > 0 {
            room.clear();
            room.resize(len, 0);
        }
        room.as_mut_ptr()
    })
}

/// Compiles the text that stands in the room and puts the answer there; says how many bytes that has.
#[allow(unsafe_code, reason = "the browser finds it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn compile(len: usize) -> usize {
    ROOM.with_borrow_mut(|room| {
        let text = String::from_utf8_lossy(room.get(..len).unwrap_or_default()).into_owned();
        *room = answer(&text).to_string().into_bytes();
        room.len()
    })
}

/// What is said of a text: how long its program is, or what is wrong as every door says it.
#[must_use]
pub fn answer(text: &str) -> Value {
    match Filter::compile_with(text, Options::new(LinkType::ETHERNET), &Anyone) {
        Ok(filter) => json!({ "instructions": filter.program().instructions().len() }),
        Err(error) => {
            json!({ "code": error.code().as_str(), "message": error.to_string(), "details": error.details() })
        }
    }
}

/// Gives every object an address that nobody has (RFC 5737).
struct Anyone;

impl Resolve for Anyone {
    fn addresses(&self, _: &Object) -> Result<Vec<IpAddr>, String> {
        Ok(vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))])
    }
}

#[cfg(test)]
mod tests;
