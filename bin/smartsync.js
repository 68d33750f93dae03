#!/usr/bin/env node
// The launcher: the version at once, else smartsync itself on a Node.js that is new enough. Node 14 can read this file.
import childProcess from "node:child_process";
import fs from "node:fs";
import module from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = 24;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

if (["--version", "-V"].includes(process.argv[2])) {
  console.log(JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).version);
} else if (major(process.versions.node) >= NEEDED) {
  start();
} else {
  startWithOwnNode();
}

/** Runs the sources in a checkout, and what was built from them in a published package. */
function start() {
  hushSettledFeatures();
  const built = path.join(root, "dist", "cli", "main.js");
  const source = path.join(root, "src", "cli", "main.ts");
  module.enableCompileCache(path.join(cacheDir(), "smartsync", "compiled"));
  import(pathToFileURL(fs.existsSync(source) ? source : built).href);
}

/** The first releases of Node.js 24 warn of two features that are settled by now; every other warning is shown. */
function hushSettledFeatures() {
  const { emitWarning } = process;
  process.emitWarning = (warning, ...rest) => {
    if (!/^(SQLite|Type Stripping) is an experimental feature/.test(String(warning))) emitWarning(warning, ...rest);
  };
}

/** Where this user's caches live: XDG_CACHE_HOME, else ~/.cache. */
function cacheDir() {
  return process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
}

/** Starts again with the npm package "node", which brings a new enough Node.js with it. */
function startWithOwnNode() {
  const node = findNode();
  if (node === undefined) {
    console.error(`error: smartsync needs Node.js ${NEEDED} or newer; this is ${process.version}`);
    console.error(`hint: install it from https://nodejs.org/, or beside smartsync with: npm install node@${NEEDED}`);
    process.exit(1);
  }
  // Listening comes first: a signal must never end the launcher and leave what it started running.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  const child = childProcess.spawn(node, process.argv.slice(1), { stdio: "inherit" });
  child.on("error", (error) => {
    console.error(`error: ${node} can't be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    for (const each of signals) process.removeListener(each, forward);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

/** The program of that package, wherever npm has put it; undefined when it is missing or too old itself. */
function findNode() {
  try {
    const manifest = module.createRequire(import.meta.url).resolve("node/package.json");
    const { version } = JSON.parse(fs.readFileSync(manifest, "utf8"));
    const node = path.join(path.dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node");
    return major(version) >= NEEDED && fs.existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

function major(version) {
  return Number(version.split(".")[0]);
}
