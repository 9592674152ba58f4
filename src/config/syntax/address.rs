//! Networks, ports and the Services that are called.

use std::fmt;
use std::net::IpAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::declare::text_schemas;
use super::name::dns_label;
use crate::config::decode::{Decode, Flaw, Syntax, choose};
use crate::diagnostic::{Code, Finding, Findings, codes};
use crate::yaml::Node;

codes! {
    /// A network, a port or a call that cannot be one.
    ///
    /// A network is an address and the length of its prefix, with no bit set
    /// after it. A port is a number from 1 to 65535 or the name of a
    /// container's port; `/UDP` or `/SCTP` after it says that it is not TCP. A
    /// call is the name of a Service and one of its ports.
    ///
    /// ```yaml
    /// egress: [{ to: { cidr: 10.20.0.1/16 }, ports: [0] }]       # wrong
    /// egress: [{ to: { cidr: 10.20.0.0/16 }, ports: [5432] }]    # right
    /// calls: [redis-leader]                                      # wrong: which port?
    /// calls: ["redis-leader:6379"]                               # right
    /// ```
    INVALID_ADDRESS = "invalid-address", Input, Error;
}

text_schemas!(Cidr, Call);

/// A network: an address and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The first address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits are fixed.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether every address of `inner` is one of this network.
    pub fn contains(self, inner: Self) -> bool {
        let same_family = self.address.is_ipv4() == inner.address.is_ipv4();
        same_family && self.prefix <= inner.prefix && self.first_of(inner.address) == self.address
    }

    /// The first address of the network of this prefix that `address` is in.
    fn first_of(self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V4((u32::from(address) & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V6((u128::from(address) & mask).into())
            }
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Syntax for Cidr {
    const NOUN: &'static str = "a network";
    const CODE: &'static Code = &INVALID_ADDRESS;
    const EXAMPLE: &'static str = "10.20.0.0/16";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let help = "an address and the length of its prefix: `10.20.0.0/16`";
        let Some((address, prefix)) = text.split_once('/') else {
            return Err(Flaw::new("it has no `/` and length").help(help));
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| Flaw::new(format!("`{address}` is not an address")).help(help))?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let length = prefix.parse().ok().filter(|&length: &u8| digits && length <= bits);
        let Some(prefix) = length else {
            let because = format!("`{prefix}` is not a length from 0 to {bits}");
            return Err(Flaw::new(because).help(help));
        };
        let network = Self { address, prefix };
        let first = Self { address: network.first_of(address), prefix };
        if first != network {
            let because = format!("bits are set after the first {prefix}");
            return Err(Flaw::new(because).help(format!("did you mean `{first}`?")));
        }
        Ok(network)
    }
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Protocol {
    /// TCP, unless said otherwise.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    const WORDS: &[(&'static str, Self)] =
        &[("TCP", Self::Tcp), ("UDP", Self::Udp), ("SCTP", Self::Sctp)];

    /// As Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

/// A port, by number or by the name that a container gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// By number.
    Number(u16, Protocol),
    /// By name.
    Name(String, Protocol),
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self {
            Self::Number(number, protocol) => {
                write!(f, "{number}")?;
                protocol
            }
            Self::Name(name, protocol) => {
                f.write_str(name)?;
                protocol
            }
        };
        match protocol {
            Protocol::Tcp => Ok(()),
            other => write!(f, "/{}", other.as_str()),
        }
    }
}

impl Port {
    fn parse(text: &str) -> Result<Self, Flaw> {
        let (port, protocol) = match text.split_once('/') {
            Some((port, protocol)) => (port, choose(protocol, Protocol::WORDS)?),
            None => (text, Protocol::Tcp),
        };
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = port.parse().ok().filter(|&number| number > 0);
            let number = number.ok_or_else(|| Flaw::new("ports are 1 to 65535"))?;
            return Ok(Self::Number(number, protocol));
        }
        port_name(port)?;
        Ok(Self::Name(port.to_owned(), protocol))
    }
}

/// Kubernetes' `IsValidPortName`.
fn port_name(text: &str) -> Result<(), Flaw> {
    dns_label(text)?;
    if text.len() > 15 {
        return Err(Flaw::new("a port's name has at most 15 characters"));
    }
    if text.contains("--") || !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Err(Flaw::new("a port's name has a letter, and no `--`"));
    }
    Ok(())
}

/// A number or a text: `5432`, `http`, `53/UDP`. No [`Syntax`], because a
/// number needs no quotes here.
impl Decode for Port {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        let text = match (node.as_str(), node.as_number()) {
            (Some(text), _) => text,
            (_, Some(number)) => number.source(),
            _ => {
                findings.push(crate::config::decode::wrong_type(node, "a port"));
                return None;
            }
        };
        let wrong = |flaw: Flaw| {
            Finding::new(&INVALID_ADDRESS, format!("`{text}` is not a port"), node.location())
                .because(flaw.because)
                .maybe_help(flaw.help)
        };
        Self::parse(text).map_err(|flaw| findings.push(wrong(flaw))).ok()
    }
}

impl JsonSchema for Port {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Port".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                { "type": "string", "examples": ["http", "53/UDP"] },
            ],
        })
    }
}

/// A Service that an app calls, and the port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// The Service's name.
    pub service: String,
    /// One of its ports.
    pub port: Port,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.port)
    }
}

impl Syntax for Call {
    const NOUN: &'static str = "a Service and its port";
    const CODE: &'static Code = &INVALID_ADDRESS;
    const EXAMPLE: &'static str = "redis-leader:6379";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let Some((service, port)) = text.split_once(':') else {
            return Err(Flaw::new("it names no port").help(format!("write `{text}:PORT`")));
        };
        dns_label(service)?;
        Ok(Self { service: service.to_owned(), port: Port::parse(port)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    #[test]
    fn a_network_has_no_bits_after_its_prefix() {
        let flaw = Cidr::parse("10.20.0.1/16").unwrap_err();
        assert_eq!(flaw.help.unwrap(), "did you mean `10.20.0.0/16`?");
        for wrong in ["10.20.0.0", "10.20.0.0/33", "10.0.0/8", "::/129", "a/8", "10.0.0.0/+8"] {
            assert!(Cidr::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_contain_networks_of_their_family() {
        assert!(cidr("10.20.0.0/16").contains(cidr("10.20.9.0/24")));
        assert!(cidr("0.0.0.0/0").contains(cidr("10.20.9.0/24")));
        assert!(cidr("::/0").contains(cidr("fd00::/8")));
        assert!(!cidr("10.20.0.0/16").contains(cidr("10.21.0.0/24")));
        assert!(!cidr("10.20.9.0/24").contains(cidr("10.20.0.0/16")));
        assert!(!cidr("0.0.0.0/0").contains(cidr("::/0")));
    }

    #[test]
    fn ports_have_a_number_or_a_name() {
        assert_eq!(Port::parse("http"), Ok(Port::Name("http".into(), Protocol::Tcp)));
        assert_eq!(Port::parse("53/UDP"), Ok(Port::Number(53, Protocol::Udp)));
        for wrong in ["", "0", "65536", "HTTP", "a-very-long-port-name", "53/udp", "a--b"] {
            assert!(Port::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_call_names_service_and_port() {
        assert_eq!(Call::parse("redis:6379").unwrap().to_string(), "redis:6379");
        for wrong in ["redis", "redis:", ":6379", "Redis:1", "redis:6379:1"] {
            assert!(Call::parse(wrong).is_err(), "{wrong}");
        }
    }
}
