/** A machine of a test's own: an empty home and cache, fake programs on PATH, fake libtorch folders, a tiny native source. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host } from "../../scripts/setup/index.js";

/** The real compiler; tests that compile call it through a wrapper that counts. */
const realCompiler = execFileSync("sh", ["-c", "command -v c++ || command -v g++ || command -v clang++"], {
  encoding: "utf8",
}).trim();

const ensureScript = fileURLToPath(new URL("ensure.js", import.meta.url));

/** A Node-API module without any header of libtorch: compiles in a fraction of a second. */
const tinySource = `
#include <node_api.h>
NAPI_MODULE_INIT() {
  napi_value answer;
  napi_create_int32(env, ANSWER, &answer);
  napi_set_named_property(env, exports, "answer", answer);
  return exports;
}
`;

/** What the child process of {@link Machine.start} ended with. */
export interface Outcome {
  readonly path?: string;
  readonly source?: string;
  readonly error?: string;
  readonly stderr: string;
}

/** See the head of this file. Call {@link Machine.remove} afterwards. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "gantry-setup-"));
  readonly bin = join(this.folder, "bin");
  readonly cache = join(this.folder, "cache");
  readonly nativeDir = join(this.folder, "native");
  readonly root = join(this.folder, "usr");
  env: Record<string, string> = {};
  uid = 1000;

  constructor() {
    for (const name of [this.bin, this.nativeDir, this.root]) mkdirSync(name);
    this.env = {
      HOME: this.folder,
      GANTRY_CACHE: this.cache,
      // The fake programs first; the linker and the shell's helpers are the system's.
      PATH: `${this.bin}:/usr/bin:/bin`,
      CXX: join(this.bin, "counting-c++"),
    };
    this.compiler();
    this.write("os-release", "ID=elsewhere\n");
    this.python(undefined);
    this.source(42);
  }

  get host(): Host {
    const { env, uid, folder, root } = this;
    const { platform, arch } = process;
    const files = { osRelease: join(folder, "os-release"), terminal: "/dev/tty", systemRoots: [root] };
    return { env, platform, arch, uid, cwd: folder, ...files };
  }

  /** Writes a file below the machine's folder and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Puts a shell script on PATH. */
  program(name: string, body: string): string {
    const path = this.write(`bin/${name}`, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** The compiler: writes down its arguments and its process id, waits, and does its work. */
  compiler({ seconds = 0 } = {}): void {
    const notes = `echo "$*" >> ${this.folder}/compilations\necho $$ > ${this.folder}/compiler-pid`;
    this.program("counting-c++", `${notes}\nsleep ${seconds}\nexec ${realCompiler} "$@"`);
  }

  /** The native source; another answer is another source. */
  source(answer: number): void {
    this.write("native/tiny.cc", `#define ANSWER ${answer}\n${tinySource}`);
  }

  /** A python3 that answers that its torch is in this folder (undefined: has none), and counts how often it was asked. */
  python(torch: string | undefined, body = ""): void {
    const answer = JSON.stringify({
      executable: join(this.bin, "python3"),
      prefix: this.folder,
      path: [join(this.folder, "site")],
      torch: torch ?? null,
    });
    mkdirSync(join(this.folder, "site"), { recursive: true });
    this.program("python3", `${body}\necho asked >> ${this.folder}/questions\necho '${answer}'`);
  }

  /** Debian with root, and apt programs that write down what they are asked and then run `install`. */
  debian(install = ""): void {
    this.uid = 0;
    this.write("os-release", 'ID=debian\nVERSION_ID="12"\n');
    this.program("apt-get", `echo "$*" >> ${this.folder}/apt\ncase "$*" in *install*) ${install || ":"};; esac`);
    this.program("apt-cache", 'echo "  Candidate: 1.13.1+dfsg-4"');
  }

  /** A folder that looks like libtorch and links like it: its libraries are scripts for the linker, which GNU ld takes in their place. */
  libtorch(name: string, { version = "2.1.0", oldAbi = false, libDir = "lib" } = {}): string {
    this.write(`${name}/include/ATen/ATen.h`, "");
    this.write(`${name}/include/torch/library.h`, "");
    this.write(
      `${name}/include/torch/csrc/api/include/torch/version.h`,
      `#define TORCH_VERSION_MAJOR 0\n#define TORCH_VERSION \\\n  "${version}"\n`,
    );
    const check = oldAbi ? "14torchCheckFailEPKcS2_jRKSs" : "14torchCheckFailEPKcS2_jRKNSt7__cxx11";
    for (const library of ["torch", "torch_cpu", "c10"])
      this.write(`${name}/${libDir}/lib${library}.so`, `/* ${check} */ INPUT ( -lm )\n`);
    return join(this.folder, name);
  }

  /** Lines of one of the logs: `compilations`, `compiler-pid`, `questions` (to python3), `apt`, `pip`. */
  log(name: string): string[] {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  }

  /** How many source files were compiled (links are not counted). */
  get compiled(): number {
    return this.log("compilations").filter((line) => line.includes(" -c ")).length;
  }

  /** Runs `ensureBinding` in a terminal, gives the answer to its question, and gives all that the terminal showed. */
  async inTerminal(answer: string): Promise<string> {
    const command = [process.execPath, ensureScript, this.options].map((word) => `'${word}'`).join(" ");
    const terminal = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
    let shown = "";
    for await (const data of terminal.stdout) {
      shown += data;
      if (/\[Y\/n\] $/.test(shown)) terminal.stdin.write(answer);
    }
    return shown;
  }

  private get options(): string {
    return JSON.stringify({ host: this.host, nativeDir: this.nativeDir });
  }

  /** Runs `ensureBinding` in a process of its own. */
  start(): { child: ChildProcess; outcome: Promise<Outcome> } {
    const child = spawn(process.execPath, [ensureScript, this.options], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => (stdout += data));
    child.stderr.on("data", (data) => (stderr += data));
    const outcome = new Promise<Outcome>((resolve) => {
      child.on("close", () => resolve({ ...(stdout ? JSON.parse(stdout) : {}), stderr }));
    });
    return { child, outcome };
  }

  /** The same, awaited. */
  ensure(): Promise<Outcome> {
    return this.start().outcome;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits for a condition, at most ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  if (!condition()) throw new Error("waited ten seconds in vain");
}

/** Whether a process exists (one that ended but was not waited for does not count). */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
