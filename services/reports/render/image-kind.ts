// What a logo's bytes are, told from how they begin. Anything else is left out of the report.
export function imageKind(bytes: Uint8Array | undefined): "png" | "jpeg" | undefined {
  if (bytes === undefined) return undefined;
  if (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47) return "png";
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff ? "jpeg" : undefined;
}
