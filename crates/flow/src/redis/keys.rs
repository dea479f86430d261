//! Which arguments of a command are keys (the first, last and step of the server's own command table).

use super::decoder::number;

/// Where the keys of a command stand. Positions count from the command's name, which is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// First, last (negative: from the end), step.
    Range(usize, isize, usize),
    /// The number of keys stands here; they follow it. With `true` the first argument is a key too.
    Counted(usize, bool),
    /// After the word `STREAMS`, the first half of what follows.
    Streams,
    /// The first argument, and the one behind one of these words.
    Stored(&'static [&'static [u8]]),
    /// The third, or all behind `KEYS`.
    Migrate,
}

/// Calls `each` with the position of every key. `args` are the arguments that were kept, name first, of `total`.
pub(super) fn keys(name: &[u8], args: &[&[u8]], total: usize, mut each: impl FnMut(usize)) {
    let Some(place) = place(name) else { return };
    let last_kept = args.len().saturating_sub(1);
    match place {
        Place::Range(first, last, step) => {
            let last = if last < 0 { total.checked_sub(last.unsigned_abs()) } else { usize::try_from(last).ok() };
            let last = last.unwrap_or(0).min(last_kept);
            (first..=last).step_by(step).for_each(each);
        }
        Place::Counted(at, store) => {
            if store {
                each(1);
            }
            let count = args.get(at).and_then(|text| number(text)).unwrap_or(0);
            let end = (at as u64).saturating_add(count).min(last_kept as u64) as usize;
            (at + 1..=end).for_each(each);
        }
        Place::Streams => {
            let Some(word) = find(args, 1, b"STREAMS") else { return };
            let half = total.saturating_sub(word + 1) / 2;
            (word + 1..=(word + half).min(last_kept)).for_each(each);
        }
        Place::Stored(words) => {
            if args.len() > 1 {
                each(1);
            }
            for word in words {
                if let Some(at) = find(args, 2, word).filter(|at| at + 1 < args.len()) {
                    each(at + 1);
                }
            }
        }
        Place::Migrate => {
            if args.get(3).is_some_and(|key| !key.is_empty()) {
                each(3);
            } else if let Some(word) = find(args, 6, b"KEYS") {
                (word + 1..args.len()).for_each(each);
            }
        }
    }
}

/// Whether the value of each key stands right behind it.
pub(super) fn in_pairs(name: &[u8]) -> bool {
    matches!(name, b"MSET" | b"MSETNX")
}

fn find(args: &[&[u8]], from: usize, word: &[u8]) -> Option<usize> {
    let found = args.get(from..)?.iter().position(|arg| arg.eq_ignore_ascii_case(word))?;
    Some(from + found)
}

fn place(name: &[u8]) -> Option<Place> {
    let text = std::str::from_utf8(name).ok()?;
    if ONE.binary_search(&text).is_ok() {
        return Some(Place::Range(1, 1, 1));
    }
    Some(match text {
        "BLMOVE" | "BRPOPLPUSH" | "COPY" | "GEOSEARCHSTORE" | "LCS" | "LMOVE" | "RENAME" | "RENAMENX" | "RPOPLPUSH"
        | "SMOVE" | "ZRANGESTORE" => Place::Range(1, 2, 1),
        "DEL" | "EXISTS" | "MGET" | "PFCOUNT" | "PFMERGE" | "SDIFF" | "SDIFFSTORE" | "SINTER" | "SINTERSTORE"
        | "SUNION" | "SUNIONSTORE" | "TOUCH" | "UNLINK" | "WATCH" => Place::Range(1, -1, 1),
        "BLPOP" | "BRPOP" | "BZPOPMAX" | "BZPOPMIN" => Place::Range(1, -2, 1),
        "MSET" | "MSETNX" => Place::Range(1, -1, 2),
        "BITOP" => Place::Range(2, -1, 1),
        "MEMORY USAGE"
        | "OBJECT ENCODING"
        | "OBJECT FREQ"
        | "OBJECT IDLETIME"
        | "OBJECT REFCOUNT"
        | "XGROUP CREATE"
        | "XGROUP CREATECONSUMER"
        | "XGROUP DELCONSUMER"
        | "XGROUP DESTROY"
        | "XGROUP SETID"
        | "XINFO CONSUMERS"
        | "XINFO GROUPS"
        | "XINFO STREAM" => Place::Range(2, 2, 1),
        "LMPOP" | "SINTERCARD" | "ZDIFF" | "ZINTER" | "ZINTERCARD" | "ZMPOP" | "ZUNION" => Place::Counted(1, false),
        "BLMPOP" | "BZMPOP" | "EVAL" | "EVALSHA" | "EVALSHA_RO" | "EVAL_RO" | "FCALL" | "FCALL_RO" => {
            Place::Counted(2, false)
        }
        "ZDIFFSTORE" | "ZINTERSTORE" | "ZUNIONSTORE" => Place::Counted(2, true),
        "XREAD" | "XREADGROUP" => Place::Streams,
        "SORT" => Place::Stored(&[b"STORE"]),
        "GEORADIUS" | "GEORADIUSBYMEMBER" => Place::Stored(&[b"STORE", b"STOREDIST"]),
        "MIGRATE" => Place::Migrate,
        _ => return None,
    })
}

/// Commands whose first argument is their only key, sorted.
const ONE: &[&str] = &[
    "APPEND",
    "BITCOUNT",
    "BITFIELD",
    "BITFIELD_RO",
    "BITPOS",
    "DECR",
    "DECRBY",
    "DUMP",
    "EXPIRE",
    "EXPIREAT",
    "EXPIRETIME",
    "GEOADD",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUSBYMEMBER_RO",
    "GEORADIUS_RO",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETDEL",
    "GETEX",
    "GETRANGE",
    "GETSET",
    "HDEL",
    "HEXISTS",
    "HEXPIRE",
    "HEXPIREAT",
    "HEXPIRETIME",
    "HGET",
    "HGETALL",
    "HGETDEL",
    "HGETEX",
    "HINCRBY",
    "HINCRBYFLOAT",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HMSET",
    "HPERSIST",
    "HPEXPIRE",
    "HPEXPIREAT",
    "HPEXPIRETIME",
    "HPTTL",
    "HRANDFIELD",
    "HSCAN",
    "HSET",
    "HSETEX",
    "HSETNX",
    "HSTRLEN",
    "HTTL",
    "HVALS",
    "INCR",
    "INCRBY",
    "INCRBYFLOAT",
    "LINDEX",
    "LINSERT",
    "LLEN",
    "LPOP",
    "LPOS",
    "LPUSH",
    "LPUSHX",
    "LRANGE",
    "LREM",
    "LSET",
    "LTRIM",
    "MOVE",
    "PERSIST",
    "PEXPIRE",
    "PEXPIREAT",
    "PEXPIRETIME",
    "PFADD",
    "PSETEX",
    "PTTL",
    "RESTORE",
    "RPOP",
    "RPUSH",
    "RPUSHX",
    "SADD",
    "SCARD",
    "SET",
    "SETBIT",
    "SETEX",
    "SETNX",
    "SETRANGE",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SORT_RO",
    "SPOP",
    "SRANDMEMBER",
    "SREM",
    "SSCAN",
    "STRLEN",
    "SUBSTR",
    "TTL",
    "TYPE",
    "XACK",
    "XADD",
    "XAUTOCLAIM",
    "XCLAIM",
    "XDEL",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREVRANGE",
    "XSETID",
    "XTRIM",
    "ZADD",
    "ZCARD",
    "ZCOUNT",
    "ZINCRBY",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZPOPMAX",
    "ZPOPMIN",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREM",
    "ZREMRANGEBYLEX",
    "ZREMRANGEBYRANK",
    "ZREMRANGEBYSCORE",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
];
