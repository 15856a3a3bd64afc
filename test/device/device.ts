/**
 * The device that tests of tensors, layers, losses, techniques and training steps run on: `GANTRY_TEST_DEVICE`, such as cuda, or
 * privateuseone (other-device.cc); default cpu.
 */
import { OTHER_DEVICE, otherDevice } from "./other-device.ts";

const named = process.env.GANTRY_TEST_DEVICE || "cpu";

/** Its name, as libtorch has it. */
export const TEST_DEVICE = named.startsWith("privateuseone") ? OTHER_DEVICE : named;

if (TEST_DEVICE === OTHER_DEVICE) otherDevice();
