// The work of the bot check (ALTCHA), beside the page and on as many cores as there are, four at most.

// What the form sends for a challenge, or "" where the browser can't: no workers, no secure context.
export async function solve({ challenge, worker }) {
  const asked = JSON.parse(challenge);
  const cores = Math.min(navigator.hardwareConcurrency || 2, 4);
  let workers = [];
  try {
    workers = Array.from({ length: cores }, () => new Worker(worker));
    const solution = await Promise.any(workers.map((each, start) => counted(each, asked, start, cores)));
    return btoa(JSON.stringify({ challenge: asked, solution }));
  } catch {
    return "";
  } finally {
    workers.forEach((each) => each.terminate());
  }
}

// One worker tries every so manieth counter.
function counted(worker, challenge, counterStart, counterStep) {
  return new Promise((found, failed) => {
    worker.onerror = failed;
    worker.onmessage = ({ data }) => (data?.derivedKey ? found(data) : failed(data));
    worker.postMessage({ type: "work", challenge, counterStart, counterStep });
  });
}
