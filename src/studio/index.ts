/** The studio: a page in the browser that shows runs while they are trained. */
export { PORT, type RunningStudio, type StudioOptions, serveStudio } from "./serve.ts";
