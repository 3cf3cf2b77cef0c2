// Restate with its own server and log: the same five no-op steps with 60 bytes in and out. Settings: the best found (4 partitions, 64 in flight, fsync on).
// node restate.mjs <empty folder> <workflows> <in flight>   prints: RESTATE <workflows a second> <p50 ms> <p99 ms>
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';

Promise.withResolvers ??= function () {                    // Node 20 lacks it, the SDK needs it
  let resolve, reject;
  const promise = new this((a, b) => { [resolve, reject] = [a, b]; });
  return { promise, resolve, reject };
};
const restate = await import('@restatedev/restate-sdk');

const [folder, total, inFlight] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const text = 'A text that has fifty-eight characters, as a payload has..';

const sequence = restate.workflow({
  name: 'sequence',
  handlers: {
    run: async (ctx, steps) => {
      let current = text;
      for (let i = 0; i < steps; i++) {
        const input = current;
        current = await ctx.run('echo', async () => input);
      }
      return current;
    },
  },
});

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const [node, admin, ingress, service] = [await freePort(), await freePort(), await freePort(), await freePort()];
const config = join(folder, 'restate.toml');
writeFileSync(config, `
cluster-name = "bench"
node-name = "bench"
base-dir = "${join(folder, 'data')}"
bind-address = "127.0.0.1:${node}"
advertised-address = "http://127.0.0.1:${node}"
default-num-partitions = 4
disable-telemetry = true
log-filter = "error"

[admin]
bind-address = "127.0.0.1:${admin}"

[ingress]
bind-address = "127.0.0.1:${ingress}"

[worker.invoker]
concurrent-invocations-limit = 8000

[log-server]
rocksdb-disable-wal-fsync = false
`);

async function post(url, body) {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return await answer.json();
}

async function untilAccepted(action) {
  for (let tries = 0; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (tries === 300) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}

async function run(count, prefix) {
  const latencies = [];
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const id = `${prefix}-${next++}`;
      const since = performance.now();
      if (await post(`http://127.0.0.1:${ingress}/sequence/${id}/run`, 5) !== text) throw new Error('A wrong result.');
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

const binary = createRequire(import.meta.url).resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`);
const server = spawn(binary, ['--config-file', config, '--no-logo'], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DO_NOT_TRACK: '1' } });
process.on('exit', () => server.kill('SIGKILL'));
const failed = new Promise((_, reject) => server.on('exit', (code) => reject(new Error(`The server ended with ${code}.`))));
failed.catch(() => {});
await restate.endpoint().setLogger(() => {}).bind(sequence).listen(service);
await Promise.race([failed, untilAccepted(() => post(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${service}` }))]);
await Promise.race([failed, untilAccepted(() => run(1, 'first'))]);
await run(Math.ceil(total / 4), 'warm');
const [rate, p50, p99] = await run(total, 'bench');
console.log(`RESTATE ${rate.toFixed(1)} ${p50.toFixed(3)} ${p99.toFixed(3)}`);
process.exit(0);
