/** Pictures of samples: bytes as `gantry sample` rounds them, on a canvas, as a PNG. */

/** [channels, height, width]. */
export type ImageShape = readonly [number, number, number];

/**
 * The pixels of image number `index` of values [N, C, H, W] in [-1, 1]: round((x + 1) * 127.5), halves to even, as a PNG of
 * Gantry has them. Of two channels the first is shown, of five or more the first three.
 */
export function pixelsOf(values: Float32Array, index: number, [channels, height, width]: ImageShape): ImageData {
  const image = new ImageData(width, height);
  const { data } = image;
  const area = height * width;
  const gray = channels < 3;
  for (let i = 0; i < area; i++) {
    for (let shown = 0; shown < 4; shown++) {
      const channel = gray && shown < 3 ? 0 : shown;
      const hasOne = shown < 3 || channels === 4;
      // The array of an ImageData is clamped: it rounds, and keeps to 0 and 255.
      data[4 * i + shown] = hasOne ? (values[(index * channels + channel) * area + i]! + 1) * 127.5 : 255;
    }
  }
  return image;
}

/** Puts an image on a canvas, which takes its size. */
export function show(canvas: HTMLCanvasElement, image: ImageData): void {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

const MARGIN = 2;

/** Images in rows, with the margin that `gantry sample` draws. */
export function gridOf(images: readonly ImageData[]): HTMLCanvasElement {
  const columns = Math.ceil(Math.sqrt(images.length));
  const rows = Math.ceil(images.length / columns);
  const { width, height } = images[0]!;
  const canvas = document.createElement("canvas");
  canvas.width = MARGIN + columns * (width + MARGIN);
  canvas.height = MARGIN + rows * (height + MARGIN);
  const context = canvas.getContext("2d")!;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const [i, image] of images.entries()) {
    const left = MARGIN + (i % columns) * (width + MARGIN);
    const top = MARGIN + Math.floor(i / columns) * (height + MARGIN);
    context.putImageData(image, left, top);
  }
  return canvas;
}

/** Gives a canvas to the reader as a PNG file. */
export function download(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((blob) => {
    if (blob === null) return;
    const address = URL.createObjectURL(blob);
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    // The download has begun by then.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }, "image/png");
}
