/** What a program started by a test gets of the environment the test runs in: no setting of the product. */
export function bareEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "", LANG = "", NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, LANG, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };
}
