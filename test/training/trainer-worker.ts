/** One of two workers that train test/training/tiny-trainer.ts together: `rank size port`; prints numbers and weights. */
import { joinGroup, leaveGroup } from "../../src/tensor/index.ts";
import { threeSteps } from "./trainer-steps.ts";

const [rank, size, port] = process.argv.slice(2, 5).map(Number) as [number, number, number];
joinGroup({ rank, size, host: "127.0.0.1", port, address: "127.0.0.1", timeout: 60 });
console.log(JSON.stringify(threeSteps({ rank, size })));
leaveGroup();
