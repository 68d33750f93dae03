import type { ScratchServer } from "./scratch-server.ts";

/** What signs requests. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running server that speaks S3, on loopback; it knows paths of the form /bucket/key. */
export interface S3Server extends S3Keys, ScratchServer {
  /** "http://127.0.0.1:10241" */
  readonly endpoint: string;
  readonly region: string;
}
