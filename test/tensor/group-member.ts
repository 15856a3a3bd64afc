/** One process of a group, for test/tensor/collectives.test.ts: `rank size port [lost|impatient|silent|secret=TEXT]`; prints a JSON line. */
import { allGather, allReduce, broadcast, grad, joinGroup, leaveGroup, Tensor } from "../../src/tensor/index.ts";

const [rank, size, port] = process.argv.slice(2).map(Number) as [number, number, number];
const values = (x: Tensor): number[] => Array.from(x.toArray(), Number);

const [, , , , , mode = ""] = process.argv;
const rendezvousTimeout = mode === "impatient" ? 1 : 30;
const secret = mode.startsWith("secret=") ? mode.slice(7) : undefined;
const silence = mode === "silent" ? 2 : undefined;
try {
  joinGroup({
    rank,
    size,
    host: "127.0.0.1",
    port,
    address: "127.0.0.1",
    secret,
    silence,
    rendezvousTimeout,
    timeout: 30,
  });
  if (mode === "lost" && rank === 1) process.exit(3);
  if (mode === "silent") {
    console.log("joined");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const x = Tensor.fromArray([rank + 1, 10 * (rank + 1)]).requiresGrad_(true);
  const sum = allReduce(x);
  // Each process asks for the gradient of (rank + 1) * sum^2: 2 (rank + 1) sum per process, summed over them.
  const [first] = grad(
    sum
      .square()
      .sum()
      .mul(rank + 1),
    [x],
    { createGraph: true },
  );
  const [second] = grad(first.sum(), [x]);
  const maps = Tensor.arange(0, 16, 1)
    .view([1, 2, 2, 4])
    .add(100 * rank)
    .to({ memoryFormat: "channelsLast" });
  const result = {
    sum: values(sum),
    first: values(first!),
    second: values(second!),
    gathered: values(allGather(Tensor.fromArray([[rank, rank + 0.5]]))),
    maps: values(allReduce(maps)),
    copied: values(broadcast(Tensor.fromArray(BigInt64Array.from([BigInt(rank), 7n])), size - 1)),
  };
  leaveGroup();
  console.log(JSON.stringify(result));
} catch (error) {
  console.log(JSON.stringify({ lost: `${(error as Error).name}: ${(error as Error).message}` }));
}
