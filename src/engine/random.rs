//! Chance: named streams, one `u64` a draw, addressed by number.
//!
//! A stream is the SplitMix64 sequence of a key that comes from the seed and a label, so draw `n` is known without
//! the draws before it: a crash, a redelivery or one more actor changes nobody else's luck, which is what makes two
//! variants of one file comparable. Samplers take exactly one draw and reject none. Arithmetic is `+ - * /`, bits and
//! `libm`, so that every bit is the same natively and in wasm.

use super::time::Duration;
use serde::{Deserialize, Serialize};

/// What fixes everything that is drawn in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of one purpose of one actor, such as `"producer checkout/1 keys"`.
    pub fn stream(self, label: &str) -> Stream {
        // FNV-1a, then two rounds of the mixer: labels are short and few.
        let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Stream { key: mix(mix(hash).wrapping_add(self.0.wrapping_mul(GOLDEN))) }
    }
}

/// An endless list of draws; `at(n)` is the n-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64 (Steele, Lea, Flood 2014; constants of Stafford's mix 13).
#[inline(always)]
pub(crate) fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Stream {
    #[inline(always)]
    pub fn at(self, n: u64) -> u64 {
        mix(self.key.wrapping_add(n.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// Draws `from`, `from + 1`, … into the whole of `out`.
    #[inline]
    pub fn fill(self, from: u64, out: &mut [u64]) {
        let mut state = self.key.wrapping_add(from.wrapping_add(1).wrapping_mul(GOLDEN));
        for slot in out {
            *slot = mix(state);
            state = state.wrapping_add(GOLDEN);
        }
    }

    /// The stream for one thing of many, such as attempt 2 or partition 7.
    #[allow(clippy::should_implement_trait)] // a substream; streams cannot be subtracted
    pub fn sub(self, n: u64) -> Stream {
        Stream { key: mix(self.key ^ mix(n.wrapping_add(GOLDEN))) }
    }
}

/// A number in (0, 1]: never 0, so that its logarithm is finite.
#[inline(always)]
pub fn unit(draw: u64) -> f64 {
    // 52 bits in [1, 2), turned over.
    2.0 - f64::from_bits(0x3ff0_0000_0000_0000 | (draw >> 12))
}

/// An exponential variate of mean 1: `-ln(unit(draw))`, to 1e-12.
#[inline(always)]
pub fn exponential(draw: u64) -> f64 {
    let bits = unit(draw).to_bits();
    // Split into 2^e · m with m in [√½, √2): the logarithm of m is an odd series in (m − 1)/(m + 1).
    let shifted = bits.wrapping_sub(0x3fe6_a09e_667f_3bcd);
    let e = (shifted as i64 >> 52) as i32;
    let m = f64::from_bits(bits.wrapping_sub(shifted & 0xfff0_0000_0000_0000));
    let f = (m - 1.0) / (m + 1.0);
    let s = f * f;
    let series = 2.0
        * f
        * (1.0
            + s * (1.0 / 3.0
                + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0 + s * (1.0 / 11.0 + s * (1.0 / 13.0 + s * (1.0 / 15.0))))))));
    // The largest unit is exactly 1, whose logarithm is exactly 0.
    -(f64::from(e) * std::f64::consts::LN_2 + series)
}

/// Rounds a number of nanoseconds below 2⁵² to the nearest whole one (ties to even), in a form that vectorises.
#[inline(always)]
pub fn round_nanos(nanos: f64) -> u64 {
    (nanos + 4_503_599_627_370_496.0).to_bits() & 0x000f_ffff_ffff_ffff
}

/// The inverse of the normal distribution function (Acklam's rational approximation, 1.2e-9).
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e+01,
        2.209460984245205e+02,
        -2.759285104469687e+02,
        1.38357751867269e+02,
        -3.066479806614716e+01,
        2.506628277459239e+00,
    ];
    const B: [f64; 5] =
        [-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01];
    const C: [f64; 6] = [
        -7.784894002430293e-03,
        -3.223964580411365e-01,
        -2.400758277161838e+00,
        -2.549732539343734e+00,
        4.374664141464968e+00,
        2.938163982698783e+00,
    ];
    const D: [f64; 4] = [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00];
    let tail = |q: f64| {
        (((((C[0] * q + C[1]) * q + C[2]) * q + C[3]) * q + C[4]) * q + C[5]) / ((((D[0] * q + D[1]) * q + D[2]) * q + D[3]) * q + 1.0)
    };
    if p < 0.02425 {
        tail((-2.0 * libm::log(p)).sqrt())
    } else if p > 1.0 - 0.02425 {
        -tail((-2.0 * libm::log(1.0 - p)).sqrt())
    } else {
        let q = p - 0.5;
        let r = q * q;
        (((((A[0] * r + A[1]) * r + A[2]) * r + A[3]) * r + A[4]) * r + A[5]) * q
            / (((((B[0] * r + B[1]) * r + B[2]) * r + B[3]) * r + B[4]) * r + 1.0)
    }
}

/// What a time or a size is drawn from, as the file writes it. Times in nanoseconds, sizes in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Distribution {
    Constant(u64),
    /// The mean.
    Exponential(u64),
    /// Lognormal through its median and its 99th percentile.
    LogNormal {
        p50: u64,
        p99: u64,
    },
    Uniform {
        low: u64,
        high: u64,
    },
}

impl Distribution {
    pub fn mean(&self) -> f64 {
        match *self {
            Distribution::Constant(value) | Distribution::Exponential(value) => value as f64,
            Distribution::LogNormal { p50, p99 } => {
                let sigma = libm::log(p99 as f64 / p50 as f64) / NORMAL_P99;
                p50 as f64 * libm::exp(sigma * sigma / 2.0)
            }
            Distribution::Uniform { low, high } => (low as f64 + high as f64) / 2.0,
        }
    }

    pub fn sampler(&self) -> Sampler {
        Sampler(match *self {
            Distribution::Constant(value) => Kind::Constant(value),
            Distribution::Exponential(mean) => Kind::Exponential(mean as f64),
            Distribution::LogNormal { p50, p99 } => {
                let sigma = libm::log(p99 as f64 / p50 as f64) / NORMAL_P99;
                let quantile = |p: f64| p50 as f64 * libm::exp(sigma * normal_quantile(p));
                let body = (0..=CELLS).map(|i| quantile((i as f64 / CELLS as f64).clamp(0.5 / CELLS as f64, 1.0 - 1.0 / CELLS as f64)));
                let tail =
                    (0..=CELLS).map(|i| quantile(1.0 - (1.0 - (i as f64 / CELLS as f64).min(1.0 - 0.5 / CELLS as f64)) / CELLS as f64));
                Kind::LogNormal { body: body.collect(), tail: tail.collect() }
            }
            Distribution::Uniform { low, high } => Kind::Uniform { low, width: high - low },
        })
    }
}

const NORMAL_P99: f64 = 2.326_347_874_040_841;
/// Cells of a quantile table; the last cell has a table of its own, so the tail is true to one in a million.
const CELLS: usize = 1024;

/// A distribution made ready to draw from.
#[derive(Clone, Debug)]
pub struct Sampler(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Constant(u64),
    Exponential(f64),
    LogNormal { body: Box<[f64]>, tail: Box<[f64]> },
    Uniform { low: u64, width: u64 },
}

impl Sampler {
    /// The value of one draw.
    #[inline]
    pub fn value(&self, draw: u64) -> u64 {
        match &self.0 {
            Kind::Constant(value) => *value,
            Kind::Exponential(mean) => round_nanos(exponential(draw) * mean),
            Kind::LogNormal { body, tail } => round_nanos(quantile(body, tail, draw)),
            Kind::Uniform { low, width } => low + ((u128::from(draw) * (u128::from(*width) + 1)) >> 64) as u64,
        }
    }

    pub fn duration(&self, draw: u64) -> Duration {
        Duration(self.value(draw))
    }

    /// The value, if it is always the same.
    pub fn constant(&self) -> Option<u64> {
        match self.0 {
            Kind::Constant(value) => Some(value),
            Kind::Exponential(_) | Kind::LogNormal { .. } | Kind::Uniform { .. } => None,
        }
    }

    /// Turns draws into values in place: one tight loop for each kind.
    #[inline]
    pub fn values(&self, draws: &mut [u64]) {
        match &self.0 {
            Kind::Constant(value) => draws.fill(*value),
            Kind::Exponential(mean) => {
                for draw in draws {
                    *draw = round_nanos(exponential(*draw) * mean);
                }
            }
            Kind::LogNormal { body, tail } => {
                for draw in draws {
                    *draw = round_nanos(quantile(body, tail, *draw));
                }
            }
            Kind::Uniform { .. } => {
                for draw in draws {
                    *draw = self.value(*draw);
                }
            }
        }
    }
}

#[inline]
fn quantile(body: &[f64], tail: &[f64], draw: u64) -> f64 {
    let cell = (draw >> 54) as usize;
    let (table, cell, rest) =
        if cell == CELLS - 1 { (tail, (draw >> 44) as usize & (CELLS - 1), draw << 20) } else { (body, cell, draw << 10) };
    let share = (rest >> 12) as f64 / 4_503_599_627_370_496.0;
    table[cell] + (table[cell + 1] - table[cell]) * share
}

/// A weighted choice in constant time (Walker's alias method, Vose's construction): one draw, one look-up.
#[derive(Clone, Debug)]
pub struct Alias {
    /// (chance of staying · 2³², the other choice).
    cells: Box<[(u32, u32)]>,
}

impl Alias {
    pub fn new(weights: &[f64]) -> Self {
        assert!(!weights.is_empty(), "a choice needs something to choose from");
        let total: f64 = weights.iter().sum();
        let n = weights.len();
        let mut scaled: Vec<f64> = weights.iter().map(|w| w * n as f64 / total).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| scaled[i] < 1.0);
        let mut cells: Vec<(u32, u32)> = (0..n).map(|i| (u32::MAX, i as u32)).collect();
        while let (Some(less), Some(&more)) = (small.pop(), large.last()) {
            cells[less] = ((scaled[less] * 4_294_967_296.0) as u32, more as u32);
            scaled[more] -= 1.0 - scaled[less];
            if scaled[more] < 1.0 {
                large.pop();
                small.push(more);
            }
        }
        Alias { cells: cells.into() }
    }

    /// Weights 1, 1/2ˢ, 1/3ˢ, …: rank 0 is the most frequent.
    pub fn zipf(keys: u32, exponent: f64) -> Self {
        let weights: Vec<f64> = (1..=keys).map(|k| 1.0 / libm::pow(f64::from(k), exponent)).collect();
        Alias::new(&weights)
    }

    /// The share of each choice, as `choose` gives it.
    pub fn shares(&self) -> Vec<f64> {
        let each = 1.0 / self.cells.len() as f64;
        let mut shares = vec![0.0; self.cells.len()];
        for (index, &(stay, other)) in self.cells.iter().enumerate() {
            let stays = f64::from(stay) / 4_294_967_295.0;
            shares[index] += stays * each;
            shares[other as usize] += (1.0 - stays) * each;
        }
        shares
    }

    #[inline(always)]
    pub fn choose(&self, draw: u64) -> u32 {
        let index = (((draw >> 32) * self.cells.len() as u64) >> 32) as usize;
        let (stay, other) = self.cells[index];
        if (draw as u32) <= stay && stay != 0 { index as u32 } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_known_by_its_number() {
        let stream = Seed(7).stream("producer checkout/0 keys");
        let mut block = [0; 16];
        stream.fill(100, &mut block);
        assert!((0..16).all(|i| block[i as usize] == stream.at(100 + i)));
        assert_ne!(Seed(7).stream("a").at(0), Seed(8).stream("a").at(0));
    }

    #[test]
    fn the_exponential_agrees_with_the_logarithm() {
        let stream = Seed(1).stream("x");
        for n in 0..100_000 {
            let draw = stream.at(n);
            let exact = -libm::log(unit(draw));
            assert!((exponential(draw) - exact).abs() < 1e-11, "{exact}");
        }
        assert_eq!(exponential(0), 0.0);
        assert!(exponential(u64::MAX) > 35.0);
    }

    #[test]
    fn samplers_have_the_moments_they_name() {
        let stream = Seed(3).stream("moments");
        let cases = [
            Distribution::Exponential(100_000),
            Distribution::LogNormal { p50: 2_000_000, p99: 20_000_000 },
            Distribution::Uniform { low: 1_000, high: 5_000 },
            Distribution::Constant(5),
        ];
        for distribution in cases {
            let sampler = distribution.sampler();
            let mut values = vec![0; 400_000];
            stream.fill(0, &mut values);
            let one_by_one: Vec<u64> = values.iter().map(|draw| sampler.value(*draw)).collect();
            sampler.values(&mut values);
            assert_eq!(values, one_by_one);
            let mean = values.iter().sum::<u64>() as f64 / values.len() as f64;
            assert!((mean / distribution.mean() - 1.0).abs() < 0.01, "{distribution:?}: {mean} is not {}", distribution.mean());
            if let Distribution::LogNormal { p50, p99 } = distribution {
                values.sort_unstable();
                assert!((values[200_000] as f64 / p50 as f64 - 1.0).abs() < 0.02);
                assert!((values[396_000] as f64 / p99 as f64 - 1.0).abs() < 0.03);
            }
        }
    }

    #[test]
    fn zipf_shares_are_those_of_the_formula() {
        let alias = Alias::zipf(1_000, 1.1);
        let stream = Seed(5).stream("zipf");
        let draws = 1_000_000;
        let mut counts = vec![0u32; 1_000];
        for n in 0..draws {
            counts[alias.choose(stream.at(n)) as usize] += 1;
        }
        let norm: f64 = (1..=1_000).map(|k| 1.0 / libm::pow(f64::from(k), 1.1)).sum();
        for (rank, &count) in counts.iter().enumerate() {
            let share = 1.0 / libm::pow(rank as f64 + 1.0, 1.1) / norm;
            let error = (share * (1.0 - share) / draws as f64).sqrt();
            assert!((f64::from(count) / draws as f64 - share).abs() < 5.0 * error, "rank {rank}");
        }
    }
}
