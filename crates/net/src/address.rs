//! Which addresses are of the internet, and which of private networks, in every form that holds one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            let inner = |at: usize| {
                let octets = address.octets();
                let mut four = [0; 4];
                four.iter_mut().zip(octets.iter().skip(at)).for_each(|(to, from)| *to = *from);
                Ipv4Addr::from(four)
            };
            match (first, second) {
                // 6to4 and the prefixes for translation hold an address of version 4
                (0x2002, _) => is_public_v4(inner(2)),
                (0x64, 0xff9b) => is_public_v4(inner(12)),
                (0, _) => address.to_ipv4_mapped().is_some_and(is_public_v4),
                // 2000::/3 without documentation and Teredo
                (0x2001, 0 | 0xdb8) => false,
                _ => first & 0xe000 == 0x2000 && address != Ipv6Addr::UNSPECIFIED,
            }
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let closed = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 224;
    !closed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::is_public;

    #[test]
    fn addresses_of_private_networks_are_known_in_every_form() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["140.82.121.3", "1.1.1.1", "2606:50c0:8000::153", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
