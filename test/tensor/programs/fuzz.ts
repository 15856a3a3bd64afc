/**
 * Calls everything of the typed surface with junk that a seed fixes. Every outcome must be a value or an Error; what
 * ends the process is found in the journal: the last call that was begun.
 *
 *     fuzz.ts SEED CALLS JOURNAL [FIRST]
 *
 * Each call is made of its own number alone, so `fuzz.ts SEED 1 JOURNAL 1234` repeats call 1234.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import * as surface from "../../../src/tensor/index.ts";
import { Tensor } from "../../../src/tensor/index.ts";
import { Junk } from "./junk.ts";

const { grad, inferenceMode, noGrad, scope } = surface;
const [seed, calls, journalPath, first = "0"] = process.argv.slice(2) as [string, string, string, string?];
const journal = openSync(journalPath, "w");

interface Target {
  readonly name: string;
  readonly call: (self: unknown, values: readonly unknown[]) => unknown;
}

/** Left out: what would end or stall the process by design, or needs a callback. */
const skipped = new Set(["constructor", "configureEngine", "scope", "noGrad", "enableGrad", "inferenceMode"]);

function targetsOf(): Target[] {
  const targets: Target[] = [];
  for (let level = Tensor.prototype as object; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      const method = (value ?? get) as ((...values: unknown[]) => unknown) | undefined;
      if (typeof method !== "function" || skipped.has(name)) continue;
      targets.push({ name: `Tensor.prototype.${name}`, call: (self, values) => Reflect.apply(method, self, values) });
    }
  }
  for (const name of Object.getOwnPropertyNames(Tensor)) {
    const method = Tensor[name as "zeros"] as unknown;
    if (typeof method !== "function" || name === "prototype") continue;
    targets.push({ name: `Tensor.${name}`, call: (_, values) => Reflect.apply(method, Tensor, values) });
  }
  for (const [name, value] of Object.entries(surface)) {
    if (typeof value !== "function" || skipped.has(name)) continue;
    const isClass = /^[A-Z]/.test(name);
    targets.push({
      name,
      call: (_, values) => (isClass ? Reflect.construct(value, values) : Reflect.apply(value, undefined, values)),
    });
  }
  const { getState, setState } = surface.Generator.prototype;
  targets.push({ name: "Generator.prototype.getState", call: (self) => Reflect.apply(getState, self, []) });
  targets.push({
    name: "Generator.prototype.setState",
    // A state that was half accepted must not crash the draw after it.
    call: (self, values) => {
      const generator = self instanceof surface.Generator ? self : new surface.Generator(1);
      Reflect.apply(setState, generator, values as [never]);
      return Tensor.randn([700], { generator });
    },
  });
  return targets;
}

function begin(text: string): void {
  ftruncateSync(journal);
  writeSync(journal, text, 0);
}

/** Reads results back and asks for their gradients: what a call only prepared may fail here. */
function use(result: unknown, inputs: readonly unknown[]): void {
  const tensors = (Array.isArray(result) ? result : [result]).filter((value) => value instanceof Tensor);
  const leaves = inputs.filter((value): value is Tensor => value instanceof Tensor && value.requiresGrad);
  for (const tensor of tensors as Tensor[]) {
    if (tensor.numel < 1e5) tensor.toArray();
    if (tensor.requiresGrad && leaves.length > 0 && tensor.numel < 1e5) {
      const first = grad(tensor.sum(), leaves, { allowUnused: true, createGraph: true });
      const again = first.filter((gradient) => gradient?.requiresGrad);
      if (again.length > 0) grad(again[0]!.sum(), leaves, { allowUnused: true });
    }
  }
}

const targets = targetsOf();
const counts = { calls: 0, values: 0, errors: 0 };
for (let i = Number(first); i < Number(first) + Number(calls); i++) {
  scope(() => {
    const junk = new Junk(Number(seed) * 1_000_003 + i);
    const target = targets[junk.below(targets.length)]!;
    const { self, values } = junk.call(target.name);
    begin(`call ${i}: ${junk.show(self)} . ${target.name} ( ${values.map((value) => junk.show(value)).join(" , ")} )`);
    const modes = [(run: () => void) => run(), noGrad, inferenceMode];
    const mode = modes[junk.chance(0.9) ? 0 : 1 + junk.below(2)]!;
    counts.calls++;
    try {
      mode(() => use(target.call(self, values), [self, ...values].flat()));
      counts.values++;
    } catch (error) {
      if (!(error instanceof Error)) throw new Error(`call ${i} threw something that is no Error`);
      if (error.message.includes("\nframe #") || /0x[0-9a-f]{8}/.test(error.message)) {
        console.error(`call ${i} shows C++ innards: ${error.message.slice(0, 300)}`);
      }
      counts.errors++;
    }
  });
  if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
}
closeSync(journal);
console.log(
  JSON.stringify({
    ...counts,
    targets: targets.length,
    engine: surface.engineSummary().libtorch,
    live: surface.liveTensors(),
  }),
);
