#!/usr/bin/env node
// Starts the command line. What it is made of is compiled once and kept in the user's cache: a command takes less than half
// the time. Where nothing can be kept it is compiled each time.
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

enableCompileCache(join(homedir(), ".cache", "apium"));
const { commandLine } = await import("./command-line.ts");
process.exitCode = await commandLine();
