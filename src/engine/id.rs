//! Identities. Each counts from 0 in the order of the scenario file.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl From<usize> for $name {
            fn from(index: usize) -> Self {
                $name(u32::try_from(index).expect("ids fit in 32 bits"))
            }
        }
    };
}

id!(/// A broker of the cluster.
    BrokerId);
id!(/// A topic, by its place in the file.
    TopicId);
id!(/// A partition of any topic: topics in order, each with its partitions in order, in one dense count. Grows at the end when partitions are added.
    TopicPartition);
id!(/// A producer of the file (all its instances).
    ProducerId);
id!(/// A consumer group.
    GroupId);
id!(/// A member of a group, by its place: the person or pod, which keeps its number through restarts.
    MemberIndex);
id!(/// Something that handlers act on: a database, an API, a store.
    TargetId);
id!(/// An actor of the simulation that gets events.
    NodeId);
id!(/// An observation, by its place in the run's list: the id of an event on screen.
    ObservationId);

/// A position in a partition's log.
pub type Offset = u64;
/// A difference of offsets.
pub type OffsetCount = u64;
