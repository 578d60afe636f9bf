export type { ObjectStore, PutOptions, StoredObject } from "./object-store.ts";
