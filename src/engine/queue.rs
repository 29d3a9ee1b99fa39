//! What happens next. One leaf a node in a winner tree; each node has a box of messages under way and one timer.
//!
//! Holds: ties at one nanosecond go by class (messages before timers), then receiver, then sender, then the sender's
//! own count, never by who was pushed first; so the order of the world does not depend on how a run is sliced.

use super::id::NodeId;
use super::message::Message;
use super::time::Instant;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub struct Queue {
    boxes: Vec<NodeBox>,
    /// The earliest event of each subtree, as one number: its moment, its class, its node. The root is 1, the leaf of
    /// node n is `width + n`.
    tree: Vec<u128>,
    width: usize,
    /// The node whose event was taken last; its leaf is brought up to date when it says when to wake it.
    taken: Option<NodeId>,
}

#[derive(Clone, Debug, Default)]
struct NodeBox {
    messages: Vec<Pending>,
    timer: Option<Instant>,
    /// Messages that this node has sent.
    sent: u64,
}

#[derive(Clone, Debug)]
struct Pending {
    at: Instant,
    from: NodeId,
    seq: u64,
    message: Message,
}

impl Pending {
    #[inline]
    fn key(&self) -> (Instant, NodeId, u64) {
        (self.at, self.from, self.seq)
    }
}

/// The next event of the world.
#[derive(Debug)]
pub enum Next {
    Deliver { to: NodeId, from: NodeId, message: Message },
    Elapsed { node: NodeId },
}

const TIMER: u64 = 1 << 32;
const NEVER: u128 = u128::MAX;

impl Queue {
    pub fn new() -> Self {
        Queue { boxes: Vec::new(), tree: vec![NEVER; 2], width: 1, taken: None }
    }

    /// A place for one more node.
    pub fn add_node(&mut self) -> NodeId {
        let node = NodeId::from(self.boxes.len());
        self.boxes.push(NodeBox::default());
        if self.boxes.len() > self.width {
            let leaves = self.tree.split_off(self.width);
            self.width *= 2;
            self.tree = vec![NEVER; 2 * self.width];
            self.tree[self.width..][..leaves.len()].copy_from_slice(&leaves);
            for inner in (1..self.width).rev() {
                self.tree[inner] = self.tree[2 * inner].min(self.tree[2 * inner + 1]);
            }
        }
        node
    }

    /// Puts a message under way.
    #[inline]
    pub fn send(&mut self, at: Instant, from: NodeId, to: NodeId, message: Message) {
        let sender = &mut self.boxes[from.index()];
        let seq = sender.sent;
        sender.sent += 1;
        let pending = Pending { at, from, seq, message };
        let messages = &mut self.boxes[to.index()].messages;
        let first = messages.first().is_none_or(|head| pending.key() < head.key());
        messages.push(pending);
        sift_up(messages);
        if first {
            self.update(to);
        }
    }

    /// When the node wants to be woken; one timer a node.
    #[inline]
    pub fn set_timer(&mut self, node: NodeId, at: Instant) {
        let at = (at != Instant::MAX).then_some(at);
        let own = &mut self.boxes[node.index()];
        if own.timer != at || self.taken == Some(node) {
            own.timer = at;
            self.update(node);
        }
        if self.taken == Some(node) {
            self.taken = None;
        }
    }

    /// The moment of the next event.
    #[inline]
    pub fn next_at(&self) -> Instant {
        debug_assert!(self.taken.is_none(), "who had the last event has said when to wake it");
        Instant((self.tree[1] >> 64) as u64)
    }

    /// Takes the next event out.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, Next)> {
        if let Some(node) = self.taken.take() {
            self.update(node);
        }
        let first = self.tree[1];
        if first == NEVER {
            return None;
        }
        let (at, tie) = (Instant((first >> 64) as u64), first as u64);
        let node = NodeId(tie as u32);
        let own = &mut self.boxes[node.index()];
        let next = if tie & TIMER != 0 {
            own.timer = None;
            Next::Elapsed { node }
        } else {
            let Pending { from, message, .. } = pop_first(&mut own.messages);
            Next::Deliver { to: node, from, message }
        };
        self.taken = Some(node);
        Some((at, next))
    }

    /// No message is under way.
    pub fn is_quiet(&self) -> bool {
        self.boxes.iter().all(|own| own.messages.is_empty())
    }

    #[inline]
    fn update(&mut self, node: NodeId) {
        let own = &self.boxes[node.index()];
        let message = own.messages.first().map_or(Instant::MAX, |head| head.at);
        let timer = own.timer.unwrap_or(Instant::MAX);
        let key = |at: Instant, tie: u64| u128::from(at.0) << 64 | u128::from(tie | u64::from(node.0));
        let earliest = if message == Instant::MAX && timer == Instant::MAX {
            NEVER
        } else if message <= timer {
            key(message, 0)
        } else {
            key(timer, TIMER)
        };
        let mut place = self.width + node.index();
        self.tree[place] = earliest;
        while place > 1 {
            place /= 2;
            let winner = self.tree[2 * place].min(self.tree[2 * place + 1]);
            if self.tree[place] == winner {
                break;
            }
            self.tree[place] = winner;
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Queue::new()
    }
}

// A binary heap by `Pending::key`, smallest first. The standard heap would need an `Ord` that compares messages.

#[inline]
fn sift_up(heap: &mut [Pending]) {
    let mut child = heap.len() - 1;
    while child > 0 {
        let parent = (child - 1) / 2;
        if heap[parent].key().cmp(&heap[child].key()) != Ordering::Greater {
            break;
        }
        heap.swap(parent, child);
        child = parent;
    }
}

#[inline]
fn pop_first(heap: &mut Vec<Pending>) -> Pending {
    let first = heap.swap_remove(0);
    let mut parent = 0;
    loop {
        let mut least = 2 * parent + 1;
        if least >= heap.len() {
            break;
        }
        if least + 1 < heap.len() && heap[least + 1].key() < heap[least].key() {
            least += 1;
        }
        if heap[parent].key() <= heap[least].key() {
            break;
        }
        heap.swap(parent, least);
        parent = least;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_by_class_receiver_sender_and_the_senders_count() {
        let mut queue = Queue::new();
        for _ in 0..5 {
            queue.add_node();
        }
        let at = Instant(7);
        queue.set_timer(NodeId(0), at);
        for (from, to) in [(4, 2), (3, 2), (3, 1), (3, 1)] {
            queue.send(at, NodeId(from), NodeId(to), Message::Nothing);
        }
        queue.send(Instant(6), NodeId(4), NodeId(4), Message::Nothing);
        let mut order = Vec::new();
        while let Some((at, next)) = queue.pop() {
            order.push(match next {
                Next::Deliver { to, from, .. } => (at.0, to.0, Some(from.0)),
                Next::Elapsed { node } => (at.0, node.0, None),
            });
        }
        assert_eq!(order, [(6, 4, Some(4)), (7, 1, Some(3)), (7, 1, Some(3)), (7, 2, Some(3)), (7, 2, Some(4)), (7, 0, None)]);
        assert_eq!(queue.next_at(), Instant::MAX);
    }
}
