/**
 * One of several workers that train the GANs of test/training/shared-gans.ts together: `rank size port`. Prints the
 * numbers of three steps and the weights after them as one JSON line per GAN, and one more of the GAN that is interrupted.
 */
import { joinGroup, leaveGroup } from "../../src/tensor/index.ts";
import { GANS, INTERRUPTED, interruptedGan, sharedGan } from "./shared-gans.ts";

const [rank, size, port] = process.argv.slice(2, 5).map(Number) as [number, number, number];
joinGroup({ rank, size, host: "127.0.0.1", port, address: "127.0.0.1", timeout: 60 });
for (const name of GANS) console.log(JSON.stringify(sharedGan(name, { rank, size })));
console.log(JSON.stringify(interruptedGan(INTERRUPTED, { rank, size })));
leaveGroup();
