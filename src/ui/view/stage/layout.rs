//! Where everything of the stage stands, in pixels, for a given width. Pure arithmetic, so that it can be tested.
//! Wide: producers, tapes, flows and members from left to right. Narrow: tapes, then members below, in two columns.
//! Holds: nothing stands outside the width; rows of one topic do not overlap; cards do not overlap.

use super::super::super::frame::{About, Frame};

/// Under this width members stand below the tapes.
pub const NARROW_BELOW: f64 = 700.0;
/// The lowest step from card to card, and that of cards of members that own nothing.
const LOW: f64 = 26.0;
const SMALL: f64 = 22.0;
/// More partitions than this are folded, until the visitor unfolds them.
pub const FOLD_ABOVE: usize = 24;

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub width: f64,
    pub height: f64,
    pub narrow: bool,
    /// Left and right end of every tape. The right end is the head of the log.
    pub tape: (f64, f64),
    /// Where the bands to the members begin and end.
    pub out: (f64, f64),
    pub sections: Vec<Section>,
    pub rows: Vec<Row>,
    pub row_height: f64,
    pub producers: Vec<Area>,
    pub groups: Vec<GroupPlace>,
    /// Partitions that are folded away.
    pub folded: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// A topic: its heading, its scale, its rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    pub topic: usize,
    /// Baseline of the heading and of the words of the scale.
    pub title_y: f64,
    pub scale_y: f64,
    pub top: f64,
    pub bottom: f64,
}

/// A partition, by its place in the frame's list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    pub place: usize,
    /// The middle.
    pub y: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GroupPlace {
    /// Baseline of the group's own line.
    pub title: (f64, f64),
    pub cards: Vec<Area>,
}

impl Layout {
    pub fn new(about: &About, frame: &Frame, width: f64, unfolded: bool) -> Layout {
        let width = width.max(280.0);
        let narrow = width < NARROW_BELOW;
        let visible = visible(frame, unfolded);
        let row_height: f64 = match visible.len() {
            0..=4 => 50.0,
            5..=8 => 40.0,
            9..=14 => 29.0,
            15..=24 => 22.0,
            _ => 16.0,
        };
        let members_width = (width * 0.18).clamp(150.0, 190.0);
        let tape = if narrow { (36.0, width - 76.0) } else { (150.0, width - members_width - 164.0) };
        let out = if narrow { (0.0, 0.0) } else { (tape.1 + 84.0, width - members_width - 1.0) };

        let mut y = 0.0;
        let (mut sections, mut rows, mut producers) = (Vec::new(), Vec::new(), vec![Area::default(); about.producers.len()]);
        for topic in 0..about.topics.len() {
            let title_y = y + 16.0;
            let writers: Vec<usize> = (0..about.producers.len()).filter(|p| about.producers[*p].topic as usize == topic).collect();
            let mut top = y + 46.0;
            if narrow {
                for producer in &writers {
                    producers[*producer] = Area { x: 0.0, y: top - 20.0, width, height: 26.0 };
                    top += 32.0;
                }
            }
            let mine: Vec<usize> = visible.iter().copied().filter(|place| frame.partitions[*place].topic as usize == topic).collect();
            let bottom = top + mine.len().max(1) as f64 * row_height;
            rows.extend(mine.iter().enumerate().map(|(i, place)| Row { place: *place, y: top + (i as f64 + 0.5) * row_height }));
            if !narrow {
                let each = (bottom - top) / writers.len().max(1) as f64;
                for (i, producer) in writers.iter().enumerate() {
                    let height = (each - 8.0).clamp(48.0, 68.0);
                    producers[*producer] = Area { x: 1.0, y: top + (i as f64 + 0.5) * each - height / 2.0, width: 92.0, height };
                }
            }
            sections.push(Section { topic, title_y, scale_y: top - 8.0, top, bottom });
            y = bottom + 22.0;
        }
        let tapes_bottom = y - 12.0;

        let mut groups = Vec::new();
        let mut floor: f64 = if narrow { tapes_bottom } else { 0.0 };
        for (index, group) in frame.groups.iter().enumerate() {
            let read: Vec<&Section> =
                sections.iter().filter(|s| about.groups.get(index).is_some_and(|g| g.topics.contains(&(s.topic as u32)))).collect();
            let count = group.members.len();
            if narrow {
                let title = (0.0, floor + 16.0);
                let (gap, height) = (8.0, 58.0);
                let card = (width - gap) / 2.0;
                let cards = (0..count)
                    .map(|i| Area {
                        x: (i % 2) as f64 * (card + gap),
                        y: floor + 28.0 + (i / 2) as f64 * (height + gap),
                        width: card,
                        height,
                    })
                    .collect();
                floor += 28.0 + count.div_ceil(2) as f64 * (height + gap) + 10.0;
                groups.push(GroupPlace { title, cards });
                continue;
            }
            let top = read.iter().map(|s| s.top).fold(f64::INFINITY, f64::min);
            let top = if top.is_finite() { top.max(floor + 22.0) } else { floor + 46.0 };
            let bottom = read.iter().map(|s| s.bottom).fold(top, f64::max);
            // Groups that read the same topics share the height that is there.
            let sharing = about.groups.iter().filter(|other| about.groups.get(index).is_some_and(|g| g.topics == other.topics)).count();
            let room = (bottom - read.iter().map(|s| s.top).fold(top, f64::min)) / sharing.max(1) as f64;
            let x = width - members_width;
            // Where there is no room for all, those that own nothing stand below the others, two in a row.
            let idle = |place: usize| group.state == "Stable" && group.members[place].owned == 0;
            let small = if count as f64 * LOW > room { (0..count).filter(|place| idle(*place)).count() } else { 0 };
            // A few are worth a card of their own, with its word.
            let small = if small < 4 { 0 } else { small };
            let below = small.div_ceil(2) as f64 * SMALL;
            let step = ((room - below) / (count - small).max(1) as f64).clamp(LOW, 90.0);
            let (mut large_done, mut small_done) = (0, 0);
            let cards = (0..count).map(|place| {
                if small > 0 && idle(place) {
                    let (column, row) = (small_done % 2, small_done / 2);
                    small_done += 1;
                    let half = (members_width - 7.0) / 2.0;
                    let y = top + (count - small) as f64 * step + row as f64 * SMALL + 2.0;
                    Area { x: x + column as f64 * (half + 6.0), y, width: half, height: SMALL - 4.0 }
                } else {
                    let y = top + f64::from(large_done) * step + 2.0;
                    large_done += 1;
                    Area { x, y, width: members_width - 1.0, height: (step - 6.0).min(82.0) }
                }
            });
            groups.push(GroupPlace { title: (x, top - 8.0), cards: cards.collect() });
            floor = top + (count - small) as f64 * step + below + 8.0;
        }
        let height = tapes_bottom.max(floor) + 4.0;
        Layout {
            width,
            height,
            narrow,
            tape,
            out,
            sections,
            row_height,
            folded: frame.partitions.len() - rows.len(),
            rows,
            producers,
            groups,
        }
    }

    /// Where so many records behind the head lie, on the logarithmic scale that ends at `full`.
    pub fn behind(&self, records: u64, full: u64) -> f64 {
        let share = (1.0 + records as f64).ln() / (1.0 + full as f64).ln();
        self.tape.1 - (self.tape.1 - self.tape.0) * share.clamp(0.0, 1.0)
    }
}

impl Default for Area {
    fn default() -> Self {
        Area { x: 0.0, y: 0.0, width: 0.0, height: 0.0 }
    }
}

impl Area {
    pub fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }
}

/// The full length of a tape, in records: a power of ten, or three of it, over all that was seen.
pub fn full_scale(largest_lag: u64) -> u64 {
    let mut full = 3_000u64;
    while full < largest_lag.saturating_add(largest_lag / 10) {
        full = if full.to_string().starts_with('3') { full / 3 * 10 } else { full * 3 };
    }
    full
}

/// The tick marks of a scale: powers of ten below its end.
pub fn ticks(full: u64) -> Vec<u64> {
    let mut ticks = Vec::new();
    let mut tick = 10;
    while tick < full {
        ticks.push(tick);
        tick *= 10;
    }
    ticks
}

/// Which partitions are shown: all, or those with the most lag, in their own order.
fn visible(frame: &Frame, unfolded: bool) -> Vec<usize> {
    let mut places: Vec<usize> = (0..frame.partitions.len()).collect();
    if unfolded || places.len() <= FOLD_ABOVE {
        return places;
    }
    let lag = |place: &usize| frame.partitions[*place].readers.iter().filter_map(|reader| reader.lag).max().unwrap_or(0);
    places.sort_by_key(|place| std::cmp::Reverse(lag(place)));
    places.truncate(FOLD_ABOVE);
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::super::super::super::sample;
    use super::*;

    fn check_places(layout: &Layout) {
        for pair in layout.rows.windows(2) {
            assert!(pair[1].y - pair[0].y >= layout.row_height - 0.01, "rows overlap: {pair:?}");
        }
        let mut cards: Vec<&Area> = layout.groups.iter().flat_map(|group| &group.cards).collect();
        cards.extend(&layout.producers);
        for card in &cards {
            assert!(card.x >= 0.0 && card.x + card.width <= layout.width + 0.01, "{card:?} stands out of {}", layout.width);
            assert!(card.y >= 0.0 && card.y + card.height <= layout.height, "{card:?} stands out of {}", layout.height);
        }
        for (i, a) in cards.iter().enumerate() {
            for b in &cards[i + 1..] {
                let apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
                assert!(apart, "{a:?} and {b:?} overlap");
            }
        }
        assert!(layout.tape.1 - layout.tape.0 > 100.0);
    }

    #[test]
    fn nothing_overlaps_at_any_width() {
        for (partitions, members) in [(1, 1), (12, 4), (12, 24), (24, 12), (100, 30)] {
            let (about, frame) = sample::lab(partitions, members);
            for width in [320.0, 358.0, 690.0, 700.0, 964.0, 1_400.0] {
                check_places(&Layout::new(&about, &frame, width, false));
                check_places(&Layout::new(&about, &frame, width, true));
            }
        }
    }

    #[test]
    fn many_partitions_are_folded_to_those_with_the_most_lag() {
        let (about, mut frame) = sample::lab(100, 3);
        frame.partitions[77].readers[0].lag = Some(1_000_000);
        let layout = Layout::new(&about, &frame, 964.0, false);
        assert_eq!((layout.rows.len(), layout.folded), (FOLD_ABOVE, 76));
        assert!(layout.rows.iter().any(|row| row.place == 77));
    }

    #[test]
    fn more_lag_is_further_from_the_head() {
        let (about, frame) = sample::lab(12, 4);
        let layout = Layout::new(&about, &frame, 964.0, false);
        let full = full_scale(18_400);
        assert_eq!(full, 30_000);
        assert_eq!(ticks(full), [10, 100, 1_000, 10_000]);
        assert_eq!(layout.behind(0, full), layout.tape.1);
        assert_eq!(layout.behind(full, full), layout.tape.0);
        assert!(layout.behind(100, full) > layout.behind(1_000, full));
    }
}
