//! Whose event a record is, and the key that it carries: how they are drawn, what they are called, where they hash to.
//! Kafka has no class for it; places are those of `BuiltInPartitioner.partitionForKey`.
//!
//! An **entity** is whose event it is; a **key id** stands for the exact bytes of a key: entity × salt + s. Everything is
//! shared by all instances of a producer.
//! Holds: two ids never stand for the same bytes; the salt, the share of the hot key and the number of partitions change
//! nobody's draw.

use crate::engine::client::producer::partitioner::partition_for_key;
use crate::engine::design::{self, KeyDistribution, SendKey};
use crate::engine::log::memory_records::NO_KEY;
use crate::engine::log::record_batch::size_of_bytes;
use crate::engine::random::{Alias, Stream};
use std::sync::Arc;

/// The keys of one producer.
#[derive(Debug)]
pub struct Keys {
    field: String,
    choice: Choice,
    hot: Option<Hot>,
    /// Names of the entities that are not `FIELD-<n>`: all of a list, and the hot one behind the drawn ones.
    names: Names,
    /// Different entities; 0 without.
    entities: u32,
    send: SendKey,
    /// Keys for each entity: 1 without salt.
    salt: u32,
}

#[derive(Debug)]
enum Choice {
    NoEntity,
    Uniform(u32),
    Weighted(Alias),
}

#[derive(Debug)]
struct Hot {
    /// Draws below this are the hot key's.
    threshold: u64,
    entity: u32,
}

#[derive(Debug)]
enum Names {
    /// `FIELD-0` to `FIELD-<n − 1>`, then these.
    Numbered {
        numbered: u32,
        then: Vec<String>,
    },
    Listed(Vec<String>),
}

impl Keys {
    pub fn new(key: &design::Key) -> Arc<Keys> {
        let salt = match key.send {
            SendKey::Entity | SendKey::Null => 1,
            SendKey::Salted(salt) => salt.max(1),
        };
        let Some(entity) = &key.entity else {
            let names = Names::Listed(Vec::new());
            let keys = Keys { field: String::new(), choice: Choice::NoEntity, hot: None, names, entities: 0, send: SendKey::Null, salt: 1 };
            return Arc::new(keys);
        };
        let (choice, mut names) = match &entity.from {
            KeyDistribution::Uniform { keys } => (Choice::Uniform(*keys), Names::Numbered { numbered: *keys, then: Vec::new() }),
            KeyDistribution::Zipf { keys, exponent } => {
                (Choice::Weighted(Alias::zipf(*keys, *exponent)), Names::Numbered { numbered: *keys, then: Vec::new() })
            }
            KeyDistribution::Weighted(list) => {
                let weights: Vec<f64> = list.iter().map(|(_, weight)| *weight).collect();
                (Choice::Weighted(Alias::new(&weights)), Names::Listed(list.iter().map(|(name, _)| name.clone()).collect()))
            }
        };
        let hot = entity.hot.as_ref().map(|(share, name)| {
            let place = names.place(&entity.field, name).unwrap_or_else(|| names.add(name.clone()));
            // 2⁶⁴ itself does not fit; the largest draw being missed is no more than a draw's own grain.
            Hot { threshold: (share * 18_446_744_073_709_551_616.0) as u64, entity: place }
        });
        let entities = names.count();
        assert!(u64::from(entities) * u64::from(salt) < u64::from(NO_KEY), "key ids fit in 32 bits");
        Arc::new(Keys { field: entity.field.clone(), choice, hot, names, entities, send: key.send, salt })
    }

    /// The entity of draws of the streams `… keys` and `… hot`; [`NO_KEY`] without entities.
    pub fn entity(&self, keys_draw: u64, hot_draw: impl FnOnce() -> u64) -> u32 {
        if let Some(hot) = &self.hot
            && hot_draw() < hot.threshold
        {
            return hot.entity;
        }
        match &self.choice {
            Choice::NoEntity => NO_KEY,
            Choice::Uniform(keys) => uniform(keys_draw, *keys),
            Choice::Weighted(alias) => alias.choose(keys_draw),
        }
    }

    /// The same for records that follow each other: one loop for each kind of distribution.
    pub fn entities_of(&self, keys_draws: &[u64], hot: Stream, first: u64, entities: &mut [u32]) {
        let pairs = entities.iter_mut().zip(keys_draws);
        match &self.choice {
            Choice::NoEntity => entities.fill(NO_KEY),
            Choice::Uniform(keys) => pairs.for_each(|(entity, draw)| *entity = uniform(*draw, *keys)),
            Choice::Weighted(alias) => pairs.for_each(|(entity, draw)| *entity = alias.choose(*draw)),
        }
        if let Some(Hot { threshold, entity: hot_entity }) = self.hot {
            for (number, entity) in (first..).zip(entities) {
                if hot.at(number) < threshold {
                    *entity = hot_entity;
                }
            }
        }
    }

    /// Keys for each entity: 1 without salt.
    pub fn salt(&self) -> u32 {
        self.salt
    }

    /// Whether a salt is drawn.
    pub fn is_salted(&self) -> bool {
        match self.send {
            SendKey::Salted(_) => true,
            SendKey::Entity | SendKey::Null => false,
        }
    }

    /// The key id of an entity and a draw of the stream `… salt`.
    #[inline(always)]
    pub fn salted(&self, entity: u32, salt_draw: u64) -> u32 {
        entity * self.salt + uniform(salt_draw, self.salt)
    }

    /// How many entities there are.
    pub fn entities(&self) -> u32 {
        self.entities
    }

    /// How many different keys there are; ids are below it.
    pub fn count(&self) -> u32 {
        self.entities * self.salt
    }

    /// Whether records are sent with a key.
    pub fn are_sent(&self) -> bool {
        match self.send {
            SendKey::Entity | SendKey::Salted(_) => true,
            SendKey::Null => false,
        }
    }

    #[inline]
    pub fn entity_of(&self, key: u32) -> Option<u32> {
        (key != NO_KEY).then(|| key / self.salt)
    }

    pub fn name_of_entity(&self, entity: u32) -> String {
        match &self.names {
            Names::Listed(names) => names[entity as usize].clone(),
            Names::Numbered { numbered, .. } if entity < *numbered => format!("{}-{entity}", self.field),
            Names::Numbered { numbered, then } => then[(entity - numbered) as usize].clone(),
        }
    }

    /// The key as text, which is also its bytes: `FIELD-17`, `acme`, salted `acme#3`.
    pub fn name_of_key(&self, key: u32) -> String {
        let entity = self.name_of_entity(key / self.salt);
        if self.is_salted() { format!("{entity}#{}", key % self.salt) } else { entity }
    }

    /// The share of all events that the ten most frequent entities have, from the distribution itself.
    pub fn top10_share(&self) -> f64 {
        if self.entities == 0 {
            return 0.0;
        }
        let drawn = match &self.choice {
            Choice::NoEntity => Vec::new(),
            Choice::Uniform(keys) => vec![1.0 / f64::from(*keys); *keys as usize],
            Choice::Weighted(alias) => alias.shares(),
        };
        let hot_share = self.hot.as_ref().map_or(0.0, |hot| hot.threshold as f64 / 18_446_744_073_709_551_616.0);
        let mut shares: Vec<f64> = drawn.iter().map(|share| share * (1.0 - hot_share)).collect();
        shares.resize(self.entities as usize, 0.0);
        if let Some(hot) = &self.hot {
            shares[hot.entity as usize] += hot_share;
        }
        shares.sort_unstable_by(|a, b| b.total_cmp(a));
        shares.iter().take(10).sum()
    }
}

/// A number below `count`, from the upper half of a draw.
#[inline(always)]
fn uniform(draw: u64, count: u32) -> u32 {
    (((draw >> 32) * u64::from(count)) >> 32) as u32
}

impl Names {
    fn count(&self) -> u32 {
        match self {
            Names::Numbered { numbered, then } => numbered + then.len() as u32,
            Names::Listed(names) => names.len() as u32,
        }
    }

    fn add(&mut self, name: String) -> u32 {
        match self {
            Names::Numbered { then, .. } => then.push(name),
            Names::Listed(names) => names.push(name),
        }
        self.count() - 1
    }

    /// The entity that has this name already.
    fn place(&self, field: &str, name: &str) -> Option<u32> {
        match self {
            Names::Listed(names) => names.iter().position(|other| other == name).map(|place| place as u32),
            Names::Numbered { numbered, .. } => {
                let number: u32 = name.strip_prefix(field)?.strip_prefix('-')?.parse().ok()?;
                // `FIELD-07` is another key than `FIELD-7`.
                (number < *numbered && format!("{field}-{number}") == name).then_some(number)
            }
        }
    }
}

/// Where the keys of a producer lie in a topic of so many partitions, and how long they are. Made once for each producer
/// and number of partitions, and shared.
#[derive(Debug)]
pub struct KeyTable {
    entries: Box<[KeyEntry]>,
}

/// What the producer needs of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// murmur2 of the key's bytes, for this number of partitions.
    pub partition: u32,
    /// Bytes of the key in a record, with its length (`size_of_bytes`).
    pub size: u32,
}

impl KeyTable {
    /// None where records are sent without a key.
    pub fn new(keys: &Keys, partitions: u32) -> Option<Arc<KeyTable>> {
        if !keys.are_sent() {
            return None;
        }
        let entry = |key| {
            let name = keys.name_of_key(key);
            KeyEntry { partition: partition_for_key(name.as_bytes(), partitions), size: size_of_bytes(Some(name.len() as u32)) }
        };
        Some(Arc::new(KeyTable { entries: (0..keys.count()).map(entry).collect() }))
    }

    #[inline(always)]
    pub fn entry(&self, key: u32) -> KeyEntry {
        self.entries[key as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::producer::murmur2::{murmur2, to_positive};
    use crate::engine::design::{Entity, Key};

    fn keys(from: KeyDistribution, hot: Option<(f64, &str)>, send: SendKey) -> Arc<Keys> {
        let hot = hot.map(|(share, name)| (share, name.to_owned()));
        Keys::new(&Key { entity: Some(Entity { field: "id".to_owned(), from, hot }), send })
    }

    #[test]
    fn names_are_the_bytes_that_are_hashed() {
        let keys = keys(KeyDistribution::Uniform { keys: 3 }, Some((0.5, "acme")), SendKey::Salted(2));
        let names: Vec<String> = (0..keys.count()).map(|key| keys.name_of_key(key)).collect();
        assert_eq!(names, ["id-0#0", "id-0#1", "id-1#0", "id-1#1", "id-2#0", "id-2#1", "acme#0", "acme#1"]);
        assert_eq!((keys.entity_of(6), keys.name_of_entity(3)), (Some(3), "acme".to_owned()));
        let table = KeyTable::new(&keys, 12).expect("the keys are sent");
        for (key, name) in names.iter().enumerate() {
            let partition = to_positive(murmur2(name.as_bytes())) % 12;
            assert_eq!(table.entry(key as u32), KeyEntry { partition, size: 1 + name.len() as u32 });
        }
    }

    #[test]
    fn a_hot_key_that_is_drawn_too_is_one_entity() {
        let uniform = || KeyDistribution::Uniform { keys: 20 };
        assert_eq!(keys(uniform(), Some((0.5, "id-7")), SendKey::Entity).entities(), 20);
        assert_eq!(keys(uniform(), Some((0.5, "id-07")), SendKey::Entity).entities(), 21);
        let listed = KeyDistribution::Weighted(vec![("acme".to_owned(), 30.0), ("globex".to_owned(), 10.0)]);
        let keys = keys(listed, Some((0.5, "globex")), SendKey::Entity);
        assert_eq!(keys.entity(u64::MAX, || 0), 1);
        assert_eq!(keys.entities(), 2);
    }

    #[test]
    fn the_top_ten_are_known_from_the_distribution() {
        let share = |hot| keys(KeyDistribution::Uniform { keys: 100 }, hot, SendKey::Entity).top10_share();
        assert!((share(None) - 0.10).abs() < 1e-9);
        assert!((share(Some((0.4, "acme"))) - (0.4 + 0.6 * 0.09)).abs() < 1e-9);
        assert!((share(Some((0.4, "id-3"))) - (0.4 + 0.6 * 0.10)).abs() < 1e-9);
        assert_eq!(Keys::new(&Key { entity: None, send: SendKey::Null }).top10_share(), 0.0);
    }

    #[test]
    fn records_without_a_key_have_no_table() {
        let keys = keys(KeyDistribution::Uniform { keys: 5 }, None, SendKey::Null);
        assert!(KeyTable::new(&keys, 12).is_none());
        assert_eq!(keys.entity_of(4), Some(4));
        assert_eq!(keys.entity_of(NO_KEY), None);
    }
}
