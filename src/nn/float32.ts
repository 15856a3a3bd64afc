/** Statistics over samples and positions are float32, also inside an autocast. */
import type { Tensor } from "../tensor/index.ts";

/** x, or its float32 copy where it comes from a product in half precision. */
export function inFloat32(x: Tensor): Tensor {
  return x.dtype === "bfloat16" || x.dtype === "float16" ? x.to({ dtype: "float32" }) : x;
}
