/** Figures as SVG text. */
export { type Curve, type LineChartOptions, lineChart } from "./line-chart.ts";
