/** One process of a group, for test/tensor/collectives.test.ts: `rank size port [lost|impatient]`; prints one JSON line. */
import { allGather, allReduce, broadcast, grad, joinGroup, leaveGroup, Tensor } from "../../src/tensor/index.ts";

const [rank, size, port] = process.argv.slice(2).map(Number) as [number, number, number];
const values = (x: Tensor): number[] => Array.from(x.toArray(), Number);

const rendezvousTimeout = process.argv[5] === "impatient" ? 1 : 30;
try {
  joinGroup({ rank, size, host: "127.0.0.1", port, address: "127.0.0.1", rendezvousTimeout, timeout: 30 });
  if (process.argv[5] === "lost" && rank === 1) process.exit(3);
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
