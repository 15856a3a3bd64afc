/** Figures as SVG text and PNG files. */
export { type Band, type BandChartOptions, bandChart } from "./band-chart.ts";
export { type Bar, type BarPanel, type BarPanelsOptions, barPanels } from "./bar-panels.ts";
export { COLOURS } from "./colours.ts";
export { type DensityOptions, densityPanels, type Lattice, latticeOf } from "./density.ts";
export { FONT } from "./fonts.ts";
export { type ImageRow, imageRows, requireRowsFit } from "./image-rows.ts";
export { type Curve, type LineChartOptions, lineChart } from "./line-chart.ts";
export { writePng } from "./png.ts";
export { type CloudPanel, type PointCloudOptions, pointCloud } from "./point-cloud.ts";
export { roundNumbers } from "./round-numbers.ts";
export { type ScatterOptions, scatter } from "./scatter.ts";
export { type TradeOffOptions, type TradeOffPoint, tradeOffChart } from "./trade-off.ts";
export { type TrajectoriesOptions, type TrajectoryPanel, trajectories, type Way } from "./trajectories.ts";
export { escapeXml } from "./xml.ts";
