/**
 * Downloading one file whose SHA-256 is known beforehand.
 *
 * Bytes go to `<target>.part`; an interrupted download continues from there. The server is not trusted: a range that
 * starts elsewhere, a body that is too long or too short, and contents with another sum are all recognised. Only a file
 * with the right sum gets the final name.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { flushFolder, makeFolder, takeLock, writeFully } from "../formats/index.ts";
import { sha256OfFile } from "./source.ts";

/** A file to fetch. */
export interface OfficialFile {
  readonly name: string;
  /** Addresses that serve it, the first preferred. */
  readonly urls: readonly string[];
  readonly sha256: string;
  readonly bytes: number;
}

/** How a download behaves. */
export interface DownloadOptions {
  /** Milliseconds without a byte after which a connection is given up and opened again; default 30,000. */
  readonly stallMs?: number | undefined;
  /** Failures in a row, without a hundredth of the file between them, before an address is given up; default 5. */
  readonly attempts?: number | undefined;
  /** Wait after the first failure, doubled after each further one; default 1,000 ms. */
  readonly backoffMs?: number | undefined;
  /** Help for users without internet in the error message. Default: how to put this one file in place. */
  readonly remedy?: string | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Called with the reason when a connection is given up and tried again. */
  readonly onRetry?: ((reason: string) => void) | undefined;
}

/** A failure that another try at the same address cannot fix. */
class PermanentFailure extends Error {}

/** Whether {@link download} fetched the file or found it. */
export type DownloadResult = "downloaded" | "present";

/**
 * Fetches a file to `target`, resuming what an earlier try left.
 *
 * @throws UserError when `target` holds something else, another process is fetching it, or no address delivers the file
 * with the right sum; the message then says which file to get elsewhere and where to put it.
 *
 * @example
 * await download(officialDataset("cifar10").files[0], "/data/cifar-10-binary.tar.gz");
 */
export async function download(
  file: OfficialFile,
  target: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  if (existsSync(target)) {
    if ((await sha256OfFile(target)) === file.sha256) return "present";
    throw new UserError(`${target} is there but its SHA-256 is not ${file.sha256}; delete it to download it again`);
  }
  try {
    makeFolder(dirname(target));
  } catch (error) {
    throw fileError(error, "write", target);
  }
  const unlock = lock(`${target}.lock`, file.name);
  const reasons: string[] = [];
  try {
    for (const url of file.urls) {
      try {
        await fetchVerified(url, file, target, options);
        return "downloaded";
      } catch (error) {
        if (error instanceof UserError) throw error;
        reasons.push(`${new URL(url).host}: ${reasonOf(error)}`);
      }
    }
  } finally {
    unlock();
  }
  const bring = `fetch ${file.urls[0]} (SHA-256 ${file.sha256}) on another machine, put it at ${target}`;
  const remedy = options.remedy ?? `${bring} and run the command again`;
  throw new UserError(`${file.name} could not be downloaded (${reasons.join("; ")}); ${remedy}`);
}

/**
 * Downloads from one address until the sum is right; wrong contents are thrown away and fetched from the start once.
 */
async function fetchVerified(url: string, file: OfficialFile, target: string, options: DownloadOptions): Promise<void> {
  const part = `${target}.part`;
  for (let round = 0; round < 2; round++) {
    await fetchAll(url, file, part, options);
    const sum = await sha256OfFile(part);
    if (sum === file.sha256) {
      renameSync(part, target);
      flushFolder(dirname(target));
      return;
    }
    rmSync(part);
    options.onRetry?.(`the file's SHA-256 is ${sum}, not ${file.sha256}`);
  }
  throw new PermanentFailure("it serves another file (wrong SHA-256 twice)");
}

/** Fetches bytes until the part file has the full length. */
async function fetchAll(url: string, file: OfficialFile, part: string, options: DownloadOptions): Promise<void> {
  const { attempts = 5, backoffMs = 1000 } = options;
  let failures = 0;
  const before = sizeOf(part);
  let furthest = before;
  while (sizeOf(part) !== file.bytes) {
    try {
      await fetchOnce(url, file, part, options);
    } catch (error) {
      if (error instanceof PermanentFailure || fileError(error, "write", part) !== error)
        throw fileError(error, "write", part);
      // Only a hundredth of the file beyond what was ever there counts as progress, or a server that starts over each
      // time, or brings ten bytes and stalls, would be tried for ever.
      failures = sizeOf(part) >= furthest + file.bytes / 100 ? 1 : failures + 1;
      furthest = Math.max(furthest, sizeOf(part));
      // A name that does not resolve will not resolve a second later, unless the network worked before.
      if (failures >= attempts || (isUnresolved(error) && furthest === before)) throw error;
      options.onRetry?.(reasonOf(error));
      await sleep(Math.min(backoffMs * 2 ** (failures - 1), 30_000));
    }
  }
}

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

/** One request: appends to the part file, or starts it over when the server does not continue where it ends. */
async function fetchOnce(url: string, file: OfficialFile, part: string, options: DownloadOptions): Promise<void> {
  const { stallMs = 30_000, onProgress } = options;
  if (sizeOf(part) > file.bytes) rmSync(part);
  const offset = sizeOf(part);
  const connection = new AbortController();
  let watchdog: NodeJS.Timeout | undefined;
  const alive = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => connection.abort(new Error(`no byte for ${stallMs / 1000} s`)), stallMs);
  };
  alive();
  try {
    // Identity: a server that compressed the transfer would make ranges and lengths meaningless.
    const headers = { "accept-encoding": "identity", ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) };
    const response = await fetch(url, { headers, signal: connection.signal });
    const continues = checkStatus(response, offset);
    if (response.body === null) throw new Error("the answer has no body");
    const descriptor = openSync(part, continues ? "a" : "w");
    let done = continues ? offset : 0;
    try {
      for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
        alive();
        done += bytes.byteLength;
        if (done > file.bytes) throw new PermanentFailure(`it sends more than the ${file.bytes} bytes of the file`);
        writeFully(descriptor, bytes);
        onProgress?.(done, file.bytes);
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (done < file.bytes) throw new Error(`the connection ended after ${done} of ${file.bytes} bytes`);
  } catch (error) {
    throw connection.signal.aborted ? connection.signal.reason : error;
  } finally {
    clearTimeout(watchdog);
    // Also ends the body of an answer that was not read to its end.
    connection.abort();
  }
}

/** Whether the answer continues at `offset` (true) or starts from the beginning (false); throws for any other. */
function checkStatus(response: Response, offset: number): boolean {
  const { status } = response;
  if (status === 200) return false;
  if (status === 206) {
    const begin = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (Number(begin) === offset && offset > 0) return true;
    throw new Error(`it answers with a range that starts at ${begin ?? "an unknown place"}, not at ${offset}`);
  }
  if (status === 408 || status === 429 || status >= 500) throw new Error(`HTTP status ${status}`);
  throw new PermanentFailure(`HTTP status ${status}`);
}

const isUnresolved = (error: unknown): boolean =>
  ["ENOTFOUND", "EAI_AGAIN"].includes((error as { cause?: { code?: string } }).cause?.code ?? "");

/** The reason of a failed request: that of its cause, since `fetch` itself only says "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  if (cause?.code === "ENOTFOUND" || cause?.code === "EAI_AGAIN")
    return "the host's name cannot be resolved (no internet?)";
  return cause?.message || cause?.code || (error as Error).message;
}

/** Takes a lock file, also one whose process is gone. Returns the function that releases it. */
function lock(path: string, name: string): () => void {
  const lock = takeLock(path);
  if (typeof lock === "function") return lock;
  const { holder } = lock;
  const other =
    holder === undefined ? "another process" : `process ${holder.pid}${holder.isHere ? "" : ` on ${holder.host}`}`;
  throw new UserError(`${name} is being downloaded by ${other}; wait for it, or delete ${path} if it is not so`);
}
