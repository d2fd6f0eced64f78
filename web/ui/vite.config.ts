import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const backend = process.env.KB_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "dist",
    // The served Content-Security-Policy has no font or script data URIs: everything is a file of our own origin.
    assetsInlineLimit: 0,
    rollupOptions: { input: { index: page("index.html"), widget: page("widget.html") }, output: { manualChunks: chunkOf } },
  },
  server: { proxy: { "/api": backend, "/health": backend } },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});

/** Libraries that change seldom get files of their own, which stay in the browser's cache when the app changes. */
function chunkOf(id: string): string | undefined {
  if (/node_modules\/(react|react-dom|scheduler|react-router)\//.test(id)) return "react";
  if (/node_modules\/(@mantine|@floating-ui)\//.test(id)) return "mantine";
  if (/node_modules\/(react-markdown|remark|rehype|micromark|mdast|hast|unist|unified|vfile|property-information)/.test(id))
    return "markdown";
  return undefined;
}
