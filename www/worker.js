// Starts the engine: the same wasm as in start.js, entered at `worker`, in a thread of its own.
import init, { worker } from './laglab.js';

// What the page sends while the wasm is still being compiled is kept, and delivered when someone listens.
const early = [];
const keep = (event) => early.push(event);
addEventListener('message', keep);

await init();
removeEventListener('message', keep);
worker();
for (const { data, ports } of early) dispatchEvent(new MessageEvent('message', { data, ports }));
