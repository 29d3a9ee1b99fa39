//! What a producer knows of a topic: its partitions, which node leads each, and the order in which the client lists them.
//! Kafka: `Cluster` and `MetadataSnapshot` of the client. Left out: leader epochs, until leaders change.
//! Holds: shared and never changed; news is a new one.

/// No node leads this partition.
const NO_NODE: u32 = u32::MAX;

/// One topic as a client sees it. Nodes count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Partitions that have a leader, in the order in which the client lists them.
    available: Vec<u32>,
    /// The same in ascending order.
    available_in_order: Vec<u32>,
    /// For each partition its leader and its place in that node's list.
    leaders: Vec<(u32, u32)>,
    /// For each node the partitions that it leads, in the order in which a drain visits them.
    nodes: Vec<Vec<u32>>,
}

impl Metadata {
    /// Partitions listed in ascending order; `leaders[p]` is the node that leads partition p, if one does.
    pub fn new(leaders: Vec<Option<u32>>) -> Self {
        let order: Vec<u32> = (0..leaders.len() as u32).collect();
        Metadata::in_order(&order, leaders)
    }

    /// As `new`, with the partitions listed as in `order`. A real client's order comes from a hash map.
    pub fn in_order(order: &[u32], leaders: Vec<Option<u32>>) -> Self {
        assert!(!leaders.is_empty(), "a topic has at least one partition");
        assert_eq!(order.len(), leaders.len(), "each partition is listed once");
        let count = leaders.iter().flatten().max().map_or(0, |node| node + 1);
        let mut nodes = vec![Vec::new(); count as usize];
        let mut places = vec![(NO_NODE, 0); leaders.len()];
        let mut available = Vec::new();
        for &partition in order {
            if let Some(node) = leaders[partition as usize] {
                let led: &mut Vec<u32> = &mut nodes[node as usize];
                places[partition as usize] = (node, led.len() as u32);
                led.push(partition);
                available.push(partition);
            }
        }
        let available_in_order = (0..leaders.len() as u32).filter(|p| leaders[*p as usize].is_some()).collect();
        Metadata { available, available_in_order, leaders: places, nodes }
    }

    /// All partitions of the topic, available or not.
    pub fn partitions(&self) -> u32 {
        self.leaders.len() as u32
    }

    pub fn nodes(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// How many partitions have a leader.
    pub fn available_count(&self) -> u32 {
        self.available.len() as u32
    }

    /// The partition at this place of the client's list of available ones.
    pub fn available(&self, place: u32) -> u32 {
        self.available[place as usize]
    }

    /// The available partition at this place in ascending order.
    pub fn available_in_order(&self, place: u32) -> u32 {
        self.available_in_order[place as usize]
    }

    /// The place of an available partition in ascending order.
    pub fn place_in_order(&self, partition: u32) -> u32 {
        self.available_in_order.partition_point(|other| *other < partition) as u32
    }

    /// The node that leads the partition, and the place of the partition in that node's list.
    #[inline]
    pub fn leader(&self, partition: u32) -> Option<(u32, u32)> {
        let (node, place) = self.leaders[partition as usize];
        (node != NO_NODE).then_some((node, place))
    }

    /// What a node leads, in the order in which a drain visits it.
    pub fn led_by(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize]
    }
}
