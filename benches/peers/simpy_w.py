"""The reference workload W as one would write it with SimPy: a process for each producer, request, fetch and member,
and a timeout for each record's arrival and for its handling. `python3 simpy_w.py [seconds]` (after `pip install simpy`)
prints a line of JSON: records stored, records handled, wall seconds, records per wall second.
"""

import bisect
import itertools
import json
import math
import random
import sys
import time
from collections import deque

import simpy

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
BROKERS, PARTITIONS, PRODUCERS, RATE, KEYS, ZIPF, MEMBERS = 3, 12, 10, 100_000, 10_000, 1.1, 12
VALUE_BYTES, BATCH_SIZE, LINGER, LATENCY, MAX_IN_FLIGHT, MAX_REQUEST = 200, 16_384, 0.005, 0.0005, 5, 1 << 20
MAX_POLL, SERVICE, PARTITION_FETCH, MAX_WAIT, COMMIT_EVERY, SAMPLE_EVERY, START = 500, 0.0001, 1 << 20, 0.5, 5.0, 0.1, 3.003


def murmur2(data):
    m, h = 0x5BD1E995, 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & 0xFFFFFFFF
        k = (k ^ k >> 24) * m & 0xFFFFFFFF
        h = (h * m & 0xFFFFFFFF) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & 0xFFFFFFFF
    h = (h ^ h >> 13) * m & 0xFFFFFFFF
    return (h ^ h >> 15) & 0x7FFFFFFF


KEY_NAMES = [f"customer-{rank}".encode() for rank in range(KEYS)]
PLACES = [murmur2(key) % PARTITIONS for key in KEY_NAMES]
CUMULATIVE = list(itertools.accumulate((rank + 1) ** -ZIPF for rank in range(KEYS)))


class Batch:
    __slots__ = ("created", "size", "records", "partition")

    def __init__(self, created, partition):
        self.created, self.size, self.records, self.partition = created, 61, [], partition


class Log:
    def __init__(self):
        self.batches, self.end, self.committed, self.consumed = [], 0, 0, 0


class World:
    def __init__(self):
        self.env = simpy.Environment()
        self.logs = [Log() for _ in range(PARTITIONS)]
        self.appended = [self.env.event() for _ in range(BROKERS)]
        self.histogram = {}
        self.series = []
        self.handled = 0

    def producer(self, number):
        env, luck = self.env, random.Random(number)
        queues = [deque() for _ in range(PARTITIONS)]
        in_flight = [0] * BROKERS

        def ready(broker):
            return any(
                queue and (len(queue) > 1 or env.now - queue[0].created >= LINGER - 1e-12) for queue in queues[broker::BROKERS]
            )

        def request(broker, batches):
            yield env.timeout(LATENCY)
            for batch in batches:
                log = self.logs[batch.partition]
                log.batches.append(batch)
                log.end += len(batch.records)
            appended, self.appended[broker] = self.appended[broker], env.event()
            appended.succeed()
            yield env.timeout(LATENCY)
            in_flight[broker] -= 1
            send()

        def send():
            for broker in range(BROKERS):
                while in_flight[broker] < MAX_IN_FLIGHT and ready(broker):
                    batches, size = [], 0
                    for queue in queues[broker::BROKERS]:
                        if queue:
                            if batches and size + queue[0].size > MAX_REQUEST:
                                break
                            size += queue[0].size
                            batches.append(queue.popleft())
                    in_flight[broker] += 1
                    env.process(request(broker, batches))

        def linger():
            yield env.timeout(LINGER)
            send()

        while True:
            yield env.timeout(luck.expovariate(RATE / PRODUCERS))
            key = bisect.bisect_left(CUMULATIVE, luck.random() * CUMULATIVE[-1])
            queue, size = queues[PLACES[key]], 8 + len(KEY_NAMES[key]) + VALUE_BYTES
            if not queue or queue[-1].size + size > BATCH_SIZE:
                queue.append(Batch(env.now, PLACES[key]))
                env.process(linger())
                if len(queue) > 1:
                    send()
            queue[-1].records.append(env.now)
            queue[-1].size += size

    def fetch(self, broker, partitions, places, response):
        env = self.env
        yield env.timeout(LATENCY)
        expired = env.timeout(MAX_WAIT)
        while True:
            found = []
            for partition in partitions:
                size = 0
                for batch in itertools.islice(self.logs[partition].batches, places[partition], None):
                    if size and size + batch.size > PARTITION_FETCH:
                        break
                    size += batch.size
                    places[partition] += 1
                    found.append(batch)
            if found or expired.processed:
                break
            yield self.appended[broker] | expired
        yield env.timeout(LATENCY)
        response.put((broker, found))

    def member(self, number):
        env, luck = self.env, random.Random(1_000 + number)
        owned = [partition for partition in range(PARTITIONS) if partition % MEMBERS == number]
        led = [[partition for partition in owned if partition % BROKERS == broker] for broker in range(BROKERS)]
        places, positions = dict.fromkeys(owned, 0), dict.fromkeys(owned, 0)
        responses, fetching, buffered = simpy.Store(env), [False] * BROKERS, deque()
        commit_at = env.now + COMMIT_EVERY
        while True:
            while responses.items or not buffered:
                for broker in range(BROKERS):
                    if led[broker] and not fetching[broker] and not any(batch.partition % BROKERS == broker for batch, _ in buffered):
                        fetching[broker] = True
                        env.process(self.fetch(broker, led[broker], places, responses))
                broker, batches = yield responses.get()
                fetching[broker] = False
                buffered.extend((batch, 0) for batch in batches)
            if env.now >= commit_at:
                commit_at = env.now + COMMIT_EVERY
                env.process(self.commit(dict(positions)))
            hand = []
            while buffered and len(hand) < MAX_POLL:
                batch, start = buffered.popleft()
                end = min(len(batch.records), start + MAX_POLL - len(hand))
                hand.extend((batch.partition, at) for at in batch.records[start:end])
                positions[batch.partition] += end - start
                if end < len(batch.records):
                    buffered.appendleft((batch, end))
            for broker in range(BROKERS):
                if led[broker] and not fetching[broker] and not any(batch.partition % BROKERS == broker for batch, _ in buffered):
                    fetching[broker] = True
                    env.process(self.fetch(broker, led[broker], places, responses))
            for partition, at in hand:
                yield env.timeout(luck.expovariate(1 / SERVICE))
                self.logs[partition].consumed += 1
                self.handled += 1
                cell = int(math.log2((env.now - at) * 1e9 + 1) * 32)
                self.histogram[cell] = self.histogram.get(cell, 0) + 1

    def commit(self, positions):
        yield self.env.timeout(LATENCY)
        for partition, offset in positions.items():
            self.logs[partition].committed = offset

    def group(self):
        yield self.env.timeout(START)
        for number in range(MEMBERS):
            self.env.process(self.member(number))

    def sampler(self):
        while True:
            yield self.env.timeout(SAMPLE_EVERY)
            self.series.append([(log.end, log.end - log.committed, log.consumed) for log in self.logs])

    def run(self):
        for number in range(PRODUCERS):
            self.env.process(self.producer(number))
        self.env.process(self.group())
        self.env.process(self.sampler())
        started = time.perf_counter()
        self.env.run(until=SECONDS)
        wall = time.perf_counter() - started
        produced = sum(log.end for log in self.logs)
        return {"model": "simpy", "produced": produced, "handled": self.handled, "wall": wall, "perSecond": produced / wall}


print(json.dumps(World().run()))
