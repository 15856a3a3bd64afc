import { operator } from "../../src/tensor/operator.ts";

/**
 * How many samples the convolutions of this thread's backward passes have computed so far, one count per convolution: of
 * a batch whose gradient is zero in all but k samples, a convolution computes k.
 */
export const samplesComputed = operator<number>("gantry::convolution_backward_samples()") as () => number;
