/** What signs requests. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running server that speaks S3, on loopback; it knows paths of the form /bucket/key. */
export interface S3Server extends S3Keys, AsyncDisposable {
  /** "http://127.0.0.1:10241" */
  readonly endpoint: string;
  readonly region: string;
  /** What it printed and logged so far; it names every request. */
  log(): string;
  /** Ends every process of it and removes its scratch folder. */
  stop(): Promise<void>;
}
