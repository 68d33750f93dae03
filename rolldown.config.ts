import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "rolldown";

/**
 * What is published: few files instead of hundreds, since loading a module takes longer than running it, and cron
 * starts smartsync every minute. Libraries that every run needs are in them, with their licences beside; those that
 * only some runs load, or that have compiled parts, are installed as dependencies.
 */
const BUNDLED = ["commander", "fastest-levenshtein", "p-limit", "picomatch", "yaml", "yocto-queue", "zod"];

export default defineConfig({
  input: { main: "src/cli/main.ts", "scan-worker": "src/site/scan-worker.ts" },
  platform: "node",
  external: (id) => /^[^./]/.test(id) && !BUNDLED.some((name) => id === name || id.startsWith(`${name}/`)),
  // All in one folder: what a module finds beside itself in src/ it finds there too.
  output: { dir: "dist/cli", format: "esm", chunkFileNames: "[name]-[hash].js" },
  plugins: [keepLicenses()],
});

/** Lays the licences of the libraries that went into the bundle beside it. */
function keepLicenses(): Plugin {
  return {
    name: "keep-licenses",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((output) => (output.type === "chunk" ? output.moduleIds : []));
      const folders = new Set(files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
      const texts = [...folders].sort().map((folder) => {
        const name = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
        if (name === undefined) throw new Error(`${folder} has no licence to go with its code`);
        const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        return `${folder.replace(/^.*node_modules\//, "")} ${version}\n\n${readFileSync(join(folder, name), "utf8").trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
}
