/**
 * What is not run where GANTRY_TEST_DEVICE is set, and why. vitest.config.ts leaves out whole files, and skip-exceptions.ts single
 * tests. A reason is about every device that is not the CPU, or about the second device (other-device.cc) alone.
 */

export interface Exception {
  /** Below test/. */
  readonly file: string;
  /** A part of the names of the tests that are meant; default: all of the file. */
  readonly test?: string;
  /** The only device that it is about. */
  readonly device?: "privateuseone";
  readonly why: string;
}

const ownKernels = "it tests Gantry's own kernels, which are for the CPU";
const ownProcess = "it tests the process, the binding or the loader of libtorch, in programs of their own";
const inference = "the second device makes no tensors in inference mode, in which samples are drawn";

export const EXCEPTIONS: readonly Exception[] = [
  { file: "tensor/convolution.test.ts", why: ownKernels },
  { file: "tensor/zero-samples.test.ts", why: ownKernels },
  { file: "tensor/attention.test.ts", test: "lies in memory as the values do", why: ownKernels },
  { file: "tensor/attention.test.ts", test: "weighs what is far below the largest", why: ownKernels },
  { file: "tensor/attention.test.ts", test: "leaves out blocks whose gradient is zero", why: ownKernels },
  { file: "tensor/print.test.ts", why: "the text of a tensor names a device that is not the CPU" },
  { file: "tensor/life.test.ts", test: "making from arrays leaves one tensor", why: "it counts tensors of the CPU" },
  { file: "tensor/torchscript.test.ts", why: "its modules were loaded on the CPU" },
  { file: "tensor/plain-loop.test.ts", why: "the program makes its own networks, on the CPU" },
  ...["collectives", "exits", "memory", "threads", "two-bindings"].map((name) => ({
    file: `tensor/${name}.test.ts`,
    why: ownProcess,
  })),
  {
    file: "tensor/gradients.test.ts",
    device: "privateuseone",
    why: "some of its operators ask the device for more than the second device has, and end the process",
  },
  {
    file: "tensor/methods.test.ts",
    device: "privateuseone",
    why: "some of its operators ask the device for more than the second device has, and end the process",
  },
  { file: "losses/pairs.test.ts", test: "resumes to the same bits", device: "privateuseone", why: inference },
  {
    file: "techniques/hooks.test.ts",
    test: "are met in the documented order",
    device: "privateuseone",
    why: inference,
  },
  { file: "techniques/hooks.test.ts", test: "wrap samplers", device: "privateuseone", why: inference },
  { file: "techniques/standing-statistics.test.ts", device: "privateuseone", why: inference },
  {
    file: "techniques/virtual-batch-norm.test.ts",
    test: "takes the reference batch once",
    device: "privateuseone",
    why: inference,
  },
  { file: "techniques/virtual-batch-norm.test.ts", test: "is sampled from", device: "privateuseone", why: inference },
  {
    file: "techniques/weight-averaging.test.ts",
    test: "is what samples are drawn with",
    device: "privateuseone",
    why: inference,
  },
  {
    file: "techniques/semi-supervised.test.ts",
    test: "learns the classes of its labelled images",
    device: "privateuseone",
    why: "the second device has no generator of its own",
  },
];

const applies = ({ device }: Exception): boolean =>
  device === undefined || (process.env.GANTRY_TEST_DEVICE ?? "").startsWith(device);

/** Files of which nothing is run. */
export const exceptedFiles = (): string[] =>
  EXCEPTIONS.filter((one) => one.test === undefined && applies(one)).map(({ file }) => `test/${file}`);

/** Why a test is not run; undefined where it is. */
export const whyNot = (path: string, name: string): string | undefined =>
  EXCEPTIONS.find((one) => path.endsWith(`/test/${one.file}`) && name.includes(one.test ?? "") && applies(one))?.why;
