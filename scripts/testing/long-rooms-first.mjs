// Rooms whose files take minutes begin first, so that no worker is left alone with a long file at the end; within a room it
// is Jest's own order: what failed, what took long, what is large.
import Sequencer from "@jest/test-sequencer";

const LONG = ["end-to-end", "conformance", "property"];

export default class LongRoomsFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ path }) {
  const room = LONG.findIndex((name) => path.includes(`/test/${name}/`));
  return room === -1 ? LONG.length : room;
}
