//! How many records a second are asked for, at every moment: the curve of the file and what interventions make of it.
//! Kafka has no class for it. Left out: rates that react to anything; load is open.
//! Holds: straight lines in whole billionths of a record a second, so that the integral of a level rate is exact.

use crate::engine::design::{Rate, RateCurve};
use crate::engine::time::Instant;

/// Billionths of a record a second; records × 10⁻¹⁸ when multiplied by nanoseconds.
pub type NanoRate = u64;
const NANO: f64 = 1e9;
/// What one record counts in units of [`Segment::twice_mass`].
pub const TWICE_ONE: u128 = 2_000_000_000_000_000_000;

/// The rate over all time: a curve, and from some moments on something else instead of it.
#[derive(Clone, Debug)]
pub struct RateFunction {
    /// In order of time; the last of several at one moment holds.
    points: Box<[(u64, NanoRate)]>,
    /// From this moment until the next one: the rate instead of the curve, or the curve again.
    changes: Vec<(u64, Option<Rate>)>,
}

/// A stretch over which the rate is one straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// The stretch, in nanoseconds; `to` belongs to it and is `u64::MAX` if it never ends.
    pub from: u64,
    pub to: u64,
    /// The line goes through these two points; `start <= from`, and `to <= end` where it is not level.
    start: u64,
    end: u64,
    start_rate: NanoRate,
    end_rate: NanoRate,
}

impl RateFunction {
    pub fn new(curve: &RateCurve) -> Self {
        assert!(!curve.points.is_empty(), "a rate has at least one point");
        RateFunction { points: curve.points.iter().map(|point| (point.0.0, nano_rate(point.1))).collect(), changes: Vec::new() }
    }

    /// From `at` on something else holds than so far: `None` is the curve again. Changes come in order of time.
    pub fn change(&mut self, at: Instant, rate: Option<Rate>) {
        assert!(self.changes.last().is_none_or(|last| last.0 <= at.0), "rates change in order of time");
        self.changes.push((at.0, rate));
    }

    /// Records a second at a moment; at a step, what follows it.
    pub fn rate_at(&self, now: Instant) -> f64 {
        self.segment(now.0).rate(now.0) / NANO
    }

    /// The stretch that starts at `from`: up to where another line begins.
    pub fn segment(&self, from: u64) -> Segment {
        let change = self.changes.partition_point(|change| change.0 <= from);
        let change_end = self.changes.get(change).map_or(u64::MAX, |next| next.0);
        let instead = if change == 0 { None } else { self.changes[change - 1].1 };
        let factor = match instead {
            Some(Rate::To(rate)) => return Segment::level(from, change_end, nano_rate(rate)),
            Some(Rate::Times(factor)) => factor,
            None => 1.0,
        };
        let scaled = |rate: NanoRate| if factor == 1.0 { rate } else { nano_rate(rate as f64 / NANO * factor) };
        let next = self.points.partition_point(|point| point.0 <= from);
        // Before the first point the rate is that of the first point.
        let (start, start_rate) = if next == 0 { (0, self.points[0].1) } else { self.points[next - 1] };
        match self.points.get(next) {
            None => Segment::level(from, change_end, scaled(start_rate)),
            Some(&(end, end_rate)) => {
                let (start_rate, end_rate) = (scaled(start_rate), scaled(end_rate));
                Segment { from, to: end.min(change_end), start, end, start_rate, end_rate }
            }
        }
    }
}

/// Rates are never negative, and far below 10⁹ a second.
fn nano_rate(rate: f64) -> NanoRate {
    (rate * NANO + 0.5) as u64
}

impl Segment {
    fn level(from: u64, to: u64, rate: NanoRate) -> Self {
        Segment { from, to, start: from, end: to, start_rate: rate, end_rate: rate }
    }

    /// The rate, if it is the same over the whole stretch.
    #[inline]
    pub fn level_rate(&self) -> Option<NanoRate> {
        (self.start_rate == self.end_rate).then_some(self.start_rate)
    }

    /// The rate at a moment of the stretch.
    pub fn rate(&self, at: u64) -> f64 {
        match self.level_rate() {
            Some(rate) => rate as f64,
            None => (self.start_rate as f64 + self.slope() * (at - self.start) as f64).max(0.0),
        }
    }

    /// Change of the rate a nanosecond; 0 where it is level.
    pub fn slope(&self) -> f64 {
        match self.level_rate() {
            Some(_) => 0.0,
            None => (self.end_rate as f64 - self.start_rate as f64) / (self.end - self.start) as f64,
        }
    }

    /// Twice the integral of the rate from the start of the stretch to `at`, in whole units of [`TWICE_ONE`], rounded down.
    pub fn twice_mass(&self, at: u64) -> u128 {
        debug_assert!(self.from <= at && at <= self.to, "a moment of the stretch");
        match self.level_rate() {
            Some(rate) => 2 * u128::from(rate) * u128::from(at - self.from),
            None => (self.twice_line(at) - self.twice_line(self.from)) as u128,
        }
    }

    /// Twice the integral of the line from its own start.
    fn twice_line(&self, at: u64) -> i128 {
        let x = i128::from(at - self.start);
        let width = i128::from(self.end - self.start);
        let rise = i128::from(self.end_rate) - i128::from(self.start_rate);
        // rise · x² ÷ width, in two steps that fit.
        let quotient = (rise * x).div_euclid(width);
        let rest = (rise * x).rem_euclid(width);
        2 * i128::from(self.start_rate) * x + quotient * x + rest * x / width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(u64, f64)]) -> RateFunction {
        RateFunction::new(&RateCurve { points: points.iter().map(|p| (Instant(p.0 * 1_000_000_000), p.1)).collect() })
    }

    #[test]
    fn a_ramp_is_straight_and_a_step_is_sharp() {
        let rate = curve(&[(0, 100.0), (10, 300.0), (20, 300.0), (20, 50.0)]);
        let at = |seconds: f64| rate.rate_at(Instant((seconds * 1e9) as u64));
        assert_eq!([at(0.0), at(5.0), at(10.0), at(19.999), at(20.0), at(1e6)], [100.0, 200.0, 300.0, 300.0, 50.0, 50.0]);
        let ramp = rate.segment(0);
        assert_eq!(ramp.twice_mass(ramp.to), 2000 * TWICE_ONE);
        assert_eq!(ramp.twice_mass(5_000_000_000), 750 * TWICE_ONE);
    }

    #[test]
    fn a_change_cuts_a_ramp_and_gives_it_back() {
        let mut rate = curve(&[(0, 100.0), (10, 300.0)]);
        rate.change(Instant(2_000_000_000), Some(Rate::To(7.5)));
        rate.change(Instant(4_000_000_000), Some(Rate::Times(2.0)));
        rate.change(Instant(6_000_000_000), None);
        let at = |seconds: u64| rate.rate_at(Instant(seconds * 1_000_000_000));
        assert_eq!([at(1), at(2), at(3), at(4), at(5), at(6)], [120.0, 7.5, 7.5, 360.0, 400.0, 220.0]);
        assert_eq!(rate.segment(0).to, 2_000_000_000);
        let late = rate.segment(6_000_000_000);
        assert_eq!(late.twice_mass(late.to), 1040 * TWICE_ONE);
    }
}
