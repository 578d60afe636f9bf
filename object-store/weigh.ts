// What passes through on its way into a store: counted, limited, and summed where the store does not do it itself.
import { createHash } from "node:crypto";
import { Transform } from "node:stream";
import { ApiumError } from "../runtime/contract/errors.ts";

/** Ends with `OBJECT_TOO_LARGE` beyond `maxBytes`. */
export function bounded(maxBytes?: number): Transform & { readonly weight: () => { size: number; md5: string } } {
  const hash = createHash("md5");
  let size = 0;
  const transform = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (maxBytes !== undefined && size > maxBytes) {
        done(new ApiumError("OBJECT_TOO_LARGE", `is larger than ${maxBytes} bytes`));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return Object.assign(transform, { weight: () => ({ size, md5: hash.digest("hex") }) });
}
