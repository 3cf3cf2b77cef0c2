// DBOS for TypeScript: the same five no-op steps with 60 bytes in and out, on the same server. Settings: the best found (32 in flight, pool of 20).
// node dbos.mjs <connection url> <workflows> <in flight>   prints: DBOS <workflows a second> <p50 ms> <p99 ms>
import { DBOS } from '@dbos-inc/dbos-sdk';

const [url, total, inFlight] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const text = 'A text that has fifty-eight characters, as a payload has..';

const sequence = DBOS.registerWorkflow(async (steps) => {
  let current = text;
  for (let i = 0; i < steps; i++) {
    const input = current;
    current = await DBOS.runStep(async () => input, { name: 'echo' });
  }
  return current;
}, { name: 'sequence' });

async function run(count, prefix) {
  const latencies = [];
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const id = `${prefix}-${next++}`;
      const since = performance.now();
      const handle = await DBOS.startWorkflow(sequence, { workflowID: id })(5);
      await handle.getResult();
      latencies.push(performance.now() - since);
    }
  };
  const since = performance.now();
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, caller));
  const seconds = (performance.now() - since) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(share * (latencies.length - 1))];
  return [count / seconds, at(0.5), at(0.99)];
}

DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, systemDatabasePoolSize: 20, logLevel: 'error', runAdminServer: false });
await DBOS.launch();
await run(Math.ceil(total / 4), 'warm');
const [rate, p50, p99] = await run(total, 'bench');
console.log(`DBOS ${rate.toFixed(1)} ${p50.toFixed(3)} ${p99.toFixed(3)}`);
await DBOS.shutdown();
process.exit(0);
