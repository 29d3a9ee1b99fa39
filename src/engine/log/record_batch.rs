//! Sizes: how many bytes a record and a batch take in a log and on the wire, in the message format v2.
//! Kafka: `DefaultRecordBatch`, `DefaultRecord`, `ByteUtils`. Left out: the bytes themselves; nothing is ever serialised.
//! Seen in: every batch that a producer fills, every segment that rolls, every fetch that is cut off.
//! Holds: sizes without compression are exact to the byte (tests/conformance/vectors/record_batch_size.json).

/// Bytes of a batch before its first record (`RECORD_BATCH_OVERHEAD`).
pub const RECORD_BATCH_OVERHEAD: u32 = 61;
/// Bytes of a batch's base offset and length (`LOG_OVERHEAD`): what must be read to know the rest.
pub const LOG_OVERHEAD: u32 = 12;
/// The most that a record's length, attributes and deltas can take (`MAX_RECORD_OVERHEAD`).
pub const MAX_RECORD_OVERHEAD: u32 = 21;
/// Bytes of a batch that holds one transaction marker.
pub const CONTROL_BATCH_SIZE: u32 = 78;
/// What [`size_of_headers`] says of a record without headers: their count still takes a byte.
pub const NO_HEADERS: u32 = 1;
/// A length of -1, for what is not there.
const NULL_VARINT_SIZE_BYTES: u32 = 1;

/// Bytes of a zig-zag varint of 32 bits: seven bits a byte. Small numbers are what a batch is full of, so they come first.
#[inline]
pub const fn size_of_varint(value: i32) -> u32 {
    if (value as u32) < 64 {
        return 1;
    }
    if (value as u32) < 8192 {
        return 2;
    }
    let zigzag = ((value << 1) ^ (value >> 31)) as u32;
    (38 - (zigzag | 1).leading_zeros()) / 7
}

/// Bytes of a zig-zag varint of 64 bits.
#[inline]
pub const fn size_of_varlong(value: i64) -> u32 {
    if (value as u64) < 64 {
        return 1;
    }
    let zigzag = ((value << 1) ^ (value >> 63)) as u64;
    (70 - (zigzag | 1).leading_zeros()) / 7
}

/// Bytes of a key or value with its length; `None` is absent, which is not the same as empty.
#[inline]
pub const fn size_of_bytes(length: Option<u32>) -> u32 {
    match length {
        None => NULL_VARINT_SIZE_BYTES,
        Some(length) => size_of_varint(length as i32) + length,
    }
}

/// Bytes of a record's headers with their count, from the lengths of each name and value.
pub fn size_of_headers(headers: &[(u32, Option<u32>)]) -> u32 {
    let each = headers.iter().map(|&(name, value)| size_of_bytes(Some(name)) + size_of_bytes(value)).sum::<u32>();
    size_of_varint(headers.len() as i32) + each
}

/// Bytes of one record (`DefaultRecord.sizeInBytes`).
///
/// `offset_delta` and `timestamp_delta` (milliseconds) count from the first record of the batch; lengths are bytes of the key
/// and value, `None` where absent; `headers` is what [`size_of_headers`] says, [`NO_HEADERS`] for none.
#[inline]
pub const fn record_size(offset_delta: u32, timestamp_delta: i64, key: Option<u32>, value: Option<u32>, headers: u32) -> u32 {
    record_size_of_fields(offset_delta, timestamp_delta, size_of_bytes(key) + size_of_bytes(value) + headers)
}

/// The same for fields whose bytes are known: key and value as [`size_of_bytes`] says, and the headers.
#[inline(always)]
pub const fn record_size_of_fields(offset_delta: u32, timestamp_delta: i64, fields: u32) -> u32 {
    let attributes = 1;
    // One look tells that both deltas are small, as nearly all are.
    let deltas = if (offset_delta as u64 | timestamp_delta as u64) < 64 {
        2
    } else {
        size_of_varint(offset_delta as i32) + size_of_varlong(timestamp_delta)
    };
    let body = attributes + deltas + fields;
    size_of_varint(body as i32) + body
}

/// The most that a record can take, wherever in a batch it comes to lie (`DefaultRecord.recordSizeUpperBound`).
#[inline]
pub const fn record_size_upper_bound(key: Option<u32>, value: Option<u32>, headers: u32) -> u32 {
    MAX_RECORD_OVERHEAD + size_of_bytes(key) + size_of_bytes(value) + headers
}

/// The most that a batch of this one record can take (`AbstractRecords.estimateSizeInBytesUpperBound`).
#[inline]
pub const fn batch_size_upper_bound(key: Option<u32>, value: Option<u32>, headers: u32) -> u32 {
    RECORD_BATCH_OVERHEAD + record_size_upper_bound(key, value, headers)
}

/// The size of a batch that is being filled (`DefaultRecordBatch.sizeInBytes`, record by record).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSize {
    /// Bytes so far.
    pub bytes: u32,
    /// Records so far.
    pub records: u32,
    /// The first record's timestamp in milliseconds; deltas count from it.
    base_timestamp: i64,
}

impl BatchSize {
    pub const EMPTY: BatchSize = BatchSize { bytes: RECORD_BATCH_OVERHEAD, records: 0, base_timestamp: 0 };

    /// Adds a record with a timestamp in milliseconds and returns its size.
    #[inline]
    pub fn add(&mut self, timestamp: i64, key: Option<u32>, value: Option<u32>, headers: u32) -> u32 {
        if self.records == 0 {
            self.base_timestamp = timestamp;
        }
        let size = record_size(self.records, timestamp - self.base_timestamp, key, value, headers);
        self.bytes += size;
        self.records += 1;
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_varint_grows_every_seven_bits() {
        let sizes = |values: &[i32]| values.iter().map(|&value| size_of_varint(value)).collect::<Vec<_>>();
        assert_eq!(sizes(&[0, -1, 63, -64, 64, -65, 8191, 8192]), [1, 1, 1, 1, 2, 2, 2, 3]);
        assert_eq!(sizes(&[1_048_575, 1_048_576, 134_217_727, 134_217_728, i32::MAX, i32::MIN]), [3, 4, 4, 5, 5, 5]);
        assert_eq!([size_of_varlong(0), size_of_varlong(64), size_of_varlong(i64::MAX), size_of_varlong(i64::MIN)], [1, 2, 10, 10]);
    }

    #[test]
    fn the_upper_bound_is_never_passed() {
        for (key, value) in [(None, None), (Some(0), Some(0)), (Some(9), Some(200)), (Some(70), Some(100_000))] {
            let bound = record_size_upper_bound(key, value, NO_HEADERS);
            assert!(record_size(i32::MAX as u32, i64::MAX, key, value, NO_HEADERS) <= bound);
        }
    }
}
