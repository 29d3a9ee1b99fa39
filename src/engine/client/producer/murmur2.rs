//! Kafka's hash of a key: MurmurHash2 in 32 bits with a fixed seed.
//! Kafka: `org.apache.kafka.common.utils.Utils.murmur2` and `toPositive`; the algorithm is Austin Appleby's, public domain.
//! Holds: equal to the Java client for every key of `tests/conformance/vectors/murmur2.json`.

const SEED: u32 = 0x9747_b28c;
const M: u32 = 0x5bd1_e995;

/// The hash, as the signed number that Java shows.
pub fn murmur2(key: &[u8]) -> i32 {
    // Java's length is an int; a key is far shorter than that.
    let mut hash = SEED ^ key.len() as u32;
    let mut words = key.chunks_exact(4);
    for word in &mut words {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (word ^ (word >> 24)).wrapping_mul(M);
    }
    let tail = words.remainder();
    if !tail.is_empty() {
        for (place, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    (hash ^ (hash >> 15)) as i32
}

/// Kafka's way to make a hash an index: the sign bit is dropped, not negated.
pub const fn to_positive(number: i32) -> u32 {
    number as u32 & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cases_of_kafkas_own_test() {
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
        }
        assert_eq!(to_positive(-973_932_308), 1_173_551_340);
    }
}
