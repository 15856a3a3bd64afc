/**
 * Strangers at the port where the workers of several machines meet: garbage, half-open connections, slow ones, wrong proofs.
 * Promised: the workers meet all the same, nobody without the secret takes part, and the memory of worker 0 stays.
 */
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type Dice, dice, type Outcome, sleep, Tally } from "./trial.ts";

const jiti = join(import.meta.dirname, "../../node_modules/jiti/lib/jiti-cli.mjs");
const member = join(import.meta.dirname, "../tensor/group-member.ts");
const SECRET = "the secret of the torture";

function worker(rank: number, port: number, secret: string): { pid: number; ended: Promise<string> } {
  const child = spawn(process.execPath, [jiti, member, String(rank), "2", String(port), `secret=${secret}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  return {
    pid: child.pid!,
    ended: new Promise((resolve) => child.on("close", (code) => resolve(`${code} ${stdout}`))),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Resident kilobytes of a process. */
const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);

/** One stranger: connects, does what its kind does, and stays or goes. */
const kinds: Readonly<Record<string, (socket: Socket, roll: Dice) => void>> = {
  "half-open": () => {},
  "closes at once": (socket) => void socket.destroy(),
  "random bytes": (socket, roll) => void socket.end(Buffer.from(Array.from({ length: roll(5_000) }, () => roll(256)))),
  "large lengths": (socket) => void socket.write(Buffer.alloc(72, 0xff)),
  "a megabyte": (socket) => void socket.write(Buffer.alloc(1 << 20, 7)),
  "byte by byte": (socket, roll) => {
    const timer = setInterval(() => socket.write(Buffer.of(roll(256))), 50);
    socket.on("close", () => clearInterval(timer));
  },
  "another secret": (socket) => {
    socket.once("data", (nonce) => {
      const said = Buffer.concat([Buffer.alloc(32, 1), Buffer.from([1, 0, 0, 0, 2, 0, 0, 0])]);
      const proof = createHmac("sha256", "wrong").update("gantry 1 worker\0").update(nonce).update(said).digest();
      socket.write(Buffer.concat([said, proof]));
    });
  },
  "its own words sent back": (socket) => void socket.on("data", (bytes) => socket.write(bytes)),
};

/** Lets `count` strangers connect, and then the second worker. */
export async function clients(count: number, seed: number): Promise<Outcome> {
  const tally = new Tally();
  const roll = dice(seed);
  const port = await freePort();
  const first = worker(0, port, SECRET);
  const sockets: Socket[] = [];
  const open = (): Promise<Socket | undefined> =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(socket));
      socket.on("error", () => resolve(undefined));
      socket.on("data", () => {});
    });
  let probe = await open();
  for (let waited = 0; probe === undefined && waited < 60_000; waited += 100) {
    await sleep(100);
    probe = await open();
  }
  const before = memoryOf(first.pid);
  let most = before;
  const names = Object.keys(kinds);
  for (let i = 0; i < count; i++) {
    const kind = names[i % names.length]!;
    const socket = await open();
    tally.count(kind);
    if (socket === undefined) continue;
    sockets.push(socket);
    kinds[kind]!(socket, roll);
    if (i % 50 === 0) most = Math.max(most, memoryOf(first.pid));
  }
  await sleep(200);
  most = Math.max(most, memoryOf(first.pid));
  const second = worker(1, port, SECRET);
  for (const said of await Promise.all([first.ended, second.ended])) {
    if (!said.startsWith('0 {"sum":[3,30]')) tally.problems.push(`a worker ended with ${said.trim()}`);
  }
  for (const socket of sockets) socket.destroy();
  probe?.destroy();
  const grown = (most - before) / 1024;
  tally.notes.push(`worker 0 grew by ${grown.toFixed(1)} MB`);
  if (grown > 32) tally.problems.push(`worker 0 grew by ${grown.toFixed(1)} MB`);
  return tally.outcome("clients");
}
