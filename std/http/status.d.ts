// The part of std's status module that this repository uses, after its public API.
export const STATUS_CODE: {
  readonly OK: 200;
  readonly NoContent: 204;
  readonly BadRequest: 400;
  readonly Unauthorized: 401;
  readonly Forbidden: 403;
  readonly NotFound: 404;
  readonly MethodNotAllowed: 405;
  readonly RequestTimeout: 408;
  readonly Conflict: 409;
  readonly ContentTooLarge: 413;
  readonly MisdirectedRequest: 421;
  readonly UpgradeRequired: 426;
  readonly TooManyRequests: 429;
  readonly InternalServerError: 500;
  readonly NotImplemented: 501;
  readonly BadGateway: 502;
  readonly ServiceUnavailable: 503;
  readonly GatewayTimeout: 504;
};
export type StatusCode = typeof STATUS_CODE[keyof typeof STATUS_CODE];
export const STATUS_TEXT: Readonly<Record<number, string>>;
