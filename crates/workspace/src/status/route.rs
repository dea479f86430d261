//! The word that stands for a workspace in URLs.

use crate::key::Key;
use sha2::{Digest, Sha256};

/// The word that URLs have for a workspace: its name where that is a canonical id, which no other workspace has; else a name
/// that somebody thought of, with a hash of where it is. At most 52 characters, so that `PORT--ID` is a DNS label.
pub(crate) fn id(key: &Key) -> String {
    let canonical = key.name.rsplit_once('-').is_some_and(|(slug, hash)| {
        (1..=25).contains(&slug.len()) && hash.len() == 26 && hash.bytes().all(|byte| BASE32.contains(&byte))
    });
    if canonical {
        return key.name.clone();
    }
    let cut = key.name.get(..41).unwrap_or(&key.name).trim_end_matches('-');
    let digest = Sha256::digest(key.to_string().as_bytes());
    let bits = digest.iter().take(7).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let letter = |at: u32| BASE32.get(usize::try_from(bits >> (51 - 5 * at) & 31).unwrap_or_default());
    let hash: String = (0..10).filter_map(letter).map(|byte| char::from(*byte)).collect();
    format!("{cut}-{hash}")
}

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
