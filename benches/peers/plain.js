// The reference workload W as one would write it in ordinary JavaScript: each record is an event when it comes into
// being and when its handler is done, events are closures, and one binary heap orders them.
// `node plain.js [seconds]` prints a line of JSON: records handled, wall seconds, records per wall second.
"use strict";

const W = {
  seconds: Number(process.argv[2] ?? 10), brokers: 3, partitions: 12, producers: 10, rate: 100_000, keys: 10_000, zipf: 1.1,
  members: 12, valueBytes: 200, batchSize: 16_384, linger: 0.005, latency: 0.0005, maxInFlight: 5, maxRequest: 1 << 20,
  maxPoll: 500, service: 0.0001, partitionFetch: 1 << 20, maxWait: 0.5, commitEvery: 5, sampleEvery: 0.1, start: 3.003,
};

class Heap {
  items = [];
  count = 0;
  push(at, run) {
    const items = this.items;
    const item = { at, seq: this.count++, run };
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!before(item, items[parent])) break;
      items[place] = items[parent];
      place = parent;
    }
    items[place] = item;
  }
  pop() {
    const items = this.items;
    const top = items[0];
    const item = items.pop();
    if (items.length === 0) return top;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1], items[child])) child++;
      if (!before(items[child], item)) break;
      items[place] = items[child];
      place = child;
    }
    items[place] = item;
    return top;
  }
}
const before = (a, b) => a.at < b.at || (a.at === b.at && a.seq < b.seq);

// xorshift32 is what one takes when Math.random cannot be seeded.
function random(seed) {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 4294967296;
  };
}

function murmur2(bytes) {
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ bytes.length;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    let k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const left = bytes.length - i;
  if (left >= 3) h ^= bytes[i + 2] << 16;
  if (left >= 2) h ^= bytes[i + 1] << 8;
  if (left >= 1) h = Math.imul(h ^ bytes[i], m);
  h = Math.imul(h ^ (h >>> 13), m);
  return (h ^ (h >>> 15)) & 0x7fffffff;
}

const heap = new Heap();
let now = 0;
const after = (delay, run) => heap.push(now + delay, run);

const encoder = new TextEncoder();
const keys = Array.from({ length: W.keys }, (_, rank) => {
  const bytes = encoder.encode(`customer-${rank}`);
  return { bytes: bytes.length, partition: murmur2(bytes) % W.partitions };
});
const cumulative = [];
keys.reduce((sum, _, rank) => (cumulative[rank] = sum + (rank + 1) ** -W.zipf), 0);
function zipf(draw) {
  const wanted = draw * cumulative[W.keys - 1];
  let low = 0;
  let high = W.keys - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

const leader = (partition) => partition % W.brokers;
const partitions = Array.from({ length: W.partitions }, () => ({ batches: [], end: 0, committed: 0, consumed: 0 }));
const waiting = Array.from({ length: W.brokers }, () => []);

function producer(number) {
  const arrivals = random(1 + number);
  const choice = random(1_001 + number);
  const queues = partitions.map(() => []);
  const inFlight = new Array(W.brokers).fill(0);

  const ready = (broker) => queues.some((queue, partition) =>
    leader(partition) === broker && queue.length > 0 && (queue.length > 1 || now - queue[0].created >= W.linger - 1e-12));
  const send = () => {
    for (let broker = 0; broker < W.brokers; broker++) {
      while (inFlight[broker] < W.maxInFlight && ready(broker)) {
        let size = 0;
        const request = [];
        for (let partition = broker; partition < W.partitions; partition += W.brokers) {
          const first = queues[partition][0];
          if (first === undefined) continue;
          if (request.length > 0 && size + first.bytes > W.maxRequest) break;
          size += first.bytes;
          request.push([partition, queues[partition].shift()]);
        }
        inFlight[broker]++;
        after(W.latency, () => append(broker, request, () => after(W.latency, () => { inFlight[broker]--; send(); })));
      }
    }
  };
  const arrive = () => {
    const key = keys[zipf(choice())];
    const record = { at: now, partition: key.partition };
    const bytes = 8 + key.bytes + W.valueBytes;
    const queue = queues[key.partition];
    const open = queue[queue.length - 1];
    if (open !== undefined && open.bytes + bytes <= W.batchSize) {
      open.bytes += bytes;
      open.records.push(record);
    } else {
      queue.push({ created: now, bytes: 61 + bytes, records: [record], base: 0 });
      after(W.linger, send);
      if (queue.length > 1) send();
    }
    next();
  };
  const next = () => after((-Math.log(arrivals()) * W.producers) / W.rate, arrive);
  next();
}

function append(broker, request, respond) {
  for (const [partition, batch] of request) {
    const log = partitions[partition];
    batch.base = log.end;
    log.end += batch.records.length;
    log.batches.push(batch);
  }
  respond();
  for (const fetch of waiting[broker].splice(0)) {
    if (!answer(fetch)) waiting[broker].push(fetch);
  }
}

function answer(fetch) {
  if (fetch.answered) return true;
  const response = [];
  for (const [partition, place] of fetch.partitions) {
    const { batches } = partitions[partition];
    let bytes = 0;
    let end = place;
    while (end < batches.length && (bytes === 0 || bytes + batches[end].bytes <= W.partitionFetch)) bytes += batches[end++].bytes;
    if (end > place) response.push([partition, batches.slice(place, end), end]);
  }
  if (response.length === 0 && now < fetch.until) return false;
  fetch.answered = true;
  after(W.latency, () => fetch.done(response));
  return true;
}

const histogram = new Uint32Array(64 * 32);
let handled = 0;
function observe(latency) {
  histogram[Math.floor(Math.log2(latency * 1e9 + 1) * 32)]++;
}

function member(number) {
  const service = random(2_001 + number);
  const owned = partitions.map((_, partition) => partition).filter((partition) => partition % W.members === number);
  const places = new Map(owned.map((partition) => [partition, 0]));
  const positions = new Map(owned.map((partition) => [partition, 0]));
  const fetching = new Array(W.brokers).fill(false);
  const buffered = [];
  let hand = [];
  let done = 0;
  let commitAt = now + W.commitEvery;

  const fetch = () => {
    for (let broker = 0; broker < W.brokers; broker++) {
      const led = owned.filter((partition) => leader(partition) === broker);
      if (led.length === 0 || fetching[broker] || buffered.some((batch) => leader(batch.partition) === broker)) continue;
      fetching[broker] = true;
      const request = {
        partitions: led.map((partition) => [partition, places.get(partition)]),
        until: Infinity,
        answered: false,
        done: (response) => {
          fetching[broker] = false;
          for (const [partition, batches, end] of response) {
            places.set(partition, end);
            for (const batch of batches) buffered.push({ partition, records: batch.records, from: 0 });
          }
          if (hand.length === 0) poll();
        },
      };
      after(W.latency, () => {
        request.until = now + W.maxWait;
        if (!answer(request)) {
          waiting[broker].push(request);
          after(W.maxWait, () => answer(request));
        }
      });
    }
  };
  const poll = () => {
    if (now >= commitAt) {
      const offsets = [...positions];
      after(W.latency, () => offsets.forEach(([partition, offset]) => { partitions[partition].committed = offset; }));
      commitAt = now + W.commitEvery;
    }
    hand = [];
    done = 0;
    while (buffered.length > 0 && hand.length < W.maxPoll) {
      const batch = buffered[0];
      const from = batch.from;
      while (batch.from < batch.records.length && hand.length < W.maxPoll) hand.push(batch.records[batch.from++]);
      positions.set(batch.partition, positions.get(batch.partition) + batch.from - from);
      if (batch.from === batch.records.length) buffered.shift();
    }
    fetch();
    if (hand.length > 0) handle();
  };
  const handle = () => after(-Math.log(service()) * W.service, () => {
    const record = hand[done++];
    partitions[record.partition].consumed++;
    handled++;
    observe(now - record.at);
    if (done < hand.length) handle();
    else poll();
  });
  poll();
}

const series = [];
function sample() {
  series.push(partitions.map((log) => [log.end, log.end - log.committed, log.consumed]));
  after(W.sampleEvery, sample);
}

const started = process.hrtime.bigint();
for (let number = 0; number < W.producers; number++) producer(number);
heap.push(W.start, () => { for (let number = 0; number < W.members; number++) member(number); });
heap.push(W.sampleEvery, sample);
while (heap.items.length > 0 && heap.items[0].at <= W.seconds) {
  const event = heap.pop();
  now = event.at;
  event.run();
}
const wall = Number(process.hrtime.bigint() - started) / 1e9;
const produced = partitions.reduce((sum, log) => sum + log.end, 0);
console.log(JSON.stringify({ model: "plain.js", produced, handled, wall, perSecond: produced / wall, samples: series.length, cells: histogram.filter((n) => n > 0).length }));
