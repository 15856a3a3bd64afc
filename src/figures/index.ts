/** Figures as SVG text and PNG files. */
export { type Curve, type LineChartOptions, lineChart } from "./line-chart.ts";
export { type CloudPanel, type PointCloudOptions, pointCloud } from "./point-cloud.ts";
export { writePng } from "./png.ts";
