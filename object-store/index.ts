export { isTemporary, openFolderStore } from "./folder-store.ts";
export type { ObjectStore, PutOptions, StoredObject } from "./object-store.ts";
export { openObjectStore, type StoreOptions } from "./open-object-store.ts";
