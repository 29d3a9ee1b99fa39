// Starts the page: the same wasm as in worker.js, entered at `page`.
import init, { page } from './laglab.js';

try {
  await init();
  page();
} catch (problem) {
  const notice = document.createElement('p');
  notice.setAttribute('role', 'alert');
  notice.textContent = `laglab could not start: ${problem}. It needs a browser of 2023 or later.`;
  document.body.append(notice);
  throw problem;
}
