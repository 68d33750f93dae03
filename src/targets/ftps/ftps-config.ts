import { z } from "zod";

const tlsVersion = z.enum(["TLSv1.2", "TLSv1.3"]);

/** Where an FTP server is and how it is spoken to. */
export const ftpsSchema = z
  .strictObject({
    type: z.literal("ftps"),
    host: z.string().min(1).describe("The server's name or address."),
    port: z.int().min(1).max(65535).optional().describe("21, or 990 with implicit TLS, when absent."),
    user: z.string().min(1).describe("Who logs in."),
    password: z.string().describe("The password; name a secret here instead of writing it: ${env:FTP_PASSWORD}."),
    path: z.string().startsWith("/").default("/").describe("The document root, as the server names it."),
    statePath: z
      .string()
      .startsWith("/")
      .optional()
      .describe("Where smartsync keeps its records on the server; beside the document root when absent."),
    security: z
      .enum(["explicit", "implicit", "none"])
      .default("explicit")
      .describe("TLS after AUTH TLS, TLS from the first byte, or none: passwords and files then travel readable."),
    minTls: tlsVersion.optional().describe("The oldest TLS version to accept."),
    maxTls: tlsVersion.optional().describe("The newest TLS version to offer."),
    ca: z.string().min(1).optional().describe("A PEM file with the authorities to trust, relative to this file."),
    fingerprint: z
      .string()
      .regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i, "a SHA-256 fingerprint has 64 hexadecimal digits")
      .optional()
      .describe("The SHA-256 fingerprint of the one certificate to trust, whoever signed it."),
    insecure: z
      .literal("accept-any-certificate")
      .optional()
      .describe("Talk to whoever answers. Passwords can be stolen; a fingerprint is as easy and safe."),
    encoding: z.enum(["utf8", "shift_jis", "euc-jp"]).default("utf8").describe("How the server writes file names."),
    connections: z.int().min(1).max(64).default(8).describe("How many connections to open at most."),
    timeout: z.number().min(1).max(3600).default(30).describe("Seconds without any sign of life to give up after."),
    passive: z.enum(["auto", "epsv", "pasv"]).default("auto").describe("How the server is asked for a data port."),
    modes: z
      .union([z.enum(["keep", "server"]), z.string().regex(/^0?[0-7]{3}$/, 'permissions are written like "0644"')])
      .default("keep")
      .describe('Permissions: as in the source, as the server gives them, or these for every file ("0644").'),
    mtimes: z.boolean().default(true).describe("Give files the modification time they have in the source."),
  })
  .refine((config) => [config.ca, config.fingerprint, config.insecure].filter(Boolean).length <= 1, {
    error: "ca, fingerprint and insecure exclude one another",
    path: ["fingerprint"],
  });

/** An FTP target's settings after parsing. */
export type FtpsConfig = z.output<typeof ftpsSchema>;
