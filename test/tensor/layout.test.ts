import { expect, it } from "vitest";
import { Tensor } from "../../src/tensor/index.ts";

const image = () => Tensor.arange(0, 24).view([2, 3, 2, 2]);

it("channelsLast changes the order in memory and nothing else", () => {
  const usual = image();
  const last = usual.contiguous("channelsLast");
  expect([usual.isContiguous(), usual.isContiguous("channelsLast")]).toEqual([true, false]);
  expect([last.isContiguous(), last.isContiguous("channelsLast")]).toEqual([false, true]);
  expect(last.shape).toEqual([2, 3, 2, 2]);
  expect(last.tolist()).toEqual(usual.tolist());
  // Pixel by pixel: what the memory holds, read through a view in its own order.
  expect(last.permute([0, 2, 3, 1]).isContiguous()).toBe(true);
  expect(last.permute([0, 2, 3, 1]).flatten().narrow(0, 0, 6).tolist()).toEqual([0, 4, 8, 1, 5, 9]);
  expect(last.contiguous().isContiguous()).toBe(true);
});

it("operators keep the layout", () => {
  const last = image().contiguous("channelsLast");
  const weight = Tensor.ones([4, 3, 1, 1]).contiguous("channelsLast");
  for (const result of [
    last.relu(),
    last.add(1),
    last.conv2d(weight),
    last.clone(),
    Tensor.zerosLike(last),
    last.double(),
  ]) {
    expect(result.isContiguous("channelsLast")).toBe(true);
  }
  expect(last.clone("contiguous").isContiguous()).toBe(true);
  expect(last.to({ memoryFormat: "contiguous" }).isContiguous()).toBe(true);
  expect(last.to({ dtype: "float64", memoryFormat: "preserve" }).isContiguous("channelsLast")).toBe(true);
  expect(image().to({ memoryFormat: "channelsLast" }).isContiguous("channelsLast")).toBe(true);
});

it("to converts types and gives the same memory when nothing changes", () => {
  const x = Tensor.fromArray([1.7, -1.7]);
  expect(x.to({ dtype: "int64" }).tolist()).toEqual([1, -1]);
  expect(x.long().dtype).toBe("int64");
  expect(x.double().float().dtype).toBe("float32");
  expect(x.to({ dtype: "bool" }).tolist()).toEqual([1, 1]);
  x.to({ dtype: "float32" }).fill_(0);
  expect(x.tolist()).toEqual([0, 0]);
});

it("view refuses what the layout does not allow, and says so", () => {
  expect(() => image().transpose(0, 1).view([24])).toThrow(/^aten::view: view size is not compatible/);
  expect(() => image().view([5, 5])).toThrow("aten::view: shape '[5, 5]' is invalid for input of size 24");
});

it("devices and formats that do not exist are refused by name", () => {
  expect(() => Tensor.ones([1], { device: "gpu" })).toThrow(/^aten::ones: .*gpu/);
  expect(() => Tensor.ones([1]).to({ device: "cuda:x" })).toThrow(/^aten::to\.dtype_layout: .*cuda:x/i);
  expect(() => Tensor.ones([1], { dtype: "float31" as never })).toThrow(
    'aten::ones: unknown dtype "float31"; accepted: float32, float64,',
  );
  expect(() => image().contiguous("channels_last" as never)).toThrow(
    'aten::contiguous: unknown memory format "channels_last"; accepted: contiguous, channelsLast, preserve',
  );
});

it("a device that is not there is refused, and the CPU still works", () => {
  expect(() => Tensor.ones([1], { device: "cuda:77" })).toThrow(/^aten::ones: /);
  expect(Tensor.ones([1]).item()).toBe(1);
});
