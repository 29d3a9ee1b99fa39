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
    /// When each leaf's next event is, and its class: `at` and (class, node) as one number.
    keys: Vec<(Instant, u64)>,
    /// `tree[i]` is the winning leaf of the subtree of inner node i; the root is 1.
    tree: Vec<u32>,
    width: usize,
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
const NEVER: (Instant, u64) = (Instant::MAX, u64::MAX);

impl Queue {
    pub fn new() -> Self {
        Queue { boxes: Vec::new(), keys: vec![NEVER], tree: vec![0; 2], width: 1 }
    }

    /// A place for one more node.
    pub fn add_node(&mut self) -> NodeId {
        let node = NodeId::from(self.boxes.len());
        self.boxes.push(NodeBox::default());
        if self.boxes.len() > self.width {
            self.width *= 2;
            self.keys.resize(self.width, NEVER);
            self.tree = vec![0; 2 * self.width];
            for inner in (1..self.width).rev() {
                self.tree[inner] = self.winner(inner);
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
        if own.timer != at {
            own.timer = at;
            self.update(node);
        }
    }

    /// The moment of the next event.
    #[inline]
    pub fn next_at(&self) -> Instant {
        self.keys[self.tree[1] as usize].0
    }

    /// Takes the next event out.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, Next)> {
        let leaf = self.tree[1];
        let (at, tie) = self.keys[leaf as usize];
        if at == Instant::MAX {
            return None;
        }
        let node = NodeId(leaf);
        let own = &mut self.boxes[node.index()];
        let next = if tie & TIMER != 0 {
            own.timer = None;
            Next::Elapsed { node }
        } else {
            let Pending { from, message, .. } = pop_first(&mut own.messages);
            Next::Deliver { to: node, from, message }
        };
        self.update(node);
        Some((at, next))
    }

    /// No message is under way.
    pub fn is_quiet(&self) -> bool {
        self.boxes.iter().all(|own| own.messages.is_empty())
    }

    /// How many messages are under way to a node.
    pub fn messages_to(&self, node: NodeId) -> usize {
        self.boxes[node.index()].messages.len()
    }

    #[inline]
    fn update(&mut self, node: NodeId) {
        let own = &self.boxes[node.index()];
        let message = own.messages.first().map_or(Instant::MAX, |head| head.at);
        let timer = own.timer.unwrap_or(Instant::MAX);
        let tie = u64::from(node.0);
        self.keys[node.index()] = if message == Instant::MAX && timer == Instant::MAX {
            NEVER
        } else if message <= timer {
            (message, tie)
        } else {
            (timer, TIMER | tie)
        };
        let mut inner = (self.width + node.index()) / 2;
        while inner > 0 {
            self.tree[inner] = self.winner(inner);
            inner /= 2;
        }
    }

    #[inline]
    fn winner(&self, inner: usize) -> u32 {
        let of = |child: usize| if child >= self.width { (child - self.width) as u32 } else { self.tree[child] };
        if self.width == 1 {
            return 0;
        }
        let (left, right) = (of(2 * inner), of(2 * inner + 1));
        if self.keys[right as usize] < self.keys[left as usize] { right } else { left }
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
