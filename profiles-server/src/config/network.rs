//! Where the server listens and how long it waits.

use std::{fmt, net::SocketAddr, str::FromStr, time::Duration};

use super::{
    setting::settings,
    value::{Shown, Value, as_written},
};
use crate::http::IpNetwork;

settings! {
    /// Where the server listens and how long it waits.
    pub struct Network {
        /// Address and port to listen on. Port 0 takes any that is free.
        "bind" => bind: HostPort = HostPort::local(8000);
        /// Where clients reach this server, when that is not `bind`: base of the links in mails. With https, cookies
        /// are for https only.
        "public_url" => public_url: Option<WebUrl> = None;
        /// Proxies whose X-Forwarded-For header is believed: addresses or networks like `10.0.0.0/8`, separated by commas
        /// in a flag or variable. From all others, the address of the connection counts.
        "trusted_proxies" => trusted_proxies: Vec<IpNetwork> = Vec::new();
        /// Connections at once; more of them wait to be accepted.
        "max_connections" => max_connections: u32 = 10_000, 1..=1_000_000;
        /// Live feeds at once; one more is refused. Each is a connection too.
        "max_streams" => max_streams: u32 = 10_000, 0..=1_000_000;
        /// Seconds that a client has to send the head of a request.
        "header_timeout" => header_timeout: Duration = Duration::from_secs(10), seconds(1)..=seconds(600);
        /// Seconds without a byte in either direction, after which a connection is closed.
        "idle_timeout" => idle_timeout: Duration = Duration::from_secs(75), seconds(1)..=seconds(3600);
        /// Seconds that requests under way have to finish when the server stops.
        "shutdown_grace" => shutdown_grace: Duration = Duration::from_secs(30), seconds(0)..=seconds(3600);
        /// Bytes that the body of a request may have.
        "max_body_bytes" => max_body_bytes: usize = 2_621_440, 1024..=1_073_741_824;
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `host:port`, where the host is an address or a name; IPv6 in brackets.
///
/// ```
/// use profiles_server::config::HostPort;
///
/// assert_eq!("[::]:8000".parse::<HostPort>()?.url(), "http://localhost:8000");
/// assert!("8000".parse::<HostPort>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort(String);

impl HostPort {
    /// This machine alone, on this port.
    pub fn local(port: u16) -> Self {
        Self(format!("127.0.0.1:{port}"))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its port.
    pub fn port(&self) -> Option<u16> {
        self.0.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }

    /// Where a browser on this machine finds it.
    pub fn url(&self) -> String {
        match self.0.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_unspecified() => format!("http://localhost:{}", address.port()),
            _ => format!("http://{}", self.0),
        }
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name_and_port = |(host, port): (&str, &str)| {
            let name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
            !host.is_empty() && name && port.parse::<u16>().is_ok()
        };
        if text.parse::<SocketAddr>().is_ok() || text.rsplit_once(':').is_some_and(name_and_port) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("must be an address and a port, like 127.0.0.1:8000, not {text:?}"))
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_written!(HostPort);

/// An http or https URL without query or fragment; a slash at its end is taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl(String);

impl WebUrl {
    /// As a line of a mail has to hold a link that begins with it.
    const MAX_BYTES: usize = 500;

    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host, with the port if there is one.
    pub(crate) fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }
}

impl FromStr for WebUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let plain = |rest: &str| {
            let authority = rest.split('/').next().unwrap_or_default();
            !authority.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\"<>\\".contains(&byte))
        };
        match rest {
            Some(rest) if plain(rest) && text.len() <= Self::MAX_BYTES => {
                Ok(Self(text.trim_end_matches('/').to_owned()))
            }
            _ => Err(format!("must be a URL, like https://profiles.example, not {text:?}")),
        }
    }
}

as_written!(WebUrl);

impl Value for IpNetwork {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn shown(&self) -> Shown {
        Shown::text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_port() {
        for good in ["127.0.0.1:8000", "[::1]:80", "localhost:0", "api-1.internal:65535"] {
            assert!(good.parse::<HostPort>().is_ok(), "{good}");
        }
        for bad in ["", "8000", ":8000", "localhost", "localhost:", "localhost:65536", "::1:80", "a b:1", "http://a:1"]
        {
            assert!(bad.parse::<HostPort>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_public_url_is_a_plain_one() {
        let url: WebUrl = "https://a.example:8443/p/".parse().unwrap();
        assert_eq!((url.as_str(), url.host()), ("https://a.example:8443/p", "a.example:8443"));
        for bad in ["a.example", "ftp://a", "https://", "https:///p", "https://u:p@a", "https://a?b", "https://a b"] {
            assert!(bad.parse::<WebUrl>().is_err(), "{bad}");
        }
    }
}
