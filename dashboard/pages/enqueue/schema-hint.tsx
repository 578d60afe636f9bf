// The fields that parameters may have, below the field they are written in.
import { fieldsOf } from "../../core/json-schema.ts";

export function SchemaHint({ schema }: { schema: unknown }) {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return null;
  return (
    <dl class="schema-fields">
      {fields.map(({ name, type, isRequired, description }) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
            {isRequired ? <b title="must be given">*</b> : null}
          </dt>
          <dd>
            <span class="mono">{type}</span>
            {description === undefined ? null : <span> – {description}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
