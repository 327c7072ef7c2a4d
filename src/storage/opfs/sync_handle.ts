/** What this adapter uses of a synchronous handle, which TypeScript knows in its worker library only. */
export interface SyncHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(byteLength: number): void;
  flush(): void;
  close(): void;
}

/** A file handle as dedicated workers have it. */
export interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncHandle>;
  /** Renames the file. In all browsers that have synchronous handles, but not yet in the standard. */
  move(name: string): Promise<void>;
}
