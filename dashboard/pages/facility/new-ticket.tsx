// Opening a ticket; whoever is to look after it gets a mail.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorOf, Select, TextField } from "../../parts/fields.tsx";
import { say, wordsOf } from "../../parts/toast.tsx";
import type { Names } from "./names.ts";
import type { Ticket } from "./shapes.ts";

export function NewTicket({ names, onClose, onDone }: { names: Names; onClose: () => void; onDone: () => unknown }) {
  const [description, setDescription] = useState("");
  const [site, setSite] = useState(String(names.sites[0]?.id ?? ""));
  const [priority, setPriority] = useState("MEDIUM");
  const [person, setPerson] = useState("");
  const [refusal, setRefusal] = useState<unknown>(undefined);
  const open = async () => {
    setRefusal(undefined);
    try {
      const ticket = await send<Ticket>("POST", "/tickets", {
        ...{ siteId: Number(site), description, priority },
        ...(person === "" ? {} : { assignedToPersonId: Number(person) }),
      });
      say(`Ticket ${ticket.number} is open`, `/tickets/${ticket.id}`);
      onClose();
      void onDone();
    } catch (error) {
      setRefusal(error);
    }
  };
  return (
    <Dialog title="New ticket" onClose={onClose}>
      <div class="form">
        <div class="whole">
          <TextField
            label="What is wrong"
            lines={3}
            value={description}
            onInput={setDescription}
            error={errorOf(refusal, "description")}
          />
        </div>
        <Select
          label="Site"
          value={site}
          onChange={setSite}
          options={names.sites.map(({ id, name }) => [String(id), name] as const)}
        />
        <Select
          label="Priority"
          value={priority}
          onChange={setPriority}
          options={[
            ["HIGH", "High"],
            ["MEDIUM", "Medium"],
            ["LOW", "Low"],
          ]}
        />
        <Select
          label="Who looks after it"
          value={person}
          onChange={setPerson}
          options={[["", "Nobody yet"], ...names.people.map(({ id, name }) => [String(id), name] as const)]}
        />
      </div>
      {refusal === undefined ? null : (
        <p class="failed" role="alert">
          {wordsOf(refusal)}
        </p>
      )}
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button tone="main" disabled={description.trim() === ""} onClick={open}>
          Open it
        </Button>
      </footer>
    </Dialog>
  );
}
