//! Delays between nodes. A connection never reorders: a message is not there before the one sent ahead of it.
//! A broker's network card takes messages one after the other, each way, in the order in which they were sent.
//! Left out: loss and cuts (a later part), TCP's windows, the cards of clients.

use super::super::design::Network as Spec;
use super::super::id::NodeId;
use super::super::random::{Sampler, Seed, Stream, mix};
use super::super::time::{Duration, Instant};

#[derive(Clone, Debug)]
pub struct Network {
    latency: Sampler,
    jitter: Duration,
    /// The delay, where it is always the same and no link needs to be remembered.
    constant: Option<Duration>,
    stream: Stream,
    brokers: usize,
    /// A name of each node that does not change when others come or go.
    names: Vec<u64>,
    /// To and from each broker, by (client, broker, direction).
    links: Vec<Link>,
    /// When each broker's card is free again, in and out.
    cards: Vec<[Instant; 2]>,
    bytes_per_sec: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Link {
    sent: u64,
    last_arrival: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    ToBroker = 0,
    FromBroker = 1,
}

impl Network {
    pub fn new(spec: &Spec, bytes_per_sec: u64, brokers: u32, seed: Seed) -> Self {
        let latency = spec.latency.sampler();
        Network {
            constant: latency.constant().filter(|_| spec.jitter == Duration::ZERO).map(Duration),
            latency,
            jitter: spec.jitter,
            stream: seed.stream("network"),
            brokers: brokers as usize,
            names: Vec::new(),
            links: Vec::new(),
            cards: vec![[Instant::ZERO; 2]; brokers as usize],
            bytes_per_sec,
        }
    }

    /// The next node, brokers first; its name keeps its luck apart from everybody else's.
    pub fn add_node(&mut self, name: &str) {
        let hash = name.bytes().fold(0, |hash: u64, byte| mix(hash ^ u64::from(byte)));
        self.names.push(hash);
        self.links.resize(self.names.len() * self.brokers * 2, Link::default());
    }

    /// When a message sent now arrives.
    #[inline]
    pub fn arrival(&mut self, now: Instant, from: NodeId, to: NodeId, bytes: u64) -> Instant {
        let (client, broker, direction) = if to.index() < self.brokers && from.index() >= self.brokers {
            (from, to, Direction::ToBroker)
        } else {
            (to, from, Direction::FromBroker)
        };
        let departure = if self.bytes_per_sec == 0 {
            now
        } else {
            let card = &mut self.cards[broker.index()][direction as usize];
            let wire = (u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_sec)) as u64;
            *card = (*card).max(now) + Duration(wire);
            *card
        };
        if let Some(constant) = self.constant {
            return departure + constant;
        }
        let link = &mut self.links[(client.index() * self.brokers + broker.index()) * 2 + direction as usize];
        let luck = self.stream.sub(self.names[from.index()]).sub(self.names[to.index()]);
        let latency = self.latency.duration(luck.at(2 * link.sent));
        let jitter = Duration(((u128::from(luck.at(2 * link.sent + 1)) * (u128::from(self.jitter.0) + 1)) >> 64) as u64);
        link.sent += 1;
        link.last_arrival = (departure + latency + jitter).max(link.last_arrival);
        link.last_arrival
    }
}
