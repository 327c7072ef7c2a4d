import type { ByteReader } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import { compareBytes, EMPTY_BYTES, equalBytes } from "../base/bytes.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";
import { type Permission, Role, User } from "../proto/auth_store.ts";
import { decode, encodeToBytes } from "../proto/codec.ts";
import type { Reason } from "./result.ts";

/** The role that may do everything. It need not be added before it is granted. */
export const ROOT = "root";
/** What the counter of changes begins with. */
const FIRST_REVISION = 1;
/** What ends an interval that goes on to the last key. */
const FROM_KEY_END = Uint8Array.of(0);
/** What root may do. */
const ROOT_PERMISSION: Permission = {
  permType: 2,
  key: EMPTY_BYTES,
  rangeEnd: FROM_KEY_END,
};

/**
 * Users, and roles with what they permit. They are kept and not yet enforced: authentication cannot be
 * turned on. A reason means that nothing changed. Ref: etcd server/auth/store.go.
 *
 * Invariant: a user's roles are sorted, as are a role's permissions; every role that a user has is
 * there, but for root.
 */
export class AuthTable {
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Role>();
  #revision = FIRST_REVISION;

  /** Counts the changes, from 1. */
  get revision(): number {
    return this.#revision;
  }

  /** The names of all users, sorted. */
  users(): string[] {
    return sortedNames(this.#users);
  }

  /** The names of all roles, sorted. */
  roles(): string[] {
    return sortedNames(this.#roles);
  }

  /** A user, or null. */
  user(name: string): User | null {
    return this.#users.get(name) ?? null;
  }

  /** What a role permits, or null if there is no such role. */
  permissions(name: string): readonly Permission[] | null {
    const role = this.#roles.get(name);
    if (role === undefined) return null;
    return name === ROOT ? [ROOT_PERMISSION] : role.keyPermission;
  }

  /** Adds a user with a password's hash, or without a password. */
  addUser(name: string, password: Uint8Array, noPassword: boolean): Reason | null {
    if (name === "") return "user name empty";
    if (this.#users.has(name)) return "user exists";
    this.#users.set(name, {
      name: encodeUtf8(name),
      password: noPassword ? EMPTY_BYTES : password,
      roles: [],
      options: { noPassword },
    });
    return this.#changed();
  }

  /** Removes a user. */
  deleteUser(name: string): Reason | null {
    return this.#users.delete(name) ? this.#changed() : "user not found";
  }

  /** Gives a user another password. One who has none gets none. */
  changePassword(name: string, password: Uint8Array): Reason | null {
    const user = this.#users.get(name);
    if (user === undefined) return "user not found";
    const hasNone = user.options?.noPassword === true;
    this.#users.set(name, { ...user, password: hasNone ? user.password : password });
    return this.#changed();
  }

  /** Gives a role to a user. To give it twice changes nothing. */
  grantRole(name: string, role: string): Reason | null {
    const user = this.#users.get(name);
    if (user === undefined) return "user not found";
    if (role !== ROOT && !this.#roles.has(role)) return "role not found";
    if (user.roles.includes(role)) return null;
    this.#users.set(name, { ...user, roles: [...user.roles, role].sort(compareNames) });
    return this.#changed();
  }

  /** Takes a role from a user. */
  revokeRole(name: string, role: string): Reason | null {
    const user = this.#users.get(name);
    if (user === undefined) return "user not found";
    if (!user.roles.includes(role)) return "role not granted";
    this.#users.set(name, withoutRole(user, role));
    return this.#changed();
  }

  /** Adds a role that permits nothing. */
  addRole(name: string): Reason | null {
    if (name === "") return "role name empty";
    if (this.#roles.has(name)) return "role exists";
    this.#roles.set(name, { name: encodeUtf8(name), keyPermission: [] });
    return this.#changed();
  }

  /** Removes a role, also from those who have it. */
  deleteRole(name: string): Reason | null {
    if (!this.#roles.delete(name)) return "role not found";
    for (const [key, user] of this.#users) {
      if (user.roles.includes(name)) this.#users.set(key, withoutRole(user, name));
    }
    return this.#changed();
  }

  /** Lets a role do something with an interval of keys, instead of what it might do with it before. */
  grantPermission(name: string, permission: Permission | undefined): Reason | null {
    if (permission === undefined) return "permission not given";
    if (!isInterval(permission)) return "invalid auth management";
    const role = this.#roles.get(name);
    if (role === undefined) return "role not found";
    const keyPermission = role.keyPermission.filter((other) => !isSameInterval(other, permission));
    const { permType, key, rangeEnd } = permission;
    // The bytes are views into the log's.
    keyPermission.push({ permType, key: key.slice(), rangeEnd: rangeEnd.slice() });
    keyPermission.sort(compareIntervals);
    this.#roles.set(name, { ...role, keyPermission });
    return this.#changed();
  }

  /** Takes from a role what it was let do with exactly this interval. */
  revokePermission(name: string, interval: Interval): Reason | null {
    const role = this.#roles.get(name);
    if (role === undefined) return "role not found";
    const keyPermission = role.keyPermission.filter((other) => !isSameInterval(other, interval));
    if (keyPermission.length === role.keyPermission.length) return "permission not granted";
    this.#roles.set(name, { ...role, keyPermission });
    return this.#changed();
  }

  #changed(): null {
    this.#revision++;
    return null;
  }

  /** Writes the whole table; nothing at all if it was never changed. */
  snapshot(writer: ByteWriter): void {
    if (this.#revision === FIRST_REVISION) return;
    writer.varint(this.#revision);
    writer.varint(this.#users.size);
    for (const name of this.users()) {
      writer.bytes(encodeToBytes(User, this.#users.get(name) as User));
    }
    writer.varint(this.#roles.size);
    for (const name of this.roles()) {
      writer.bytes(encodeToBytes(Role, this.#roles.get(name) as Role));
    }
  }

  /**
   * Replaces the table by what `snapshot` wrote. It must be the last of all: snapshots of programs that
   * knew no users end before it.
   */
  restore(reader: ByteReader): void {
    this.#users.clear();
    this.#roles.clear();
    this.#revision = reader.remaining === 0 ? FIRST_REVISION : reader.varint();
    if (this.#revision === FIRST_REVISION) return;
    for (let left = reader.varint(); left > 0; left--) {
      const user = decode(User, reader.bytes().slice());
      this.#users.set(decodeUtf8(user.name), user);
    }
    for (let left = reader.varint(); left > 0; left--) {
      const role = decode(Role, reader.bytes().slice());
      this.#roles.set(decodeUtf8(role.name), role);
    }
  }
}

type Interval = Pick<Permission, "key" | "rangeEnd">;

function isInterval({ key, rangeEnd }: Interval): boolean {
  if (key.length === 0) return false;
  return rangeEnd.length === 0 || equalBytes(rangeEnd, FROM_KEY_END) ||
    compareBytes(key, rangeEnd) < 0;
}

function isSameInterval(a: Interval, b: Interval): boolean {
  return equalBytes(a.key, b.key) && equalBytes(a.rangeEnd, b.rangeEnd);
}

function compareIntervals(a: Interval, b: Interval): number {
  return compareBytes(a.key, b.key) || compareBytes(a.rangeEnd, b.rangeEnd);
}

function withoutRole(user: User, role: string): User {
  return { ...user, roles: user.roles.filter((other) => other !== role) };
}

function sortedNames(table: ReadonlyMap<string, unknown>): string[] {
  return [...table.keys()].sort(compareNames);
}

/** As etcd's keys are sorted: by the bytes of their UTF-8. */
function compareNames(a: string, b: string): number {
  return compareBytes(encodeUtf8(a), encodeUtf8(b));
}
