/**
 * The process that tries a binding before it is used: `node self-test.js PATH --load | --compute`. It loads the binding and computes a
 * product, its gradient and a convolution whose values are known, and lets libtorch refuse two tensors that do not fit, so that
 * C++ exceptions and strings pass between the two. With `--load` it only loads.
 *
 * Ends with 0, or says in its last line what is wrong.
 */
import { createRequire } from "node:module";

const [path = "", how] = process.argv.slice(2);
const binding = createRequire(import.meta.url)(path);
if (how === "--compute") compute();

function compute() {
  const operator = (/** @type {string} */ name, overload = "") => {
    const found = binding.operator(name, overload);
    if (!found) throw new Error(`this libtorch has no operator ${name}`);
    return found.call;
  };
  const tensor = (/** @type {number[]} */ values, /** @type {number[]} */ shape) =>
    binding.fromArray(new Float32Array(values), "float32", shape);
  const values = (/** @type {number} */ of) => {
    const copy = new Float32Array(binding.numel(of));
    binding.copyOut(of, copy);
    return [...copy];
  };
  const expect = (/** @type {string} */ what, /** @type {number[]} */ got, /** @type {number[]} */ wanted) => {
    if (String(got) !== String(wanted)) throw new Error(`${what} gave ${got}, not ${wanted}`);
  };

  binding.setThreads(2, false);
  const left = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const right = tensor([1, 0, 2, 1, 0, 3], [3, 2]);
  binding.setRequiresGrad(left, true);
  const product = operator("aten::mm")(left, right);
  expect("a product of matrices", values(product), [5, 11, 14, 23]);
  const [slope] = binding.grad([product], [left], [tensor([1, 1, 1, 1], [2, 2])], false, false, false);
  expect("its gradient", values(slope), [1, 3, 3, 1, 3, 3]);

  const image = tensor([...Array(16).keys()], [1, 1, 4, 4]);
  const kernel = tensor([1, 2, 3, 4], [1, 1, 2, 2]);
  const convolved = operator("aten::conv2d")(image, kernel, undefined, [2, 2], [0, 0], [1, 1], 1);
  expect("a convolution", values(convolved), [34, 54, 114, 134]);

  try {
    operator("aten::mm")(left, left);
  } catch (error) {
    if (/shape|size/.test(String(error))) return;
    throw error;
  }
  throw new Error("libtorch multiplied matrices that do not fit");
}
