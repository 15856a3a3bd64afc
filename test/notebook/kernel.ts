/**
 * A Jupyter kernel of a test's own, driven as a notebook does: code goes in, outputs come back. The messages are those of Jupyter's
 * protocol 5.3, over sockets of ZeroMQ (ZMTP 3.0, mechanism NULL), of which two kinds are needed: DEALER and SUB.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";

/** What a cell gave: the texts it printed, and data by MIME type for each thing that it showed. */
export interface Outputs {
  readonly text: string;
  readonly shown: readonly Readonly<Record<string, string>>[];
}

interface Message {
  readonly type: string;
  readonly parent: string | undefined;
  readonly content: { [name: string]: unknown };
}

/** One connection; whole messages arrive at `receive` as lists of frames. */
class ZmqSocket {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #greeted = false;
  #frames: Buffer[] = [];
  readonly ready: Promise<void>;

  constructor(port: number, type: "DEALER" | "SUB", receive: (frames: Buffer[]) => void) {
    this.#socket = connect(port, "127.0.0.1");
    let resolve = () => {};
    this.ready = new Promise<void>((done, reject) => {
      resolve = done;
      this.#socket.on("error", reject);
    });
    const greeting = Buffer.alloc(64);
    greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
    greeting.write("NULL", 12);
    this.#socket.write(greeting);
    this.#socket.on("data", (data: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      if (!this.#greeted && this.#bytes.length >= 64) {
        this.#greeted = true;
        this.#bytes = this.#bytes.subarray(64);
        const property = Buffer.concat([
          Buffer.from("\x05READY\x0bSocket-Type\0\0\0"),
          Buffer.from([type.length]),
          Buffer.from(type),
        ]);
        this.#write(property, 4);
        if (type === "SUB") this.#write(Buffer.from([1]), 0);
      }
      for (let frame = this.#next(); frame; frame = this.#next()) {
        if (frame.flags & 4) resolve();
        else this.#frames.push(frame.body);
        if ((frame.flags & 5) === 0) receive(this.#frames.splice(0));
      }
    });
  }

  send(frames: readonly Buffer[]): void {
    for (const [i, frame] of frames.entries()) this.#write(frame, i < frames.length - 1 ? 1 : 0);
  }

  close(): void {
    this.#socket.destroy();
  }

  #write(body: Buffer, flags: number): void {
    const head = Buffer.alloc(9);
    head[0] = flags | 2;
    head.writeBigUInt64BE(BigInt(body.length), 1);
    const isShort = body.length < 256;
    this.#socket.write(Buffer.concat([isShort ? Buffer.from([flags, body.length]) : head, body]));
  }

  #next(): { flags: number; body: Buffer } | undefined {
    if (!this.#greeted || this.#bytes.length < 2) return undefined;
    const flags = this.#bytes[0]!;
    const start = flags & 2 ? 9 : 2;
    if (this.#bytes.length < start) return undefined;
    const length = flags & 2 ? Number(this.#bytes.readBigUInt64BE(1)) : this.#bytes[1]!;
    if (this.#bytes.length < start + length) return undefined;
    const body = this.#bytes.subarray(start, start + length);
    this.#bytes = this.#bytes.subarray(start + length);
    return { flags, body };
  }
}

/** See the head of this file. Call {@link Kernel.stop} afterwards. */
export class Kernel {
  readonly #key = randomUUID();
  readonly #process: ChildProcess;
  readonly #waiting = new Map<string, (message: Message) => void>();
  #shell!: ZmqSocket;
  #published!: ZmqSocket;
  #said = "";

  private constructor(command: string, args: readonly string[], cwd: string, file: string) {
    this.#process = spawn(command, [...args, file], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", OMP_NUM_THREADS: "1" },
    });
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.on("data", (data) => (this.#said += data));
  }

  /** Starts a kernel; its last argument is the path of the connection file. */
  static async start(command: string, args: readonly string[], cwd: string): Promise<Kernel> {
    const [shell, iopub, stdin, control, heartbeat] = await freePorts(5);
    const file = join(cwd, `connection-${randomUUID()}.json`);
    const kernel = new Kernel(command, args, cwd, file);
    const ports = {
      shell_port: shell,
      iopub_port: iopub,
      stdin_port: stdin,
      control_port: control,
      hb_port: heartbeat,
    };
    const how = {
      transport: "tcp",
      ip: "127.0.0.1",
      key: kernel.#key,
      signature_scheme: "hmac-sha256",
      kernel_name: "test",
    };
    writeFileSync(file, JSON.stringify({ ...ports, ...how }));
    await kernel.#connect(shell!, iopub!);
    return kernel;
  }

  async #connect(shell: number, iopub: number): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      this.#shell = new ZmqSocket(shell, "DEALER", () => undefined);
      this.#published = new ZmqSocket(iopub, "SUB", (frames) => this.#receive(frames));
      try {
        await Promise.all([this.#shell.ready, this.#published.ready]);
        return;
      } catch (error) {
        this.#close();
        if (attempt > 300 || this.#process.exitCode !== null)
          throw new Error(`the kernel did not start (${error})\n${this.#said}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Runs a cell to its end. Throws what the cell throws. Deno sends outputs after the end as well: they are added when they come. */
  execute(code: string): Promise<Outputs> {
    const id = randomUUID();
    const header = {
      msg_id: id,
      session: "test",
      username: "test",
      date: new Date().toISOString(),
      msg_type: "execute_request",
      version: "5.3",
    };
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    };
    const parts = [header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
    const signature = createHmac("sha256", this.#key).update(Buffer.concat(parts)).digest("hex");
    const outputs: { text: string; shown: Record<string, string>[] } = { text: "", shown: [] };
    return new Promise((resolve, reject) => {
      this.#process.on("exit", () => reject(new Error(`the kernel ended\n${this.#said}`)));
      this.#waiting.set(id, ({ type, content }) => {
        if (type === "stream") outputs.text += content.text;
        if (type === "display_data" || type === "execute_result")
          outputs.shown.push(content.data as Record<string, string>);
        if (type === "error")
          reject(new Error(`${content.ename}: ${content.evalue}\n${(content.traceback as string[]).join("\n")}`));
        if (type === "status" && content.execution_state === "idle") resolve(outputs);
      });
      this.#shell.send([Buffer.from("<IDS|MSG>"), Buffer.from(signature), ...parts]);
    });
  }

  #receive(frames: readonly Buffer[]): void {
    const start = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>");
    const [header, parent, , content] = frames.slice(start + 2).map((frame) => JSON.parse(frame.toString()));
    this.#waiting.get(parent?.msg_id)?.({ type: header.msg_type, parent: parent?.msg_id, content });
  }

  #close(): void {
    this.#shell.close();
    this.#published.close();
  }

  async stop(): Promise<void> {
    this.#close();
    this.#process.removeAllListeners("exit");
    const ended = new Promise((resolve) => this.#process.on("exit", resolve));
    this.#process.kill("SIGKILL");
    if (this.#process.exitCode === null && this.#process.signalCode === null) await ended;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.on("listening", resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
