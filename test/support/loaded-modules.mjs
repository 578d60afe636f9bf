// For `NODE_OPTIONS=--import=…`: says which of OpenTelemetry's packages a process loads, by `import` and by `require`.
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const [, name] = /\/(@opentelemetry\/[\w-]+)\//.exec(resolved.url) ?? [];
    if (name !== undefined) process.stderr.write(`loaded ${name}\n`);
    return resolved;
  },
});
