import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: "source",
  base: "/console/",
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: "../../src/openinspector/service/console/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
});
