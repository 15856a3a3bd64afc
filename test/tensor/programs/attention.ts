/**
 * Attention of 4,096 positions to 1,024 forwards and back: the anonymous memory that each pass adds at its peak, as JSON,
 * next to what the weights would take.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { grad, Tensor } from "../../../src/tensor/index.ts";

const [BATCH, QUERIES, KEYS] = [2, 4096, 1024];

/** The most memory that the process has held since the last call, in MiB. */
function peakMb(): number {
  const peak = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))![1]!;
  writeFileSync("/proc/self/clear_refs", "5");
  return Number(peak) / 1024;
}

function pass(queries: number): [forward: number, backward: number] {
  const [query, key, value] = [
    Tensor.rand([BATCH, queries, 8], { requiresGrad: true }),
    Tensor.rand([BATCH, KEYS, 8], { requiresGrad: true }),
    Tensor.rand([BATCH, KEYS, 32], { requiresGrad: true }),
  ];
  const gradient = Tensor.ones([BATCH, queries, 32]);
  peakMb();
  const before = peakMb();
  const output = query.scaledDotProductAttention(key, value);
  const between = peakMb();
  grad(output, [query, key, value], { gradOutputs: [gradient] });
  return [between - before, peakMb() - before];
}

// Code and threads come with the first pass.
pass(64);
const [forwardMb, backwardMb] = pass(QUERIES);
console.log(JSON.stringify({ weightsMb: (BATCH * QUERIES * KEYS * 4) / 2 ** 20, forwardMb, backwardMb }));
