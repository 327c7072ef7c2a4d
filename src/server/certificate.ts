import { concatBytes } from "../base/bytes.ts";
import { der, Tag } from "./der.ts";

/** What a certificate is to say. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Names and IPv4 or IPv6 addresses for which it is good. */
  readonly hosts: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether it may sign others. @default {false} */
  readonly isAuthority?: boolean;
}

/** A certificate with its key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly commonName: string;
  readonly keys: CryptoKeyPair;
  /** In hexadecimal. */
  readonly serial: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ECDSA_WITH_SHA256 = der(Tag.Sequence, oid("2a8648ce3d040302"));
const COMMON_NAME = oid("550403");
const EMPTY_SEQUENCE = der(Tag.Sequence);
/** digitalSignature, and for an authority keyCertSign and cRLSign. Ref: RFC 5280 §4.2.1.3. */
const KEY_USAGE = { leaf: "0780", authority: "0186" };
const SERVER_AND_CLIENT = der(Tag.Sequence, oid("2b06010505070301"), oid("2b06010505070302"));

/**
 * Makes a key and a certificate for it, signed by `issuer`, or by itself without one.
 *
 * Ref: RFC 5280 §4.1, RFC 5758 §3.2.
 */
export async function issueCertificate(
  request: CertificateRequest,
  issuer: Certificate | null = null,
): Promise<Certificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const serial = crypto.getRandomValues(new Uint8Array(16));
  // Invariant: positive and without a leading zero.
  serial[0] = serial[0] & 0x7f | 0x40;
  const name = (text: string) =>
    der(
      Tag.Sequence,
      der(Tag.Set, der(Tag.Sequence, COMMON_NAME, der(Tag.Utf8String, encode(text)))),
    );
  const signed = der(
    Tag.Sequence,
    der(0xa0, der(Tag.Integer, new Uint8Array([2]))),
    der(Tag.Integer, serial),
    ECDSA_WITH_SHA256,
    name(issuer?.commonName ?? request.commonName),
    der(Tag.Sequence, time(request.notBefore), time(request.notAfter)),
    name(request.commonName),
    new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey)),
    der(0xa3, der(Tag.Sequence, ...extensions(request))),
  );
  const signature = await sign((issuer?.keys ?? keys).privateKey, signed);
  const whole = der(Tag.Sequence, signed, ECDSA_WITH_SHA256, bitString(signature));
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    cert: pem("CERTIFICATE", whole),
    key: pem("PRIVATE KEY", key),
    commonName: request.commonName,
    keys,
    serial: serial.toHex(),
  };
}

function extensions({ hosts, isAuthority = false }: CertificateRequest): Uint8Array[] {
  const yes = der(Tag.Boolean, new Uint8Array([0xff]));
  const critical = (id: string, value: Uint8Array) =>
    der(Tag.Sequence, oid(id), yes, der(Tag.OctetString, value));
  const usage = Uint8Array.fromHex(isAuthority ? KEY_USAGE.authority : KEY_USAGE.leaf);
  const all = [
    critical("551d0f", der(Tag.BitString, usage)),
    critical("551d13", isAuthority ? der(Tag.Sequence, yes) : EMPTY_SEQUENCE),
  ];
  if (isAuthority) return all;
  all.push(der(Tag.Sequence, oid("551d25"), der(Tag.OctetString, SERVER_AND_CLIENT)));
  if (hosts.length > 0) {
    const names = der(Tag.Sequence, ...hosts.map(generalName));
    all.push(der(Tag.Sequence, oid("551d11"), der(Tag.OctetString, names)));
  }
  return all;
}

/** A name, or an address as its bytes. Ref: RFC 5280 §4.2.1.6. */
function generalName(host: string): Uint8Array {
  if (/^[\d.]+$/.test(host)) return der(0x87, new Uint8Array(host.split(".").map(Number)));
  if (host.includes(":")) return der(0x87, addressOfVersion6(host));
  return der(0x82, encode(host));
}

function addressOfVersion6(host: string): Uint8Array {
  const [head, tail] = host.split("::").map((half) => half.split(":").filter((part) => part));
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(zeros).fill("0"), ...tail ?? []];
  return Uint8Array.fromHex(groups.map((group) => group.padStart(4, "0")).join(""));
}

/** The runtime's signature is two numbers side by side; certificates hold them as integers. */
async function sign(key: CryptoKey, bytes: Uint8Array): Promise<Uint8Array> {
  const raw = new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, new Uint8Array(bytes)));
  const half = raw.length / 2;
  return der(Tag.Sequence, integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}

function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const digits = magnitude.subarray(first);
  return der(Tag.Integer, new Uint8Array(digits[0] >= 0x80 ? 1 : 0), digits);
}

function bitString(bytes: Uint8Array): Uint8Array {
  return der(Tag.BitString, concatBytes([new Uint8Array(1), bytes]));
}

function time(date: Date): Uint8Array {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  // Ref: RFC 5280 §4.1.2.5: years from 2050 on have four digits, others two.
  return date.getUTCFullYear() < 2050
    ? der(Tag.UtcTime, encode(text.slice(2)))
    : der(Tag.GeneralizedTime, encode(text));
}

function oid(hex: string): Uint8Array {
  return der(Tag.ObjectIdentifier, Uint8Array.fromHex(hex));
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().replaceAll(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
