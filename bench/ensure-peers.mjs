// Installs the peers when they are missing. Plain JavaScript: it runs before Node 24 is sure to be there.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL(".", import.meta.url));
if (!existsSync(new URL("./node_modules/graphile-worker", import.meta.url))) {
  console.error("bench: installing the peers");
  const npm = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    stdio: "inherit",
  });
  if (npm.status !== 0) process.exit(npm.status ?? 1);
}
