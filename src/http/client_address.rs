//! Where a request comes from, as proxies in front say: those that are trusted, and nobody else.
//!
//! Each proxy adds the address that it was connected to from to the end of a list, `X-Forwarded-For` or `Forwarded` (RFC
//! 7239 §5.2). What stands left of the last trusted proxy's entry may have been sent by the client itself, so the list
//! is read from its end: the first address that is no trusted proxy's is the client's.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client, of a request that came from `peer`.
///
/// Where both headers are there and name different clients, one of them was not written by the proxy, which passes on
/// what it does not know; then neither is believed.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let listed = list(headers, &X_FORWARDED_FOR, |entry| Some(entry));
    let elements = list(headers, &header::FORWARDED, node_of);
    match (listed, elements) {
        (None, None) => peer,
        (Some(hops), None) | (None, Some(hops)) => first_stranger(peer, &hops, trusted),
        (Some(listed), Some(elements)) => {
            let [one, other] = [listed, elements].map(|hops| first_stranger(peer, &hops, trusted));
            if one == other { one } else { peer }
        }
    }
}

/// Walks from the end of the list to the first address that is no trusted proxy's. What is no address (`unknown`, a name
/// that a proxy made up) hides what lies behind it: then who says so is all that is known.
fn first_stranger(peer: IpAddr, hops: &[Option<IpAddr>], trusted: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    for hop in hops.iter().rev() {
        let Some(hop) = hop else { break };
        nearest = *hop;
        if !is_trusted(nearest, trusted) {
            break;
        }
    }
    nearest
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The addresses in all lines of a header, in order; `None` where there is no such header.
fn list(headers: &HeaderMap, name: &HeaderName, node: fn(&str) -> Option<&str>) -> Option<Vec<Option<IpAddr>>> {
    if !headers.contains_key(name) {
        return None;
    }
    let hops_of = |value: &HeaderValue| match value.to_str() {
        Ok(text) => text.split(',').map(|entry| node(entry.trim()).and_then(address_of)).collect(),
        Err(_) => vec![None],
    };
    Some(headers.get_all(name).iter().flat_map(hops_of).collect())
}

/// The value of `for` in an element of `Forwarded`.
fn node_of(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// An address as proxies write it: by itself, with a port, or of IPv6 in brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = || text.parse().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().map(IpAddr::V6).ok();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip()).ok();
    bare().or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client of a request from `peer` with these headers, behind proxies in 10.0.0.0/8 and fd00::/8.
    fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().expect("a header's value"));
        }
        client_address(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    const LIST: &str = "x-forwarded-for";
    const ELEMENTS: &str = "forwarded";

    #[test]
    fn who_is_not_trusted_is_not_believed() {
        for name in [LIST, ELEMENTS] {
            for value in ["192.0.2.1", "for=192.0.2.1", "10.0.0.1"] {
                assert_eq!(client("203.0.113.9", &[(name, value)]), "203.0.113.9", "{name}: {value}");
            }
        }
        assert_eq!(client("::ffff:203.0.113.9", &[(LIST, "192.0.2.1")]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_says_where_a_request_comes_from() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1", "it may ask by itself");
        for (name, value, expected) in [
            (LIST, "192.0.2.1", "192.0.2.1"),
            (LIST, "192.0.2.1, 10.9.9.9", "192.0.2.1"),
            (LIST, " 192.0.2.1:50123 ", "192.0.2.1"),
            (LIST, "2001:db8::1", "2001:db8::1"),
            (LIST, "[2001:db8::1]:443", "2001:db8::1"),
            (LIST, "[2001:db8::1]", "2001:db8::1"),
            (LIST, "::ffff:192.0.2.1", "192.0.2.1"),
            (ELEMENTS, "for=192.0.2.1", "192.0.2.1"),
            (ELEMENTS, "For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1", "2001:db8::1"),
            (ELEMENTS, "for=192.0.2.1;proto=http, for=10.0.0.2", "192.0.2.1"),
            // All are ours: the one that is furthest away asked.
            (LIST, "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[(name, value)]), expected, "{name}: {value}");
            assert_eq!(client("::ffff:10.0.0.1", &[(name, value)]), expected, "{name}: {value}");
            assert_eq!(client("fd00::1", &[(name, value)]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        for (lines, expected) in [
            // It wrote the first, the proxy added the second.
            (&[(LIST, "198.51.100.7, 192.0.2.1")][..], "192.0.2.1"),
            (&[(LIST, "10.0.0.5, 192.0.2.1")], "192.0.2.1"),
            (&[(LIST, "198.51.100.7"), (LIST, "192.0.2.1, 10.0.0.2")], "192.0.2.1"),
            (&[(ELEMENTS, "for=198.51.100.7, for=192.0.2.1")], "192.0.2.1"),
            // The proxy writes one header, and passes on the other.
            (&[(LIST, "192.0.2.1"), (ELEMENTS, "for=198.51.100.7")], "10.0.0.1"),
            (&[(LIST, "198.51.100.7"), (ELEMENTS, "for=192.0.2.1")], "10.0.0.1"),
            (&[(LIST, "192.0.2.1"), (ELEMENTS, "for=192.0.2.1")], "192.0.2.1"),
            (&[(LIST, "192.0.2.1"), (ELEMENTS, "nonsense")], "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_hides_what_lies_behind_it() {
        for (name, value, expected) in [
            (LIST, "unknown", "10.0.0.1"),
            (LIST, "", "10.0.0.1"),
            (LIST, "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            (LIST, "192.0.2.1,", "10.0.0.1"),
            (LIST, "192.0.2.1, \u{fc}", "10.0.0.1"),
            (ELEMENTS, "for=_hidden, for=10.0.0.2", "10.0.0.2"),
            (ELEMENTS, "for=\"_gazonk\"", "10.0.0.1"),
            (ELEMENTS, "proto=https", "10.0.0.1"),
            (ELEMENTS, "by=192.0.2.1", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[(name, value)]), expected, "{name}: {value}");
        }
    }
}
