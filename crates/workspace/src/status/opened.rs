//! What the ranges of a network policy leave open.

use serde_json::Value;
use std::net::{IpAddr, SocketAddr};

/// Whether the ranges that a NetworkPolicy opens hold this target (`address:port`). Peers that are pods open none.
pub(super) fn admits(policy: &Value, target: &str) -> bool {
    let Some(address) = target.parse::<SocketAddr>().ok().map(|target| target.ip()) else { return false };
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let rules = policy.pointer("/spec/egress").and_then(Value::as_array).into_iter().flatten();
    let mut blocks = rules.flat_map(|rule| list(rule, "to")).filter_map(|peer| peer.get("ipBlock").cloned());
    let holds = |range: Option<&str>| range.is_some_and(|range| within(range, address));
    blocks.any(|block| {
        let except = list(&block, "except");
        holds(block.get("cidr").and_then(Value::as_str)) && !except.iter().any(|range| holds(range.as_str()))
    })
}

fn within(range: &str, address: IpAddr) -> bool {
    let Some((base, bits)) = range.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u32>() else { return false };
    let same = |a: u128, b: u128, width: u32| {
        let shift = width.saturating_sub(bits);
        bits == 0 || a.checked_shr(shift) == b.checked_shr(shift)
    };
    match (base.parse::<IpAddr>(), address) {
        (Ok(IpAddr::V4(base)), IpAddr::V4(address)) => same(base.to_bits().into(), address.to_bits().into(), 32),
        (Ok(IpAddr::V6(base)), IpAddr::V6(address)) => same(base.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::admits;
    use serde_json::json;

    #[test]
    fn wn_07a_what_the_ranges_of_a_policy_open() {
        let policy = json!({ "spec": { "egress": [
            { "to": [{ "podSelector": {} }] },
            { "to": [
                { "ipBlock": { "cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "169.254.0.0/16"] } },
                { "ipBlock": { "cidr": "10.96.0.7/32" } }, { "ipBlock": { "cidr": "fd00::/8" } },
            ] },
        ] } });
        for (target, open) in [
            ("8.8.8.8:53", true),
            ("10.96.0.1:443", false),
            ("10.96.0.7:443", true),
            ("169.254.169.254:80", false),
            ("[fd12::1]:443", true),
            ("[2001:db8::1]:443", false),
            ("a name", false),
        ] {
            assert_eq!(admits(&policy, target), open, "{target}");
        }
    }
}
