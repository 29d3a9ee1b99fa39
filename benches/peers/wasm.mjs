// Plays W by the engine in wasm, in slices as the page does: `node wasm.mjs MODULE SEED SECONDS` prints a line of JSON.
// The first run is that of a fresh page; the second runs on warm code and is the one that counts.
import { readFile } from "node:fs/promises";

const [path, seed, seconds] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(await readFile(path), {});
const engine = instance.exports;

function run() {
  const started = process.hrtime.bigint();
  engine.start(Number(seed), Number(seconds));
  while (engine.step(250_000) === 0);
  return Number(process.hrtime.bigint() - started) / 1e9;
}

const first = run();
const wall = run();
const produced = engine.produced();
const fingerprint = BigInt.asUintN(64, engine.fingerprint()).toString(16).padStart(16, "0");
console.log(JSON.stringify({ model: "engine, wasm", produced, wall, perSecond: produced / wall, firstPerSecond: produced / first, fingerprint }));
