export default {
  // For hooks too: a busy machine is slow, not wrong.
  testTimeout: 300_000,
  testEnvironment: "node",
  // A worker keeps much of what its files have loaded; beyond a gigabyte it spends more on collecting than on testing.
  workerIdleMemoryLimit: "1GB",
  extensionsToTreatAsEsm: [".ts"],
  testSequencer: "<rootDir>/scripts/testing/long-rooms-first.mjs",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "/test/fault/"],
  modulePathIgnorePatterns: ["<rootDir>/bench/", "<rootDir>/data/"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
};
