// Files out of report documents.
export { openRenderer, type RendererOptions } from "./renderer.ts";
