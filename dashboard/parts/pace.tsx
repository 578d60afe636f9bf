// How fast many tasks go: what broke under a load may break again under all of it at once.
import { useState } from "preact/hooks";
import { Select } from "./fields.tsx";

/** Tells a rate as the API takes it; an empty one is all at once. */
export function Pace({ onChange }: { onChange: (rate: string) => void }) {
  const [rate, setRate] = useState("");
  return (
    <Select
      label="How fast"
      value={rate}
      options={[
        ["", "All at once"],
        ["10/s", "10 a second"],
        ["1/s", "1 a second"],
        ["10/m", "10 a minute"],
      ]}
      onChange={(chosen) => {
        setRate(chosen);
        onChange(chosen);
      }}
    />
  );
}
