import { expect, it } from "vitest";
import { grad, Tensor } from "../../src/tensor/index.ts";

const x = Tensor.ones([2, 3]);
const junk = <T>(value: unknown) => value as T;

const cases: readonly [() => unknown, string][] = [
  [() => x.add(junk(undefined)), "aten::add.Tensor: argument `other` must be a Tensor, got undefined"],
  [() => x.add(junk(null)), "aten::add.Tensor: argument `other` must be a Tensor, got null"],
  [() => x.add(junk("2")), "aten::add.Tensor: argument `other` must be a Tensor, got the string 2"],
  [() => x.add(junk([1])), "aten::add.Tensor: argument `other` must be a Tensor, got a list of 1"],
  [() => x.add(junk({})), "aten::add.Tensor: argument `other` must be a Tensor, got an object (Object)"],
  [() => x.add(1, junk("2")), "aten::add.Scalar: argument `alpha` must be a number, got the string 2"],
  [() => x.to(junk({ dtpye: "float64" })), "to: there is no option `dtpye`; there are dtype, device, memoryFormat"],
  [
    () => Tensor.zeros([1], junk({ dtyp: "float64" })),
    "the options of a tensor: there is no option `dtyp`; there are dtype, device, requiresGrad, generator",
  ],
  [() => x.std(0, junk({ keepDim: true })), "std: there is no option `keepDim`; there are correction, keepdim"],
  [
    () => x.crossEntropy(x, "mean", junk({ weights: x })),
    "crossEntropy: there is no option `weights`; there are weight, ignoreIndex, labelSmoothing",
  ],
  [
    () => x.linalgSolveTriangular(x, junk(undefined)),
    "linalgSolveTriangular: options { upper } are needed, got undefined",
  ],
  [
    () => x.linalgSolveTriangular(x, junk({})),
    "linalgSolveTriangular: { upper } is needed: whether self is upper triangular (true) or lower (false)",
  ],
  [
    () => grad(x.sum(), [x], junk({ createGraf: true })),
    "grad: there is no option `createGraf`; there are gradOutputs, createGraph, retainGraph, allowUnused",
  ],
  [
    () => x.tensordot(x, 2 ** 31),
    "tensordot: dims (=2147483648) must be a whole number from 0 to 2, the dimensions of both",
  ],
  [() => x.softmax(1.5), "aten::softmax.int: argument `dim` must be a whole number, got the number 1.5"],
  [() => x.softmax(Number.NaN), "aten::softmax.int: argument `dim` must be a whole number, got the number NaN"],
  [
    () => x.softmax(2 ** 60),
    "aten::softmax.int: argument `dim` must be a whole number, got the number 1152921504606847000",
  ],
  [() => x.softmax(junk(undefined)), "aten::softmax.int: argument `dim` is missing; it must be a whole number"],
  [() => x.view(junk<number>("a")), "aten::view: argument `size` must be a list of whole numbers, got the string a"],
  [
    () => x.view([1, junk<number>("a")]),
    "aten::view: argument `size` must be a list of whole numbers, got the string a",
  ],
  [() => x.sum(0, junk(1)), "aten::sum.dim_IntList: argument `keepdim` must be true or false, got the number 1"],
  [() => x.prod(junk([0])), "aten::prod.dim_int: argument `dim` must be a whole number, got an object"],
  [() => grad(x, junk<Tensor[]>(x)), "grad: argument `inputs` must be a list of Tensors, got an object (Tensor)"],
  [
    () => grad(x, [x], { gradOutputs: junk(x) }),
    "grad: argument `gradOutputs` must be a list of Tensors, got an object (Tensor)",
  ],
  [() => x.size(1.5), "size: there is no dimension 1.5 in [2, 3]"],
  [() => x.index(["...", 0, "..."]), 'index: "..." may stand only once among the indices'],
  [
    () => x.index([[0.5]]),
    "index: a list of indices must consist of whole numbers, got the number 0.5; a mask is a bool tensor",
  ],
  [
    () => x.index([junk([true, false])]),
    "index: a list of indices must consist of whole numbers, got the boolean true; a mask is a bool tensor",
  ],
  [
    () => x.index([junk([undefined])]),
    "index: a list of indices must consist of whole numbers, got undefined; a mask is a bool tensor",
  ],
  [() => x.linalgQr(junk(7)), "aten::linalg_qr: argument `mode` must be str, got the number 7"],
  [() => Tensor.cat(junk(x)), "aten::cat: argument `tensors` must be a list of Tensors, got an object (Tensor)"],
  [() => Tensor.cat([x, junk(3)]), "aten::cat: argument `tensors` must be a Tensor, got the number 3"],
  [
    () => x.conv2d(x, null, { groups: 2 ** 32 }),
    "conv2d: argument `groups` must be a whole number from 1, got the number 4294967296",
  ],
  [
    () => x.upsampleNearest2d(0),
    "upsampleNearest2d: argument `scale` must be above 0 and at most 65536, got the number 0",
  ],
];

it.each(cases)("%s says %s", (call, message) => {
  expect(call).toThrow(message);
});

it("opens with the operator's name and libtorch's own words, without a backtrace", () => {
  try {
    x.matmul(Tensor.ones([2, 3]));
    expect.unreachable();
  } catch (error) {
    const { message } = error as Error;
    expect(message).toBe("aten::matmul: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
  }
});

it.each([
  [
    "a shape that does not broadcast",
    () => x.add(Tensor.ones([4])),
    /^aten::add\.Tensor: The size of tensor a \(3\) must match the size of tensor b \(4\)/,
  ],
  ["a dimension that is not there", () => x.sum(5), /^aten::sum\.dim_IntList: Dimension out of range/],
  [
    "an index that is not there",
    () => x.indexSelect(0, Tensor.fromArray([9], [1], { dtype: "int64" })),
    /^aten::index_select: index out of range/,
  ],
  [
    "a label that is not there",
    () => x.crossEntropy(Tensor.fromArray([0, 3], [2], { dtype: "int64" })),
    /^aten::cross_entropy_loss: Target 3 is out of bounds/,
  ],
  ["a negative size", () => Tensor.zeros([-1]), /^aten::zeros: .*negative/],
  [
    "an exception of the caller's own",
    () => {
      const sizes = [1];
      Object.defineProperty(sizes, 0, {
        get() {
          throw new Error("trap");
        },
      });
      return x.view(sizes);
    },
    /^trap$/,
  ],
] as const)("%s", (_, call, message) => {
  expect(call).toThrow(message);
});
