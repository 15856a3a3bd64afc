/** HDF5 files as containers: those of BigGAN-PyTorch's `make_hdf5.py` (`imgs`, uint8 [N, 3, H, W], and `labels`), and others. */
import { basename } from "node:path";
import { openHdf5, startsLikeHdf5 } from "../../formats/index.ts";
import { readContents } from "../contents.ts";
import { arraysSource } from "./arrays.ts";
import { defineContainer } from "./container.ts";

defineContainer({
  what: "an HDF5 file",
  hasEntries: true,
  recognises: ({ head }) => startsLikeHdf5(head),
  open: async ({ path }, options) => {
    const source = { where: path, name: basename(path), what: "an HDF5 file", open: () => openHdf5(path) };
    return arraysSource({ ...source, ...(await readContents([path], options)) }, options);
  },
});
