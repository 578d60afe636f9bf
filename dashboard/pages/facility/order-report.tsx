// Ordering a report: which, as what, for which time; what else it takes is written as JSON.
import { useState } from "preact/hooks";
import { send, systemTime } from "../../core/api.ts";
import { me } from "../../core/me.ts";
import { beginOf, dayOf } from "../../core/zone.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorOf, Field, Select, TextField } from "../../parts/fields.tsx";
import { say, wordsOf } from "../../parts/toast.tsx";
import { useNames } from "./names.ts";
import type { CatalogueEntry } from "./shapes.ts";

const DAY_MS = 86_400_000;
/** Fields of its own stand in the form. */
const OF_THE_FORM = ["siteIds", "siteGroupIds", "from", "upto", "date"];

export interface OrderReportProps {
  readonly catalogue: readonly CatalogueEntry[];
  readonly onClose: () => void;
  readonly onDone: () => unknown;
}

export function OrderReport({ catalogue, onClose, onDone }: OrderReportProps) {
  const [key, setKey] = useState(catalogue[0]?.key ?? "");
  const [format, setFormat] = useState("pdf");
  // As the system has it: a client's own zone, and UTC for what is of all of them.
  const zone = useNames().sites.find(({ id }) => id === me.value?.clientId)?.timezone ?? "UTC";
  const [from, setFrom] = useState(() => dayOf(systemTime() - 7 * DAY_MS, zone));
  const [upto, setUpto] = useState(() => dayOf(systemTime() + DAY_MS, zone));
  const [more, setMore] = useState("{}");
  const [to, setTo] = useState("");
  const [refusal, setRefusal] = useState<unknown>(undefined);
  const entry = catalogue.find((one) => one.key === key);
  const known = Object.keys(entry?.params.properties ?? {});
  const others = known.filter((name) => !OF_THE_FORM.includes(name));

  const order = async () => {
    setRefusal(undefined);
    try {
      const instants = { from: beginOf(from, zone), upto: beginOf(upto, zone), date: from };
      const params = {
        ...Object.fromEntries(
          ["siteIds", "siteGroupIds"].filter((name) => known.includes(name)).map((name) => [name, "all"]),
        ),
        ...Object.fromEntries(Object.entries(instants).filter(([name]) => known.includes(name))),
        ...(JSON.parse(more) as object),
      };
      const addressees = to.split(/[,;\s]+/).filter((address) => address !== "");
      await send("POST", "/reports", {
        report: key,
        format,
        params,
        ...(addressees.length === 0 ? {} : { to: addressees }),
      });
      say(`${entry?.title ?? key} is being made`);
      onClose();
      void onDone();
    } catch (error) {
      setRefusal(error);
    }
  };

  return (
    <Dialog title="Order a report" onClose={onClose} wide>
      <div class="form">
        <Select
          label="Report"
          value={key}
          onChange={setKey}
          options={catalogue.map((one) => [one.key, one.title] as const)}
        />
        <Select
          label="Format"
          value={format}
          onChange={setFormat}
          options={(entry?.formats ?? []).map((own) => [own, own.toUpperCase()] as const)}
        />
        <p class="whole hint">{entry?.description}</p>
        {entry?.period === "none" ? null : (
          <DayField label={entry?.period === "day" ? `Day, ${zone}` : `From, ${zone}`} value={from} onInput={setFrom} />
        )}
        {entry?.period === "range" ? <DayField label="Up to, not including" value={upto} onInput={setUpto} /> : null}
        {others.length === 0 ? null : (
          <div class="whole">
            <TextField
              label="More, as JSON"
              lines={3}
              mono
              value={more}
              onInput={setMore}
              hint={`It may say ${others.join(", ")}. Sites are all of them unless siteIds is said here.`}
              error={errorOf(refusal, "params")}
            />
          </div>
        )}
        <div class="whole">
          <TextField
            label="Mail it to"
            value={to}
            onInput={setTo}
            placeholder="nobody"
            error={errorOf(refusal, "to")}
          />
        </div>
      </div>
      {refusal === undefined ? null : <p class="failed">{wordsOf(refusal)}</p>}
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button tone="main" onClick={order}>
          Make it
        </Button>
      </footer>
    </Dialog>
  );
}

function DayField({ label, value, onInput }: { label: string; value: string; onInput: (value: string) => void }) {
  return (
    <Field label={label}>
      {(id) => <input id={id} type="date" value={value} onInput={(event) => onInput(event.currentTarget.value)} />}
    </Field>
  );
}
