import { z } from "zod";

const forwardPath = z.string().startsWith("/");

/** The settings that every target spoken to over SSH shares. */
export const sshFields = {
  host: z.string().min(1).describe("The server's name or address, or a Host of ~/.ssh/config."),
  port: z.int().min(1).max(65535).optional().describe("22 when neither this nor ~/.ssh/config names one."),
  user: z.string().min(1).optional().describe("Who logs in; from ~/.ssh/config, or who runs smartsync, when absent."),
  key: z.string().min(1).optional().describe("A private key file, relative to this file or beginning with ~/."),
  passphrase: z.string().optional().describe("What the key is locked with; name a secret: ${env:KEY_PASSPHRASE}."),
  password: z.string().min(1).optional().describe("The password, where a key can't be had: ${env:SSH_PASSWORD}."),
  agent: z
    .string()
    .min(1)
    .optional()
    .describe("The socket of the SSH agent to log in with; $SSH_AUTH_SOCK when absent, where no key is named."),
  jump: z
    .union([z.string().min(1), z.array(z.string().min(1))])
    .optional()
    .describe('Hosts to go through, nearest first: "user@gate.example.jp:22".'),
  fingerprint: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, "a host key's fingerprint is written SHA256: and 43 characters")
    .optional()
    .describe("The SHA-256 fingerprint of the one host key to trust, as ssh-keygen -l shows it."),
  knownHosts: z
    .string()
    .min(1)
    .optional()
    .describe("The file of trusted host keys; ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts when absent."),
  insecure: z
    .literal("accept-any-host-key")
    .optional()
    .describe("Talk to whoever answers. A fingerprint is as easy and safe."),
  sshConfig: z
    .union([z.string().min(1), z.literal(false)])
    .default("~/.ssh/config")
    .describe("The file Host, HostName, Port, User, IdentityFile and ProxyJump are read from; false for none."),
  path: forwardPath.describe("The document root, as the server names it."),
  statePath: forwardPath
    .optional()
    .describe("Where smartsync keeps its records on the server; beside the document root when absent."),
  timeout: z.number().min(1).max(3600).default(30).describe("Seconds without any sign of life to give up after."),
  modes: z
    .union([z.enum(["keep", "server"]), z.string().regex(/^0?[0-7]{3}$/, 'permissions are written like "0644"')])
    .default("keep")
    .describe('Permissions: as in the source, as the server gives them, or these for every file ("0644").'),
  mtimes: z.boolean().default(true).describe("Give files the modification time they have in the source."),
};

const sshSettings = z.strictObject(sshFields);

/** The settings of a target spoken to over SSH after parsing, as far as every kind has them. */
export type SshSettings = z.output<typeof sshSettings>;
