export default {
  // For hooks too: a busy machine is slow, not wrong.
  testTimeout: 120_000,
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
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
