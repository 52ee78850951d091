//! Whose address a request comes from, when there are proxies on the way.

use std::net::{IpAddr, SocketAddr};

use poem::{Addr, Request, http::HeaderName};

use super::IpNetwork;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client that sent a request; `None` if it did not come over IP, or if a program does not say where
/// its requests come from.
///
/// A proxy adds the address that it was called from at the end of `X-Forwarded-For`. So what is believed is found from
/// the end, and only as far as trusted proxies vouch for it: the first address that is no trusted proxy is the client,
/// whatever stands before it. What is no address ends the search too, at the last that was one. From a peer that is no
/// trusted proxy nothing is believed. An IPv4 address mapped into IPv6 becomes the IPv4 address that it is.
///
/// `X-Forwarded-Proto`, `X-Forwarded-Host` and `Forwarded` are not read, here or anywhere.
pub fn client_address(request: &Request, trusted_proxies: &[IpNetwork]) -> Option<IpAddr> {
    let is_trusted = |address| trusted_proxies.iter().any(|network| network.contains(address));
    // A proxy may add a line of its own. What a client has sent need not be text, and stands before what proxies say.
    let lines = request.headers().get_all(X_FORWARDED_FOR).iter().rev();
    let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let mut client = peer(request)?.ip();
    while is_trusted(client) {
        match hops.next().and_then(address) {
            Some(before) => client = before.to_canonical(),
            None => break,
        }
    }
    Some(client)
}

/// The other end of the connection.
pub(super) fn peer(request: &Request) -> Option<SocketAddr> {
    match &**request.remote_addr() {
        Addr::SocketAddr(address) => Some(SocketAddr::new(address.ip().to_canonical(), address.port())),
        _ => None,
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; a zone (`%eth0`) means something
/// to the machine that wrote it alone, and is left out.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port_or_nothing = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return port_or_nothing.then(|| without_zone(address)?.parse().ok().map(IpAddr::V6)).flatten();
    }
    let address = match text.split_once(':') {
        // With more than one colon it is all address.
        Some((address, port)) if is_port(port) => IpAddr::V4(address.parse().ok()?),
        _ => without_zone(text)?.parse().ok()?,
    };
    Some(address)
}

/// The address before a zone, if what is there can be one.
fn without_zone(text: &str) -> Option<&str> {
    match text.split_once('%') {
        None => Some(text),
        Some((address, zone)) => {
            let named = zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            // Only IPv6 has zones.
            (!zone.is_empty() && named && address.contains(':')).then_some(address)
        }
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
pub(super) mod tests {
    use poem::{
        Body, RequestParts,
        http::{self, uri::Scheme},
        web::{LocalAddr, RemoteAddr},
    };

    use super::*;

    /// A request as it would come from this peer with these lines of `X-Forwarded-For`.
    pub(in crate::http) fn request(peer: &str, forwarded: &[&[u8]]) -> Request {
        let mut builder = http::Request::builder().uri("/echo");
        for line in forwarded {
            builder = builder.header(X_FORWARDED_FOR, *line);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        let remote = RemoteAddr(Addr::SocketAddr(peer.parse().unwrap()));
        Request::from_parts(RequestParts::from((parts, LocalAddr::default(), remote, Scheme::HTTP)), Body::empty())
    }

    fn trusted() -> Vec<IpNetwork> {
        ["10.0.0.0/8", "::1", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec()
    }

    /// The client of a request that a trusted proxy has passed on.
    fn client(forwarded: &[&[u8]]) -> String {
        client_address(&request("10.0.0.1:1", forwarded), &trusted()).unwrap().to_string()
    }

    #[test]
    fn a_peer_that_is_not_trusted_is_the_client_whatever_it_says() {
        for peer in ["203.0.113.9:80", "[2001:db8::9]:80", "[::ffff:203.0.113.9]:80", "127.0.0.1:80"] {
            let request = request(peer, &[b"198.51.100.1", b"10.0.0.1, ::1"]);
            let expected = peer.parse::<SocketAddr>().unwrap().ip().to_canonical();
            assert_eq!(client_address(&request, &trusted()), Some(expected), "{peer}");
            assert_eq!(client_address(&request, &[]), Some(expected), "{peer}");
        }
        assert_eq!(client_address(&Request::default(), &trusted()), None, "nobody knows where it comes from");
    }

    #[test]
    fn the_first_from_the_end_that_is_not_trusted_is_the_client() {
        assert_eq!(client(&[]), "10.0.0.1", "the proxy asks by itself");
        assert_eq!(client(&[b"203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&[b"203.0.113.9, 10.2.3.4 ,fd00::7"]), "203.0.113.9");
        assert_eq!(client(&[b"10.9.9.9, 10.2.3.4"]), "10.9.9.9", "a client inside");
        // Mapped addresses are what they are, as the peer and on the way.
        let mapped = request("[::ffff:10.0.0.1]:80", &[b"203.0.113.9, ::ffff:10.0.0.2"]);
        assert_eq!(client_address(&mapped, &trusted()).unwrap().to_string(), "203.0.113.9");
        assert_eq!(client(&[b"::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn what_a_client_sends_stands_before_what_proxies_say_and_is_not_believed() {
        for sent in ["198.51.100.1", "10.0.0.7", "::1, 10.0.0.7", "unknown", "\u{fffd}", ",,,", "203.0.113.9]:80 [::1"]
        {
            let line = format!("{sent}, 203.0.113.9");
            assert_eq!(client(&[line.as_bytes()]), "203.0.113.9", "{sent}");
            assert_eq!(client(&[sent.as_bytes(), b"203.0.113.9"]), "203.0.113.9", "{sent}");
            assert_eq!(client(&[sent.as_bytes(), b"203.0.113.9", b"10.0.0.2"]), "203.0.113.9", "{sent}");
        }
        assert_eq!(client(&[b"\xff\xfe, 203.0.113.9, 10.0.0.2"]), "203.0.113.9", "it need not be text");
    }

    #[test]
    fn what_is_no_address_ends_the_search_at_the_last_that_was_one() {
        for garbage in [
            "",
            " ",
            "unknown",
            "_hidden",
            "localhost",
            "203.0.113",
            "203.0.113.9:",
            "203.0.113.9:x",
            "[::1",
            "203.0.113.9:65536",
            "203.0.113.9:+1",
            "203.0.113.9%eth0",
            "[203.0.113.9]",
            "[2001:db8::9]x",
            "fe80::1%",
            "[fe80::1%a]b]",
            "for=203.0.113.9",
            "\"203.0.113.9\"",
            "203.0.113.9 203.0.113.8",
            "0xcb007109",
        ] {
            assert_eq!(client(&[garbage.as_bytes()]), "10.0.0.1", "{garbage:?}");
            let line = format!("198.51.100.1, {garbage}, 10.0.0.2");
            assert_eq!(client(&[line.as_bytes()]), "10.0.0.2", "{garbage:?}");
        }
    }

    #[test]
    fn ports_brackets_and_zones_are_left_out() {
        for (hop, expected) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::9", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("\t2001:DB8:0:0::9 ", "2001:db8::9"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%3]:4711", "fe80::1"),
            ("[::ffff:203.0.113.9]:4711", "203.0.113.9"),
        ] {
            assert_eq!(client(&[hop.as_bytes()]), expected, "{hop}");
        }
    }

    #[test]
    fn a_header_of_any_length_does_no_harm() {
        let all_trusted = "10.0.0.2,".repeat(1200) + "10.0.0.2";
        assert_eq!(client(&[all_trusted.as_bytes()]), "10.0.0.2");
        assert_eq!(client(&[&vec![b','; 10_000]]), "10.0.0.1");
        assert_eq!(client(&[&vec![b'1'; 10_000]]), "10.0.0.1");
        let long = [vec![b'x'; 10_000], b", 203.0.113.9".to_vec()].concat();
        assert_eq!(client(&[&long]), "203.0.113.9");
        let lines = vec![&b"10.0.0.2"[..]; 200];
        assert_eq!(client(&[&[&b"203.0.113.9"[..]], lines.as_slice()].concat()), "203.0.113.9");
    }
}
