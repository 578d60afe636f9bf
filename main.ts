// The entry. What the product is made of is loaded second: that takes a second, in which the signals that tell it to stop must
// be heard already.
import "./lifecycle/told-to-stop.ts";

await import("./start.ts");
