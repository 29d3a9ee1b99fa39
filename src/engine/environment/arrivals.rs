//! When things are asked for: the moments at which one instance of a producer starts its records (or their lives).
//! Kafka has no class for it. Left out: correlated arrivals.
//!
//! Poisson: gap i of an instance is the exponential of draw i, used up at the instance's share of the rate; so a change
//! of the rate stretches gaps and never exchanges them. Constant: number i of all instances together, i = 1, 2, …, comes
//! at the first nanosecond at which the integrated rate has reached i (i ÷ rate where it is level), at instance i mod n;
//! so at every moment t exactly ⌊rate · t⌋ have come.
//! Holds: moments never go back; one by one and in blocks they are the same; what lies before a change of the rate stays.

use super::rate::{NanoRate, RateFunction, Segment, TWICE_ONE};
use crate::engine::design;
use crate::engine::random::{Stream, exponential, round_nanos};

/// There is no next one.
pub const NEVER: u64 = u64::MAX;
/// Above this mean gap (in nanoseconds) an exponential might not fit `round_nanos`.
const LONG_MEAN: f64 = 1e14;

/// One instance's place in its sequence of arrivals. A copy of it gives the same moments again.
#[derive(Clone, Debug)]
pub struct Cursor {
    kind: Kind,
    /// How many came before the next one.
    index: u64,
    /// The last arrival; at the beginning 0.
    at: u64,
    segment: Segment,
}

#[derive(Clone, Debug)]
enum Kind {
    Poisson {
        gaps: Stream,
        /// One over this instance's share of the rate.
        divisor: f64,
    },
    Constant {
        /// The number of the next one.
        number: u64,
        /// Instances: the step between two numbers of this one.
        instances: u64,
        /// How much of the integrated rate one arrival takes, in the units of `Segment::twice_mass`.
        each: u128,
        /// The integral up to the start of the segment.
        base: u128,
        /// In a level segment with a rate above 0.
        steps: Option<Steps>,
    },
}

/// Exact division step by step: arrivals in a level segment lie at its start plus ⌈(quotient · divisor + rest) ÷ divisor⌉.
#[derive(Clone, Copy, Debug)]
struct Steps {
    quotient: u64,
    rest: u64,
    divisor: u64,
    step_quotient: u64,
    step_rest: u64,
}

impl Cursor {
    /// Instance `instance` of `instances`. Each arrival takes `share` records of the rate: the number of types of a life.
    pub fn new(arrivals: design::Arrivals, rate: &RateFunction, gaps: Stream, instance: u32, instances: u32, share: u32) -> Self {
        let instances = u64::from(instances);
        let kind = match arrivals {
            design::Arrivals::Poisson => Kind::Poisson { gaps, divisor: (instances * u64::from(share)) as f64 },
            design::Arrivals::Constant => {
                let number = if instance == 0 { instances } else { u64::from(instance) };
                Kind::Constant { number, instances, each: u128::from(share) * TWICE_ONE, base: 0, steps: None }
            }
        };
        let mut cursor = Cursor { kind, index: 0, at: 0, segment: rate.segment(0) };
        cursor.enter_segment();
        cursor
    }

    /// How many came so far: the address of the next one's draws.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Takes in that the rate has changed at a moment that is not before the last arrival.
    pub fn rate_changed(&mut self, rate: &RateFunction) {
        self.segment = rate.segment(self.segment.from);
        self.enter_segment();
    }

    /// The next arrival; `NEVER` if there is none at the rates as they are, and then the cursor is used up.
    pub fn next(&mut self, rate: &RateFunction) -> u64 {
        let at = match self.kind {
            Kind::Poisson { gaps, divisor } => self.next_poisson(rate, exponential(gaps.at(self.index)), divisor),
            Kind::Constant { .. } => self.next_constant(rate),
        };
        if at != NEVER {
            self.index += 1;
            self.at = at;
        }
        at
    }

    /// Fills `out` with the next arrivals and returns how many there are; fewer than asked for only if then there are none.
    pub fn fill(&mut self, rate: &RateFunction, out: &mut [u64]) -> usize {
        let mut filled = 0;
        while filled < out.len() {
            filled += self.fill_level(&mut out[filled..]);
            if filled == out.len() {
                break;
            }
            let at = self.next(rate);
            if at == NEVER {
                break;
            }
            out[filled] = at;
            filled += 1;
        }
        filled
    }

    /// As many as lie in a level segment, without a look at anything else.
    fn fill_level(&mut self, out: &mut [u64]) -> usize {
        let Some(rate) = self.segment.level_rate() else { return 0 };
        let to = self.segment.to;
        let mut filled = 0;
        match &mut self.kind {
            Kind::Poisson { gaps, divisor } => {
                let mean = mean_gap(rate, *divisor);
                if mean > LONG_MEAN {
                    return 0;
                }
                gaps.fill(self.index, out);
                for slot in out.iter_mut() {
                    *slot = round_nanos(exponential(*slot) * mean);
                }
                let mut at = self.at;
                for slot in out {
                    let next = at + *slot;
                    if next > to {
                        break;
                    }
                    at = next;
                    *slot = at;
                    filled += 1;
                }
                self.at = at;
            }
            Kind::Constant { number, instances, steps, .. } => {
                let Some(steps) = steps else { return 0 };
                for slot in out {
                    let at = steps.at(self.segment.from);
                    if at > to || at == NEVER {
                        break;
                    }
                    *slot = at;
                    self.at = at;
                    *number += *instances;
                    steps.advance();
                    filled += 1;
                }
            }
        }
        self.index += filled as u64;
        filled
    }

    /// Walks the segments until the gap's mass is used up.
    fn next_poisson(&mut self, rate: &RateFunction, mut mass: f64, divisor: f64) -> u64 {
        let mut at = self.at;
        let mut segment = self.segment;
        loop {
            let dt = match segment.level_rate() {
                Some(rate) => level_gap(mass, mean_gap(rate, divisor)),
                None => ramp_gap(mass * 1e18 * divisor, segment.rate(at), segment.slope()),
            };
            if dt <= segment.to - at {
                self.segment = segment;
                return at + dt;
            }
            if segment.to == NEVER {
                return NEVER;
            }
            let mean_rate = (segment.rate(at) + segment.rate(segment.to)) / 2.0;
            mass = (mass - mean_rate * (segment.to - at) as f64 / (1e18 * divisor)).max(0.0);
            at = segment.to;
            segment = rate.segment(at);
        }
    }

    fn next_constant(&mut self, rate: &RateFunction) -> u64 {
        loop {
            let segment = self.segment;
            let Kind::Constant { number, instances, each, base, steps } = &mut self.kind else {
                unreachable!("asked for constant arrivals of another kind")
            };
            let found = match steps {
                Some(steps) => Some(steps.at(segment.from)).filter(|at| *at <= segment.to),
                None if segment.level_rate().is_some() => None,
                None => first_with_mass(&segment, u128::from(*number) * *each - *base),
            };
            if let Some(at) = found
                && at != NEVER
            {
                *number += *instances;
                if let Some(steps) = steps {
                    steps.advance();
                }
                return at;
            }
            if segment.to == NEVER {
                return NEVER;
            }
            *base += segment.twice_mass(segment.to);
            self.segment = rate.segment(segment.to);
            self.enter_segment();
        }
    }

    /// Makes the steps of a level segment ready.
    fn enter_segment(&mut self) {
        let Kind::Constant { number, instances, each, base, steps } = &mut self.kind else { return };
        *steps = match self.segment.level_rate() {
            None | Some(0) => None,
            Some(rate) => Steps::new(u128::from(*number) * *each - *base, u128::from(*instances) * *each, 2 * rate),
        };
    }
}

impl Steps {
    /// None if the first one lies beyond all time.
    fn new(mass: u128, step: u128, divisor: u64) -> Option<Self> {
        let wide = u128::from(divisor);
        Some(Steps {
            quotient: u64::try_from(mass / wide).ok()?,
            rest: (mass % wide) as u64,
            divisor,
            step_quotient: u64::try_from(step / wide).unwrap_or(u64::MAX),
            step_rest: (step % wide) as u64,
        })
    }

    #[inline(always)]
    fn at(&self, from: u64) -> u64 {
        from.saturating_add(self.quotient).saturating_add(u64::from(self.rest > 0))
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.quotient = self.quotient.saturating_add(self.step_quotient);
        self.rest += self.step_rest;
        if self.rest >= self.divisor {
            self.rest -= self.divisor;
            self.quotient = self.quotient.saturating_add(1);
        }
    }
}

/// Nanoseconds between two arrivals on average; infinite at rate 0.
#[inline]
fn mean_gap(rate: NanoRate, divisor: f64) -> f64 {
    1e18 * divisor / rate as f64
}

/// The nearest nanosecond to mass · mean; `NEVER` stands for beyond all time.
fn level_gap(mass: f64, mean: f64) -> u64 {
    let gap = mass * mean;
    if mean <= LONG_MEAN {
        round_nanos(gap)
    } else if gap < 1e19 {
        gap as u64
    } else if mass == 0.0 {
        // Nothing is left of the gap, so not even a rate of 0 holds it up.
        0
    } else {
        NEVER
    }
}

/// Where the integral of a line from `rate` with `slope` reaches `mass`: the root of a quadratic, in the form that
/// loses nothing for a small slope.
fn ramp_gap(mass: f64, rate: f64, slope: f64) -> u64 {
    let inside = rate * rate + 2.0 * slope * mass;
    if inside < 0.0 {
        return NEVER;
    }
    let sum = rate + inside.sqrt();
    if sum == 0.0 {
        return if mass == 0.0 { 0 } else { NEVER };
    }
    let gap = 2.0 * mass / sum;
    if gap < 1e19 { (gap + 0.5) as u64 } else { NEVER }
}

/// The first moment of a ramp at which its integral has reached `mass`.
fn first_with_mass(segment: &Segment, mass: u128) -> Option<u64> {
    if segment.twice_mass(segment.to) < mass {
        return None;
    }
    let (mut low, mut high) = (segment.from, segment.to);
    // The quadratic's root is within a few nanoseconds of it: look there first, then halve what is left.
    let guess = ramp_gap(mass as f64 / 2.0, segment.rate(segment.from), segment.slope());
    let guess = segment.from.saturating_add(guess);
    for probe in [guess.saturating_sub(4), guess.saturating_add(4)] {
        if low < probe && probe < high {
            if segment.twice_mass(probe) < mass { low = probe } else { high = probe }
        }
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if segment.twice_mass(middle) < mass { low = middle + 1 } else { high = middle }
    }
    Some(low)
}
