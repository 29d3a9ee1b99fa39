//! Compression as two numbers: how much smaller a batch gets, and what that costs.
//! Kafka: `CompressionType`, `CompressionRatioEstimator`. Left out: levels; the bytes, and with them what is in the records.
//!
//! The model. A codec finds repetition among the records of one batch, so a batch of `n` bytes shrinks to
//! `floor + (1 − floor) · half ÷ (half + n)` of its size: nothing at first, half of what there is to gain at 1 KiB, nearly all
//! from 16 KiB on. Floors are typical of JSON events (zstd 4.0 × at 16 KiB, gzip 3.8 ×, lz4 2.2 ×, snappy 2.1 ×); costs are the
//! order of magnitude of one core at each codec's default level.
//! Holds: a fuller batch never compresses worse.

use crate::engine::design::Compression;

/// What is known of a codec. Picoseconds of CPU are for each byte before compression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Codec {
    /// The ratio that ever larger batches approach.
    pub floor: f64,
    pub compress_picos: u64,
    pub decompress_picos: u64,
}

/// Bytes at which a batch has half of the gain.
const HALF_GAIN_BYTES: f64 = 1024.0;

/// What is known of each codec; None without compression.
pub const fn codec(compression: Compression) -> Option<Codec> {
    match compression {
        Compression::None => None,
        Compression::Gzip => Some(Codec { floor: 0.22, compress_picos: 20_000, decompress_picos: 3_300 }),
        Compression::Snappy => Some(Codec { floor: 0.45, compress_picos: 2_000, decompress_picos: 700 }),
        Compression::Lz4 => Some(Codec { floor: 0.42, compress_picos: 1_600, decompress_picos: 400 }),
        Compression::Zstd => Some(Codec { floor: 0.20, compress_picos: 3_500, decompress_picos: 1_000 }),
    }
}

/// Compressed ÷ uncompressed bytes of the records of a batch.
pub fn ratio(compression: Compression, uncompressed_bytes: u32) -> f64 {
    codec(compression)
        .map_or(1.0, |codec| codec.floor + (1.0 - codec.floor) * HALF_GAIN_BYTES / (HALF_GAIN_BYTES + f64::from(uncompressed_bytes)))
}

/// Bytes of the records of a batch when they are compressed.
pub fn compressed_size(compression: Compression, uncompressed_bytes: u32) -> u32 {
    match compression {
        Compression::None => uncompressed_bytes,
        Compression::Gzip | Compression::Snappy | Compression::Lz4 | Compression::Zstd => {
            (f64::from(uncompressed_bytes) * ratio(compression, uncompressed_bytes)).ceil() as u32
        }
    }
}

/// How well a producer believes that its next batch will compress: quick to lose faith, slow to gain it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompressionRatioEstimator {
    estimation: f32,
}

const IMPROVING_STEP: f32 = 0.005;
const DETERIORATE_STEP: f32 = 0.05;
/// Estimates of a batch's size are taken this much larger (`COMPRESSION_RATE_ESTIMATION_FACTOR`).
const ESTIMATION_FACTOR: f32 = 1.05;

impl Default for CompressionRatioEstimator {
    fn default() -> Self {
        CompressionRatioEstimator { estimation: 1.0 }
    }
}

impl CompressionRatioEstimator {
    pub fn estimation(&self) -> f32 {
        self.estimation
    }

    /// Takes in how a batch came out.
    pub fn update_estimation(&mut self, observed: f32) {
        if observed > self.estimation {
            self.estimation = (self.estimation + DETERIORATE_STEP).max(observed);
        } else if observed < self.estimation {
            self.estimation = (self.estimation - IMPROVING_STEP).max(observed);
        }
    }
}

/// The size that records are believed to have once compressed, from a ratio that was estimated before.
#[inline]
pub fn estimated_size(uncompressed_bytes: u32, estimation: f32) -> u32 {
    (uncompressed_bytes as f32 * estimation * ESTIMATION_FACTOR) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODECS: [Compression; 4] = [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    #[test]
    fn fuller_batches_compress_better() {
        for compression in CODECS {
            assert!(ratio(compression, 70) > 0.93);
            assert!((10..2_000).all(|bytes| ratio(compression, bytes * 10) < ratio(compression, bytes * 10 - 10)));
        }
        let gain = |compression| 1.0 / ratio(compression, 16_384);
        assert!((3.0..5.0).contains(&gain(Compression::Zstd)) && (3.0..5.0).contains(&gain(Compression::Gzip)));
        assert!((2.0..3.0).contains(&gain(Compression::Lz4)) && (2.0..3.0).contains(&gain(Compression::Snappy)));
        assert_eq!(compressed_size(Compression::None, 1_000), 1_000);
    }

    #[test]
    fn faith_is_lost_fast_and_gained_slowly() {
        let mut estimator = CompressionRatioEstimator::default();
        estimator.update_estimation(0.25);
        assert_eq!(estimator.estimation(), 1.0 - IMPROVING_STEP);
        for _ in 0..1_000 {
            estimator.update_estimation(0.25);
        }
        assert_eq!(estimator.estimation(), 0.25);
        estimator.update_estimation(0.26);
        assert_eq!(estimator.estimation(), 0.25 + DETERIORATE_STEP);
        estimator.update_estimation(0.9);
        assert_eq!(estimator.estimation(), 0.9);
    }
}
