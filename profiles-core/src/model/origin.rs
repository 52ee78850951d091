//! Where a request comes from.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// Where a request comes from: kept with logins and in the audit trail, and what throttles go by. Nothing in it is a
/// proof of anything; whoever embeds this says only what it believes.
///
/// Texts are cut to their limits, and their control characters become spaces, so that nothing in a list or a log can
/// steer a terminal.
///
/// ```
/// use profiles_core::model::Origin;
///
/// let origin = Origin::new(Some("203.0.113.7".parse()?), Some("curl/8\n"), None);
/// assert_eq!(origin.agent(), Some("curl/8 "));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    address: Option<IpAddr>,
    agent: Option<Arc<str>>,
    request_id: Option<Arc<str>>,
}

impl Origin {
    /// Code points that are kept of what a client says it is.
    pub const MAX_AGENT_CHARS: usize = 200;
    /// Code points that are kept of a request's name.
    pub const MAX_REQUEST_ID_CHARS: usize = 64;

    /// From what is known of a request: the client's address, what it says it is (`User-Agent`), and the request's name
    /// in the log. An IPv4 address in the form of IPv6 (`::ffff:203.0.113.7`) is taken for what it is.
    pub fn new(address: Option<IpAddr>, agent: Option<&str>, request_id: Option<&str>) -> Self {
        let short = |text: &str, most| -> Arc<str> {
            text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().into()
        };
        Self {
            address: address.map(|address| address.to_canonical()),
            agent: agent.map(|text| short(text, Self::MAX_AGENT_CHARS)),
            request_id: request_id.map(|text| short(text, Self::MAX_REQUEST_ID_CHARS)),
        }
    }

    /// The client's address.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// What the client says it is.
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// The request's name in the log.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

/// A part of the internet: an address with only its first bits left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// What throttles count as one client: an IPv4 address, or an IPv6 network of 64 bits, of which whoever has one has
    /// every address.
    pub fn of_client(address: IpAddr) -> Self {
        Self::cut(address, 32, 64)
    }

    /// What counts as one place when somebody logs in: 24 bits of IPv4, 48 of IPv6. Within those, providers move people
    /// about.
    pub fn of_place(address: IpAddr) -> Self {
        Self::cut(address, 24, 48)
    }

    /// Reads what `Display` has written: an address and how many bits of it count, and no other bit is set.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        if bits > most || address != address.to_canonical() {
            return None;
        }
        let network = Self::cut(address, bits, bits);
        (network.to_string() == text).then_some(network)
    }

    fn cut(address: IpAddr, v4_bits: u8, v6_bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(v4_bits)).unwrap_or(0);
                Self { address: IpAddr::V4((v4.to_bits() & mask).into()), bits: v4_bits }
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(v6_bits)).unwrap_or(0);
                Self { address: IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)), bits: v6_bits }
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_what_one_client_or_one_place_has() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for (text, client, place) in [
            ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ] {
            assert_eq!(Network::of_client(address(text)).to_string(), client);
            assert_eq!(Network::of_place(address(text)).to_string(), place);
        }
    }

    #[test]
    fn a_network_is_read_in_the_one_form_in_which_it_is_written() {
        for text in ["203.0.113.0/24", "0.0.0.0/0", "203.0.113.7/32", "2001:db8:1::/48", "::/0"] {
            assert_eq!(Network::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "/", "203.0.113.7", "203.0.113.7/24", "203.0.113.0/33", "203.0.113.0/024", "::ffff:1.2.3.4/128"]
        {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn texts_are_short_and_harmless() {
        let origin = Origin::new(None, Some(&"\u{1b}é".repeat(500)), Some(&"x".repeat(100)));
        assert_eq!(origin.agent().unwrap().chars().count(), 200);
        assert!(!origin.agent().unwrap().contains('\u{1b}'));
        assert_eq!(origin.request_id().unwrap().len(), 64);
    }
}
