//! Which arguments and replies of a command are secret: passwords, and values under keys that the rules name.

use super::keys;
use crate::redact::{Redaction, glob};

/// What is secret about one command.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Secrets {
    /// One of its keys is of those whose values are hidden.
    pub(super) key: bool,
    /// The strings of its reply.
    pub(super) reply: bool,
}

impl Secrets {
    /// `args` are the arguments that were kept, with the command's name, of `total`.
    pub(super) fn of(name: &[u8], args: &[&[u8]], total: usize, redaction: &Redaction) -> Secrets {
        if !redaction.is_on() {
            return Secrets::default();
        }
        let mut key = false;
        keys::keys(name, args, total, |at| key |= args.get(at).is_some_and(|key| redaction.redis_key(key)));
        let reply = match name {
            b"ACL GENPASS" | b"ACL GETUSER" | b"ACL LIST" => true,
            b"CONFIG GET" => args.iter().skip(2).any(|pattern| {
                let pattern = pattern.to_ascii_lowercase();
                PASSWORDS.iter().any(|name| glob(&pattern, name))
            }),
            _ => key && !matches!(name, b"TYPE" | b"SCAN" | b"OBJECT ENCODING" | b"RENAME"),
        };
        Secrets { key, reply }
    }

    /// Whether the argument at `at` is secret. `before` is the argument before it, `is_key` whether it is a key itself.
    pub(super) fn hides(
        self,
        name: &[u8],
        args: &[&[u8]],
        (at, total): (usize, usize),
        is_key: bool,
        redaction: &Redaction,
    ) -> bool {
        if !redaction.is_on() || at == 0 || is_key {
            return false;
        }
        let before = args.get(at - 1).copied().unwrap_or_default();
        let own = match name {
            // With a user's name there are two.
            b"AUTH" => at + 1 == total,
            b"HELLO" => at >= 2 && args.get(at - 2).is_some_and(|word| word.eq_ignore_ascii_case(b"AUTH")),
            b"MIGRATE" => {
                before.eq_ignore_ascii_case(b"AUTH")
                    || at >= 2 && args.get(at - 2).is_some_and(|word| word.eq_ignore_ascii_case(b"AUTH2"))
            }
            b"ACL SETUSER" => args.get(at).is_some_and(|rule| matches!(rule.first(), Some(b'>' | b'<' | b'#' | b'!'))),
            _ => false,
        };
        let known = matches!(name, b"AUTH" | b"HELLO" | b"MIGRATE");
        own || !known && at >= 2 && names_secret(before, redaction) || self.key && is_value(name, args, at, redaction)
    }
}

/// Whether the value behind this word is secret: a setting of the server, or a field of a hash.
pub(super) fn names_secret(word: &[u8], redaction: &Redaction) -> bool {
    word.len() < 64 && (PASSWORDS.iter().any(|name| word.eq_ignore_ascii_case(name)) || redaction.secret_key(word))
}

/// Whether an argument of a command with a secret key is a value, not an option.
fn is_value(name: &[u8], args: &[&[u8]], at: usize, redaction: &Redaction) -> bool {
    match name {
        b"SET" | b"SETNX" | b"GETSET" | b"APPEND" => at == 2,
        b"SETEX" | b"PSETEX" | b"SETRANGE" | b"LSET" => at == 3,
        b"EXPIRE" | b"EXPIREAT" | b"PEXPIRE" | b"PEXPIREAT" | b"GETEX" | b"GETRANGE" | b"LRANGE" | b"LTRIM"
        | b"LPOP" | b"RPOP" | b"ZRANGE" | b"MOVE" | b"COPY" | b"SORT" | b"XREAD" | b"BLPOP" | b"BRPOP" | b"INCRBY"
        | b"DECRBY" => false,
        _ if keys::in_pairs(name) => args.get(at - 1).is_some_and(|key| redaction.redis_key(key)),
        _ => at >= 2,
    }
}

/// Settings that hold passwords.
const PASSWORDS: &[&[u8]] =
    &[b"requirepass", b"masterauth", b"tls-key-file-pass", b"tls-client-key-file-pass", b"auth-pass", b"sentinel-pass"];
