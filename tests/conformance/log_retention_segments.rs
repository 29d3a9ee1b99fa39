//! One partition's log, step by step, beside Kafka's `UnifiedLog` (vectors/log_retention_segments.json).
//!
//! Each trace is driven twice over the same history: the second time as after a rewind, when everything is written already.

use crate::Disagreement;
use laglab::engine::errors::Errors;
use laglab::engine::id::{Offset, ProducerId};
use laglab::engine::log::file_records::FileRecords;
use laglab::engine::log::list_offsets::OffsetSpec;
use laglab::engine::log::log_config::{CleanupPolicy, LogConfig};
use laglab::engine::log::memory_records::{BatchData, Deltas, NO_KEY, Sizes};
use laglab::engine::log::record_batch::{BatchSize, NO_HEADERS};
use laglab::engine::log::unified_log::{FetchIsolation, UnifiedLog};
use laglab::engine::time::{Duration, Instant};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where the originals' clock starts.
const START: Instant = Instant::from_millis(1_000_000);

pub fn check(file: &Value) -> Vec<Disagreement> {
    let vectors = file["vectors"].as_array().expect("a list of vectors");
    vectors.iter().filter_map(|vector| check_trace(vector).err()).collect()
}

fn check_trace(vector: &Value) -> Result<(), Disagreement> {
    let id = vector["id"].as_str().expect("an id");
    let config = config(&vector["config"]).map_err(|setting| Disagreement::new(id, "a known setting", setting))?;
    let mut records = FileRecords::new();
    for run in ["", ", run again"] {
        let mut driver = Driver::new(config, vector["auto_hw"] == json!(true), records);
        for (number, step) in vector["steps"].as_array().expect("a list of steps").iter().enumerate() {
            let got = driver.step(&step["op"]);
            let state = driver.state();
            let (expected, expected_state) = (&step["result"], &step["state"]);
            if got != *expected || state != *expected_state {
                let place = format!("{id} step {} {}{run}", number + 1, step["op"]);
                return Err(Disagreement::new(place, format!("{expected} {expected_state}"), format!("{got} {state}")));
            }
        }
        records = driver.records;
    }
    Ok(())
}

/// A topic's settings as text, as Kafka's tools take them; what the log does not know is an error.
fn config(settings: &Value) -> Result<LogConfig, String> {
    let mut config = LogConfig::default();
    for (name, value) in settings.as_object().expect("settings") {
        let value = value.as_str().expect("a setting is text");
        let number = || value.parse::<i64>().map_err(|error| format!("{name}={value}: {error}"));
        let limit = |number: i64| u64::try_from(number).ok();
        let millis = |number: i64| limit(number).map_or(Duration::MAX, |millis| Duration(millis.saturating_mul(1_000_000)));
        match name.as_str() {
            "segment.bytes" | "internal.segment.bytes" => config.segment_bytes = limit(number()?).ok_or("a negative size")?,
            "segment.ms" => config.segment_ms = millis(number()?),
            "retention.ms" => config.retention_ms = millis(number()?),
            "retention.bytes" => config.retention_bytes = limit(number()?),
            "max.message.bytes" => config.max_message_bytes = number()?.try_into().map_err(|_| "a size out of range")?,
            "message.timestamp.before.max.ms" => config.message_timestamp_before_max_ms = millis(number()?),
            "message.timestamp.after.max.ms" => config.message_timestamp_after_max_ms = millis(number()?),
            "message.timestamp.type" => config.log_append_time = value == "LogAppendTime",
            "cleanup.policy" => {
                let has = |policy| value.split(',').any(|part| part.trim() == policy);
                config.cleanup_policy = CleanupPolicy { delete: has("delete"), compact: has("compact") };
            }
            _ => return Err(format!("the setting {name} is not built")),
        }
    }
    Ok(config)
}

struct Driver {
    log: UnifiedLog,
    records: FileRecords,
    now: Instant,
    auto_high_watermark: bool,
    leader_epoch: u32,
    /// By their number.
    keys: Vec<Value>,
    /// By offset.
    values: BTreeMap<Offset, Value>,
}

impl Driver {
    fn new(config: LogConfig, auto_high_watermark: bool, records: FileRecords) -> Self {
        let log = UnifiedLog::new(config);
        Driver { log, records, now: START, auto_high_watermark, leader_epoch: 0, keys: Vec::new(), values: BTreeMap::new() }
    }

    /// Does a step and says what came of it in the form of the file.
    fn step(&mut self, op: &Value) -> Value {
        let number = |name: &str| op[name].as_u64().unwrap_or_else(|| panic!("{op} has a number {name}"));
        match op["op"].as_str().expect("a step has a name") {
            "append" if op.get("pid").is_none() => self.append(op),
            "advance" => {
                self.now += Duration::from_millis(number("ms"));
                json!({})
            }
            "set_hw" => {
                self.log.update_high_watermark(number("offset"));
                json!({})
            }
            "leader_epoch" => {
                self.leader_epoch = u32::try_from(number("epoch")).expect("an epoch of 32 bits");
                json!({})
            }
            "end_offset_for_epoch" => match self.log.end_offset_for_epoch(u32::try_from(number("epoch")).expect("an epoch of 32 bits")) {
                Some(end) => json!({ "end_offset": end.offset, "epoch": end.epoch }),
                None => json!({ "end_offset": null }),
            },
            "roll" => {
                self.log.roll();
                json!({})
            }
            "retention" => json!({ "deleted_segments": self.log.delete_old_segments(self.now).total() }),
            "delete_records" => match self.log.maybe_increment_log_start_offset(number("before")) {
                Ok(moved) => json!({ "moved": moved }),
                Err(error) => failure(error, &json!({})),
            },
            "truncate" => json!({ "truncated": self.log.truncate_to(&self.records, number("offset")) }),
            "truncate_fully" => {
                self.log.truncate_fully_and_start_at(number("offset"));
                json!({})
            }
            "fetch" => self.fetch(op),
            "list_offset" => self.list_offset(op["timestamp"].as_str().expect("a time as text")),
            "dump" => self.dump(),
            _ => json!("this step is not built"),
        }
    }

    fn append(&mut self, op: &Value) -> Value {
        let mut batch = BatchSize::EMPTY;
        let (mut times, mut keys, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for record in op["records"].as_array().expect("a batch has records") {
            let millis = record.get("ts").map_or(self.now.as_millis(), |time| time.as_u64().expect("a time after 1970"));
            let length = |text: &Value| text.as_str().map(|text| u32::try_from(text.len()).expect("a short text"));
            let (key, value) = (&record["k"], &record["v"]);
            let timestamp = i64::try_from(millis).expect("a time of 63 bits");
            batch.add(timestamp, length(key), length(value), NO_HEADERS);
            times.push(Instant::from_millis(millis));
            sizes.push(length(value).unwrap_or(0));
            keys.push(self.number_of(key));
        }
        let base_time = *times.iter().min().expect("a batch has records");
        let deltas: Vec<u64> = times.iter().map(|time| time.since(base_time).as_nanos()).collect();
        let narrow: Result<Vec<u32>, _> = deltas.iter().map(|&delta| u32::try_from(delta)).collect();
        let data = BatchData {
            producer: ProducerId(0),
            base_time,
            deltas: narrow.as_ref().map_or(Deltas::Wide(&deltas), |deltas| Deltas::Narrow(deltas)),
            keys: &keys,
            sizes: if sizes.iter().all(|size| *size == sizes[0]) { Sizes::Fixed(sizes[0]) } else { Sizes::Each(&sizes) },
            types: &[],
            bytes: batch.bytes,
        };
        let bytes = json!({ "batch_bytes": batch.bytes });
        match self.log.append(&mut self.records, self.now, self.leader_epoch, &data) {
            Err(error) => failure(error, &bytes),
            Ok(info) => {
                for (offset, record) in (info.first_offset..).zip(op["records"].as_array().expect("a batch has records")) {
                    self.values.insert(offset, record["v"].clone());
                }
                if self.auto_high_watermark {
                    self.log.maybe_increment_high_watermark(self.log.log_end_offset());
                }
                let mut result = json!({ "batch_bytes": batch.bytes, "base_offset": info.first_offset, "last_offset": info.last_offset });
                if let Some(time) = info.log_append_time {
                    result["log_append_time"] = json!(time.as_millis());
                }
                result
            }
        }
    }

    fn number_of(&mut self, key: &Value) -> u32 {
        if key.is_null() {
            return NO_KEY;
        }
        let number = self.keys.iter().position(|known| known == key).unwrap_or_else(|| {
            self.keys.push(key.clone());
            self.keys.len() - 1
        });
        u32::try_from(number).expect("few keys")
    }

    fn fetch(&self, op: &Value) -> Value {
        let offset = op["offset"].as_u64().expect("an offset");
        let max_bytes = op.get("max_bytes").map_or(u32::MAX, |max| max.as_u64().and_then(|max| max.try_into().ok()).expect("a size"));
        let isolation = match op["isolation"].as_str().expect("an isolation") {
            "LOG_END" => FetchIsolation::LogEnd,
            "HIGH_WATERMARK" => FetchIsolation::HighWatermark,
            "TXN_COMMITTED" => FetchIsolation::TxnCommitted,
            other => panic!("{other} is no isolation"),
        };
        match self.log.read(&self.records, offset, max_bytes, isolation, true) {
            Err(error) => failure(error, &json!({})),
            Ok(data) => {
                let batches = self.records.batches(data.records).map(|batch| [batch.base_offset, batch.last_offset()]);
                let sees = self.records.batches(data.wanted()).flat_map(|batch| batch.base_offset..batch.next_offset());
                let mut result = json!({
                    "batches": batches.collect::<Vec<_>>(),
                    "consumer_sees": sees.collect::<Vec<_>>(),
                    "consumer_next_position": data.next_offset(),
                });
                if isolation == FetchIsolation::TxnCommitted {
                    // A log without transactions has none that were aborted.
                    result["aborted"] = json!([]);
                }
                result
            }
        }
    }

    fn list_offset(&self, asked: &str) -> Value {
        let spec = match asked {
            "earliest" => OffsetSpec::Earliest,
            "latest" => OffsetSpec::Latest,
            "max" => OffsetSpec::MaxTimestamp,
            time => OffsetSpec::ForTimestamp(time.parse().expect("a time in milliseconds")),
        };
        match self.log.fetch_offset_by_timestamp(&self.records, spec) {
            None => json!({ "offset": null }),
            Some(found) => {
                json!({ "offset": found.offset, "timestamp": found.timestamp.map_or(json!(-1), |time| json!(time.as_millis())) })
            }
        }
    }

    /// Everything that the log holds, also what lies before the log start in its segment.
    fn dump(&self) -> Value {
        let segments = self.log.segments();
        let ends = segments.iter().skip(1).map(|next| next.base_offset).chain([Offset::MAX]);
        let batches = segments.iter().zip(ends).flat_map(|(segment, end)| {
            let slice = self.log.slice(segment.base_offset, end);
            self.records.batches(slice).map(move |batch| {
                let records: Vec<Value> = (0..batch.data.len())
                    .map(|record| {
                        let offset = batch.base_offset + record as Offset;
                        let key = self.keys.get(batch.data.keys[record] as usize).unwrap_or(&Value::Null);
                        let value = &self.values[&offset];
                        assert_eq!(value.as_str().map_or(0, str::len), batch.data.sizes.get(record) as usize, "a value keeps its size");
                        json!({
                            "offset": offset,
                            "k": key,
                            "v": value,
                            "ts": batch.timestamp(record).as_millis(),
                        })
                    })
                    .collect();
                json!({
                    "segment": segment.base_offset,
                    "base_offset": batch.base_offset,
                    "last_offset": batch.last_offset(),
                    "bytes": batch.data.bytes,
                    "leader_epoch": self.records.leader_epoch(slice.starting_at(batch.base_offset)),
                    "records": records,
                })
            })
        });
        json!({ "batches": batches.collect::<Vec<_>>() })
    }

    fn state(&self) -> Value {
        let segments: Vec<_> = self.log.segments().iter().map(|segment| [segment.base_offset, segment.size]).collect();
        assert_eq!(segments.iter().map(|segment| segment[1]).sum::<u64>(), self.log.size(), "a log is as large as its segments");
        json!({
            "now": self.now.as_millis(),
            "log_start": self.log.log_start_offset(),
            "log_end": self.log.log_end_offset(),
            "hw": self.log.high_watermark(),
            "lso": self.log.last_stable_offset(),
            "segments": segments,
        })
    }
}

/// An error under the name of the exception that the originals threw, added to what else is told.
fn failure(error: Errors, also: &Value) -> Value {
    let exception = match error {
        Errors::MessageTooLarge => "RecordTooLargeException",
        Errors::RecordListTooLarge => "RecordBatchTooLargeException",
        // A batch is refused for its records: the reason is in the code.
        Errors::InvalidTimestamp | Errors::InvalidRecord => "RecordValidationException",
        Errors::OffsetOutOfRange => "OffsetOutOfRangeException",
        other => panic!("a log does not answer {other}"),
    };
    let mut result: Map<String, Value> = also.as_object().expect("an object").clone();
    result.insert("error".into(), exception.into());
    result.insert("error_code".into(), error.name().into());
    result.into()
}
