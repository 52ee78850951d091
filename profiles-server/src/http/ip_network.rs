//! A range of addresses.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// The bits that an IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) begins with.
const MAPPED: u8 = 96;

/// An address, or all that begin with the same bits: `192.0.2.1`, `10.0.0.0/8`, `fd00::/8`.
///
/// ```
/// use profiles_server::http::IpNetwork;
///
/// let network: IpNetwork = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?));
/// assert!("10.0.0.1/8".parse::<IpNetwork>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNetwork {
    /// The first address: the bits that the prefix does not count are zero.
    first: IpAddr,
    prefix: u8,
}

impl IpNetwork {
    /// Whether this address is one of it. An IPv4 address mapped into IPv6 counts as the IPv4 address that it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == Some(self.first)
            && self.first.is_ipv4() == address.to_canonical().is_ipv4()
    }
}

/// The address with nothing but this many of its first bits; `None` if it has not so many.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    let prefix = u32::from(prefix);
    Some(match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(u32::BITS.checked_sub(prefix)?).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(u128::BITS.checked_sub(prefix)?).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    })
}

impl From<IpAddr> for IpNetwork {
    fn from(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self { first, prefix: if first.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for IpNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("must hold addresses and networks, like 10.0.0.0/8 or ::1, not {text:?}");
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse::<IpAddr>().map(Self::from).map_err(|_| wrong());
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        // A sign would be taken, too.
        let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let mut prefix = prefix.parse::<u8>().ok().filter(|_| digits).ok_or_else(wrong)?;
        let first = if prefix >= MAPPED { address.to_canonical() } else { address };
        if first.is_ipv4() && address.is_ipv6() {
            prefix -= MAPPED;
        }
        match masked(first, prefix).ok_or_else(wrong)? {
            same if same == first => Ok(Self { first, prefix }),
            // One of both is a slip, and the wrong one trusts too many.
            other => {
                Err(format!("must not hold {text:?}, which has bits beyond its prefix: {other}/{prefix} has none"))
            }
        }
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Self::from(self.first) == *self {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}/{}", self.first, self.prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> IpNetwork {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_what_begins_with_its_bits() {
        for (text, inside, outside) in [
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("192.0.2.1/32", "::ffff:192.0.2.1", "192.0.2.0"),
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("172.16.0.0/12", "172.31.0.1", "172.32.0.1"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::1", "::1", "127.0.0.1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("2001:db8:0:8000::/49", "2001:db8:0:ffff::1", "2001:db8:0:7fff::1"),
            ("::/0", "ffff::", "10.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"),
        ] {
            assert!(network(text).contains(address(inside)), "{inside} in {text}");
            assert!(!network(text).contains(address(outside)), "{outside} in {text}");
        }
    }

    #[test]
    fn it_is_shown_as_it_is_read() {
        for text in ["192.0.2.1", "10.0.0.0/8", "0.0.0.0/0", "::/0", "::1", "fd00::/8"] {
            assert_eq!(network(text).to_string(), text);
        }
        assert_eq!(network("::ffff:10.0.0.0/104").to_string(), "10.0.0.0/8");
        assert_eq!(network("::1/128").to_string(), "::1");
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in [
            "",
            "/",
            "10",
            "10.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "::/129",
            "010.0.0.1",
            " ::1",
            "localhost",
            "10.0.0.1:80",
            "[::1]",
            "fe80::1%eth0",
            "10.0.0.0/256",
        ] {
            let error = bad.parse::<IpNetwork>().unwrap_err();
            assert!(error.starts_with("must hold addresses and networks"), "{bad}: {error}");
        }
        let error = "10.0.0.1/8".parse::<IpNetwork>().unwrap_err();
        assert_eq!(error, "must not hold \"10.0.0.1/8\", which has bits beyond its prefix: 10.0.0.0/8 has none");
    }
}
