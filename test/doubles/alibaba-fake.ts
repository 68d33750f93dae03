import { createHash, createHmac } from "node:crypto";
import type { CdnFake } from "../contract/cdn-contract.ts";
import { type ProviderAnswer, type ProviderFake, type ProviderRequest, startProvider } from "./provider-fake.ts";
import { tokenBucket } from "./token-bucket.ts";

/** The one access key there is, and the token that goes with it when it is a temporary one. */
export const ALIBABA = { accessKeyId: "LTAI5tExample", accessKeySecret: "ali-s3cret/+", securityToken: "CAIS-t0ken=" };

/** Alibaba Cloud CDN with one accelerated domain, www.example.jp. */
export interface AlibabaFake extends CdnFake, ProviderFake {
  readonly seen: ProviderFake["seen"];
  readonly state: {
    /** What is left of the day. */
    urls: number;
    directories: number;
    /** The key is a temporary one: requests need its token. */
    temporary: boolean;
    /** Operations the user may not call. */
    denied: Set<string>;
    /** Refused with this instead of being answered: [400, "InvalidDomain.NotFound"]. */
    trouble: readonly [status: number, code: string] | undefined;
    /** How often a task is asked for until it is in another state, and which that is. */
    course: { looks: number; end: "Complete" | "Failed" };
  };
  /** Sets its clock; without that it takes the time of whoever asks first for its own. */
  setClock(nowMs: number): void;
}

/** A signature counts for so long, before and after. */
const VALID_MS = 15 * 60_000;

/** Starts it; `tasksPerCall` is how many ids a refresh is given. */
export async function startAlibabaFake({ tasksPerCall = 1 } = {}): Promise<AlibabaFake> {
  const purged: string[] = [];
  const nonces = new Set<string>();
  const tasks = new Map<string, { path: string; looks: number; end: string }>();
  const mayCall = tokenBucket({ burst: 50, perSecond: 50 });
  const mayName = tokenBucket({ burst: 10_000, perSecond: 10_000 / 60 });
  const state: AlibabaFake["state"] = {
    urls: 10_000,
    directories: 100,
    temporary: false,
    denied: new Set(),
    trouble: undefined,
    course: { looks: 1, end: "Complete" },
  };
  let aheadMs: number | undefined;

  function unauthorised(request: ProviderRequest): ProviderAnswer | undefined {
    const { headers } = request;
    const said = /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    );
    if (said === null) return failure(400, "IncompleteSignature", "The request signature does not conform");
    const [, id, signedHeaders = "", signature] = said;
    if (id !== ALIBABA.accessKeyId)
      return failure(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
    if (state.temporary && headers["x-acs-security-token"] !== ALIBABA.securityToken) {
      return failure(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.");
    }
    const must = Object.keys(headers).filter((name) => name.startsWith("x-acs-") || /^(host|content-type)$/.test(name));
    const isWhole = must.sort().join(";") === signedHeaders;
    if (!isWhole || signature !== signatureOf(request, must)) {
      return failure(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.");
    }
    const date = String(headers["x-acs-date"]);
    const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date) ? Date.parse(date) : Number.NaN;
    aheadMs ??= at - Date.now();
    if (!(Math.abs(at - Date.now() - aheadMs) <= VALID_MS)) {
      return failure(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.");
    }
    const nonce = String(headers["x-acs-signature-nonce"]);
    if (nonces.has(nonce)) return failure(400, "SignatureNonceUsed", "Specified signature nonce was used already.");
    nonces.add(nonce);
    return undefined;
  }

  function answer(request: ProviderRequest): ProviderAnswer {
    const action = String(request.headers["x-acs-action"]);
    if (state.trouble !== undefined) return failure(...state.trouble, "as the test wants it");
    if (state.denied.has(action))
      return failure(403, "Forbidden.RAM", "User not authorized to operate on the resource");
    if (request.method !== "POST" || request.path !== "/") return failure(405, "UnsupportedHTTPMethod", "Not allowed");
    if (request.headers["x-acs-version"] !== "2018-05-10") return failure(400, "InvalidVersion", "Not a version");
    if (!mayCall()) return failure(400, "Throttling.User", "Request was denied due to user flow control.");
    switch (action) {
      case "RefreshObjectCaches":
        return refresh(new URLSearchParams(String(request.body)));
      case "DescribeRefreshQuota":
        return ok({
          UrlQuota: "10000",
          UrlRemain: String(state.urls),
          DirQuota: "100",
          DirRemain: String(state.directories),
          RegexQuota: "20",
        });
      case "DescribeRefreshTaskById":
        return look(request.query.get("TaskId")?.split(",") ?? []);
      default:
        return failure(404, "InvalidAction.NotFound", "Specified api is not found");
    }
  }

  function refresh(form: URLSearchParams): ProviderAnswer {
    const type = form.get("ObjectType") ?? "File";
    if (type !== "File" && type !== "Directory") {
      return failure(400, "InvalidObjectType.Malformed", "The specified ObjectType is invalid.");
    }
    const paths = (form.get("ObjectPath") ?? "").split("\n");
    const isFile = type === "File";
    if (paths.length > (isFile ? 1_000 : 100)) {
      return failure(400, "SingleRequest.OverLimit", "A maximum of 1000 URLs are supported for each request.");
    }
    if (!paths.every((path) => path.length <= 1_024 && (isFile ? ADDRESS : DIRECTORY).test(path))) {
      return failure(400, "InvalidObjectPath.Malformed", "The specified ObjectPath is invalid.");
    }
    if (paths.some((path) => new URL(path).hostname !== "www.example.jp")) {
      return failure(404, "InvalidDomain.NotFound", "The domain provided does not belong to you.");
    }
    if (paths.length > (isFile ? state.urls : state.directories)) {
      return failure(400, "QuotaExceeded.Refresh", "You've exceeded the prescribed refresh limits.");
    }
    if (isFile && !mayName(paths.length)) {
      return failure(
        400,
        "QuotaPerMinuteExceeded.Refresh",
        "You tried to refresh too frequently; please try again later.",
      );
    }
    if (isFile) state.urls -= paths.length;
    else state.directories -= paths.length;
    purged.push(...paths.map((path) => `${type}${form.get("Force") === "true" ? "!" : ""} ${path}`));
    const ids = Array.from({ length: tasksPerCall }, () => {
      const id = String(704_222_904 + tasks.size);
      tasks.set(id, { path: paths[0] ?? "", ...state.course });
      return id;
    });
    return ok({ RefreshTaskId: ids.join(",") });
  }

  function look(ids: readonly string[]): ProviderAnswer {
    if (ids.length > 10) return failure(400, "InvalidTaskId.Malformed", "A maximum of 10 task ids");
    const found = ids.flatMap((id) => {
      const task = tasks.get(id);
      if (task === undefined) return [];
      const Status = task.looks-- > 0 ? "Refreshing" : task.end;
      const Description = Status === "Failed" ? "Internal Error" : "";
      return [{ TaskId: id, ObjectPath: task.path, Status, Description, Process: "50%" }];
    });
    return ok({ TotalCount: found.length, Tasks: found });
  }

  const provider = await startProvider({
    unauthorised,
    answer,
    // A key that counts no more, and too many calls, have no status of their own.
    failure(status) {
      if (status === 429) return failure(400, "Throttling.User", "Request was denied due to user flow control.");
      if (status === 401) return failure(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.");
      return failure(status, "InternalError", "The request processing has failed due to some unknown error.");
    },
  });
  return Object.assign(provider, {
    state,
    purged: () => purged,
    setClock(nowMs: number) {
      aheadMs = nowMs - Date.now();
    },
  });
}

const ADDRESS = /^https?:\/\/[^/]+\/[\w.~!$&'()*+,;=:@%/-]*$/;
const DIRECTORY = /^https?:\/\/[^/]+\/(?:[\w.~!$&'()*+,;=:@%/-]*\/)?$/;

/** Written from the description, and sharing nothing with what signs. */
function signatureOf({ method, path, target, headers, body }: ProviderRequest, names: readonly string[]): string {
  const hash = createHash("sha256").update(body).digest("hex");
  if (headers["x-acs-content-sha256"] !== hash) return "the body is another one";
  const [, query = ""] = target.split("?");
  const parts = query === "" ? [] : query.split("&").sort();
  let text = `${method}\n${path}\n${parts.join("&")}\n`;
  for (const name of names) text += `${name}:${String(headers[name]).trim()}\n`;
  text += `\n${names.join(";")}\n${hash}`;
  const digest = createHash("sha256").update(text, "utf8").digest("hex");
  return createHmac("sha256", ALIBABA.accessKeySecret).update(`ACS3-HMAC-SHA256\n${digest}`).digest("hex");
}

function ok(body: object): ProviderAnswer {
  return { status: 200, body: { RequestId: "D61E4801-EAFF-4A63-AAE1-FBF6CE1CFD1C", ...body } };
}

function failure(status: number, Code: string, Message: string): ProviderAnswer {
  return {
    status,
    body: { RequestId: "16A96B9A-F203-4EC5-8E43-CB92E68F4CD8", HostId: "cdn.aliyuncs.com", Code, Message },
  };
}
