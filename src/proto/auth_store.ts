import { bool, bytes, enumeration, message, MessageSchema, repeated, string } from "./schema.ts";

/** What is special about a user. */
export interface UserAddOptions {
  /** The user cannot log in with a password. */
  noPassword: boolean;
}

/** The schema of {@linkcode UserAddOptions}. */
export const UserAddOptions: MessageSchema<UserAddOptions> = new MessageSchema<UserAddOptions>(
  "authpb.UserAddOptions",
  { noPassword: bool(1) },
);

/** A user as it is stored. */
export interface User {
  name: Uint8Array;
  /** The password's bcrypt hash. */
  password: Uint8Array;
  roles: string[];
  options?: UserAddOptions;
}

/** The schema of {@linkcode User}. */
export const User: MessageSchema<User> = new MessageSchema<User>("authpb.User", {
  name: bytes(1),
  password: bytes(2),
  roles: repeated(string(3)),
  options: message(4, () => UserAddOptions),
});

/** What a permission allows. */
export const PermissionType = { READ: 0, WRITE: 1, READWRITE: 2 } as const;

/** Access to one key or to the keys in `[key, rangeEnd)`. */
export interface Permission {
  /** One of {@linkcode PermissionType}. */
  permType: number;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** The schema of {@linkcode Permission}. */
export const Permission: MessageSchema<Permission> = new MessageSchema<Permission>(
  "authpb.Permission",
  { permType: enumeration(1, PermissionType, "permType"), key: bytes(2), rangeEnd: bytes(3) },
);

/** A role as it is stored. */
export interface Role {
  name: Uint8Array;
  keyPermission: Permission[];
}

/** The schema of {@linkcode Role}. */
export const Role: MessageSchema<Role> = new MessageSchema<Role>("authpb.Role", {
  name: bytes(1),
  keyPermission: repeated(message(2, () => Permission, "keyPermission")),
});
