//! A histogram of times with 32 cells an octave: each quantile is within 1.6 % of the true one, the mean is exact.

use super::super::time::Duration;

/// Sparse: (cell, count) in order of cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    cells: Vec<(u16, u64)>,
    count: u64,
    sum: u128,
    max: u64,
    min: u64,
}

const SUB_BITS: u32 = 5;
/// Cells of the dense form.
pub const CELLS: usize = (64 - SUB_BITS as usize + 1) << SUB_BITS;

/// The cell of a number of nanoseconds.
#[inline(always)]
pub fn cell(nanos: u64) -> usize {
    let octave = (63 - (nanos | (1 << SUB_BITS)).leading_zeros()) - SUB_BITS;
    ((octave as usize) << SUB_BITS) + (nanos >> octave) as usize
}

/// The middle of a cell, in nanoseconds.
pub fn middle(cell: usize) -> u64 {
    if cell < 2 << SUB_BITS {
        return cell as u64;
    }
    let octave = (cell >> SUB_BITS) as u32 - 1;
    let low = ((cell & ((1 << SUB_BITS) - 1)) as u64 + (1 << SUB_BITS)) << octave;
    low + (1u64 << octave) / 2
}

impl Histogram {
    /// From counts of consecutive cells, the first of which is `low`.
    pub fn from_dense(low: usize, counts: &[u32], sum: u128, min: u64, max: u64) -> Self {
        let filled = counts.iter().enumerate().filter(|(_, n)| **n > 0);
        let cells: Vec<(u16, u64)> = filled.map(|(cell, n)| ((low + cell) as u16, u64::from(*n))).collect();
        let count = cells.iter().map(|(_, n)| n).sum();
        Histogram { cells, count, sum, max, min }
    }

    /// Exact, in nanoseconds.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    pub fn record(&mut self, time: Duration) {
        let cell = cell(time.0) as u16;
        match self.cells.binary_search_by_key(&cell, |(cell, _)| *cell) {
            Ok(place) => self.cells[place].1 += 1,
            Err(place) => self.cells.insert(place, (cell, 1)),
        }
        self.min = if self.count == 0 { time.0 } else { self.min.min(time.0) };
        self.max = self.max.max(time.0);
        self.count += 1;
        self.sum += u128::from(time.0);
    }

    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        let mut merged = Vec::with_capacity(self.cells.len() + other.cells.len());
        let (mut a, mut b) = (self.cells.iter().peekable(), other.cells.iter().peekable());
        loop {
            match (a.peek(), b.peek()) {
                (Some(x), Some(y)) if x.0 == y.0 => {
                    merged.push((x.0, x.1 + y.1));
                    a.next();
                    b.next();
                }
                (Some(x), Some(y)) if x.0 < y.0 => {
                    merged.push(**x);
                    a.next();
                }
                (_, Some(y)) => {
                    merged.push(**y);
                    b.next();
                }
                (Some(x), None) => {
                    merged.push(**x);
                    a.next();
                }
                (None, None) => break,
            }
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        self.cells = merged;
    }

    pub fn count(&self) -> u64 {
        self.count
    }
    pub fn max(&self) -> Duration {
        Duration(self.max)
    }
    pub fn min(&self) -> Duration {
        Duration(self.min)
    }
    /// Exact, in nanoseconds.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }
    /// The middle of the cell in which the quantile lies, within the smallest and largest value; none without values.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let rank = (q * self.count as f64).max(1.0) as u64;
        let mut seen = 0;
        for &(cell, n) in &self.cells {
            seen += n;
            if seen >= rank {
                return Some(Duration(middle(usize::from(cell)).clamp(self.min, self.max)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_within_two_percent() {
        for nanos in (0..1_000).chain((0..60).map(|bit| (1u64 << bit) + (1u64 << bit) / 3)) {
            let middle = middle(cell(nanos));
            assert!(middle.abs_diff(nanos) as f64 <= nanos as f64 * 0.016, "{nanos} is put at {middle}");
        }
    }

    #[test]
    fn merging_is_recording_all() {
        let (mut a, mut b, mut all) = (Histogram::default(), Histogram::default(), Histogram::default());
        for n in 0..1_000u64 {
            let time = Duration(n * n * 37 + 5);
            if n % 3 == 0 {
                a.record(time)
            } else {
                b.record(time)
            }
            all.record(time);
        }
        a.merge(&b);
        assert_eq!(a, all);
        assert_eq!(all.quantile(1.0), Some(all.max()));
    }
}
