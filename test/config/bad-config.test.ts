import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { errorOf, loadText, problemsOf, scratchDir } from "./scratch.ts";

vi.mock("../../src/targets/index.ts", () => import("./registry.ts"));
vi.mock("../../src/cdns/index.ts", () => import("./registry.ts"));

const site = (line: string) => `sites:
  本社:
    source: ./公開
    targets: [web1]
    ${line}
targets:
  web1: { type: server, host: example.jp }
`;

const target = (line: string) => `sites:
  corporate: { source: ./public, targets: [web1] }
targets:
  web1:
    type: server
    host: example.jp
    ${line}
`;

const GRACE = 'must be a duration such as "7d", "12h" or "30m", or a number of deliveries such as "3 deliveries"';

const cases: Record<string, [yaml: string, ...problems: string[]]> = {
  "an empty file": ["", "smartsync.yaml:1:1 must be a mapping (key: value), but nothing is given"],
  "a file of comments": ["# later\n", "smartsync.yaml:1:1 must be a mapping (key: value), but nothing is given"],
  "a list at the root": ["- sites\n- targets\n", "smartsync.yaml:1:1 must be a mapping (key: value), not a list"],
  "a word at the root": ["sites\n", 'smartsync.yaml:1:1 must be a mapping (key: value), not "sites"'],
  "missing sections": ["{}\n", "smartsync.yaml:1:1 sites: is missing", "smartsync.yaml:1:1 targets: is missing"],
  "no sites": ["sites: {}\ntargets: {}\n", "smartsync.yaml:1:1 sites: must not be empty"],
  "a section of a later version": [
    `${site("htaccess: true")}notifiers: {}\n`,
    "smartsync.yaml:8:1 notifiers: unknown key; known: sites, targets, cdns",
  ],
  "an unknown key with a known neighbour": [
    site("exclud: []"),
    'smartsync.yaml:5:5 sites.本社.exclud: unknown key; did you mean "exclude"?',
  ],
  "an unknown key in other capitals": [
    site("cmsURL: https://cms.example.jp/"),
    'smartsync.yaml:5:5 sites.本社.cmsURL: unknown key; did you mean "cmsUrl"?',
  ],
  "unknown keys of a nested mapping": [
    site("guard: { max_delete: 1%, 削除: 2% }"),
    'smartsync.yaml:5:14 sites.本社.guard.max_delete: unknown key; did you mean "maxDelete"?',
    "smartsync.yaml:5:30 sites.本社.guard.削除: unknown key; known: maxDelete, maxDeleteCount, maxShrink, protect",
  ],
  "an unknown key of a target": [
    target("pasword: x"),
    'smartsync.yaml:7:5 targets.web1.pasword: unknown key; did you mean "password"?',
  ],
  "a required key that isn't there": [
    "sites: { a: { targets: [t] } }\ntargets: { t: { type: folder } }\n",
    "smartsync.yaml:1:10 sites.a.source: is missing",
    "smartsync.yaml:2:12 targets.t.path: is missing",
  ],
  "a grace that is no duration": [site("grace: 1週間"), `smartsync.yaml:5:5 sites.本社.grace: ${GRACE}`],
  "a grace of nothing": [site("grace: 0d"), `smartsync.yaml:5:5 sites.本社.grace: ${GRACE}`],
  "a grace without a unit": [site("grace: 7"), `smartsync.yaml:5:5 sites.本社.grace: ${GRACE}`],
  "a text for a list": [
    site('include: "*.html"'),
    'smartsync.yaml:5:5 sites.本社.include: must be a list, not "*.html"',
  ],
  "a list for a text": [
    site("url: [a]"),
    "smartsync.yaml:5:5 sites.本社.url: must be an address such as https://www.example.jp/",
  ],
  "a number for a text": [
    site("exclude: [2026]"),
    "smartsync.yaml:5:15 sites.本社.exclude[0]: must be a text, not 2026",
  ],
  "the yes of older YAML": [
    site("htaccess: yes"),
    'smartsync.yaml:5:5 sites.本社.htaccess: must be true or false, not "yes"',
  ],
  "a key without a value": [
    site("exclude:"),
    "smartsync.yaml:5:5 sites.本社.exclude: must be a list, but nothing is given",
  ],
  "a list for a mapping": [
    site("guard: []"),
    "smartsync.yaml:5:5 sites.本社.guard: must be a mapping (key: value), not a list",
  ],
  "a number out of range": [
    site("settle: 9000"),
    "smartsync.yaml:5:5 sites.本社.settle: must be at most 3600, not 9000",
  ],
  "a negative number": [
    site("guard: { maxDeleteCount: -1 }"),
    "smartsync.yaml:5:14 sites.本社.guard.maxDeleteCount: must be at least 0, not -1",
  ],
  "a fraction": [
    site("guard: { maxDeleteCount: 1.5 }"),
    "smartsync.yaml:5:14 sites.本社.guard.maxDeleteCount: must be a whole number, not 1.5",
  ],
  "a percentage without its sign": [
    site("guard: { maxDelete: 25 }"),
    'smartsync.yaml:5:14 sites.本社.guard.maxDelete: must be a percentage such as "25%"',
  ],
  "more than all": [
    site("guard: { maxDelete: 101% }"),
    'smartsync.yaml:5:14 sites.本社.guard.maxDelete: must be a percentage from "0%" to "100%"',
  ],
  "a header rule for nothing": [
    site('headers: [{ cacheControl: no-store }, { match: "", charset: utf-8 }, { match: [], charset: utf-8 }]'),
    "smartsync.yaml:5:15 sites.本社.headers[0].match: is missing",
    "smartsync.yaml:5:45 sites.本社.headers[1].match: must not be empty",
    "smartsync.yaml:5:76 sites.本社.headers[2].match: must not be empty",
  ],
  "a header that can't be sent": [
    site(
      'headers: [{ match: a, cacheControl: "a\\nSet-Cookie: b", contentLanguage: 日本語, contentDisposition: " inline" }]',
    ),
    "smartsync.yaml:5:27 sites.本社.headers[0].cacheControl: must be one line, without control characters",
    "smartsync.yaml:5:61 sites.本社.headers[0].contentLanguage: must be ASCII: nothing else can be sent in a header",
    "smartsync.yaml:5:83 sites.本社.headers[0].contentDisposition: must not begin or end with a space",
  ],
  "a header that means nothing": [
    site("headers: [{ match: a, contentType: html, charset: cp932, contentLanguage: ja_JP, contentEncoding: gzip/9 }]"),
    "smartsync.yaml:5:27 sites.本社.headers[0].contentType: must be a media type such as text/html",
    "smartsync.yaml:5:46 sites.本社.headers[0].charset: must be an encoding that browsers know, such as utf-8, Shift_JIS, EUC-JP or ISO-2022-JP",
    "smartsync.yaml:5:62 sites.本社.headers[0].contentLanguage: must be a language such as ja or en-GB, or several with commas between them",
    "smartsync.yaml:5:86 sites.本社.headers[0].contentEncoding: must be an encoding such as gzip",
  ],
  "metadata that stores can't keep": [
    site("headers: [{ match: a, metadata: { Owner: web, 部署: web, note: 広報 } }]"),
    'smartsync.yaml:5:39 sites.本社.headers[0].metadata.Owner: a name of metadata holds a-z, 0-9 and "-", and begins with a letter',
    'smartsync.yaml:5:51 sites.本社.headers[0].metadata.部署: a name of metadata holds a-z, 0-9 and "-", and begins with a letter',
    "smartsync.yaml:5:60 sites.本社.headers[0].metadata.note: must be ASCII: nothing else can be sent in a header",
  ],
  "metadata that smartsync writes itself": [
    site('headers: [{ match: a, metadata: { smartsync-sha256: a, mtime: "1" } }]'),
    "smartsync.yaml:5:39 sites.本社.headers[0].metadata.smartsync-sha256: this name of metadata is smartsync's own",
    "smartsync.yaml:5:60 sites.本社.headers[0].metadata.mtime: this name of metadata is smartsync's own",
  ],
  "more metadata than stores keep": [
    site(`headers: [{ match: a, metadata: { note: ${"x".repeat(2_045)} } }]`),
    "smartsync.yaml:5:27 sites.本社.headers[0].metadata: must not be longer than 2048 bytes",
  ],
  "redirects to nowhere": [
    site("headers: [{ match: a, redirect: news/ }, { match: b, redirect: /会社/ }]"),
    'smartsync.yaml:5:27 sites.本社.headers[0].redirect: must begin with "/", "https://" or "http://"',
    "smartsync.yaml:5:58 sites.本社.headers[1].redirect: must be percent-encoded: /%E4%BC%9A%E7%A4%BE/",
  ],
  "files that would be compressed twice": [
    site("headers: [{ match: a, contentEncoding: gzip, compress: gzip }]"),
    "smartsync.yaml:5:50 sites.本社.headers[0].compress: contentEncoding says that the files are compressed already; keep one of them",
  ],
  "a misspelt key of a header rule": [
    site("headers: [{ match: a, cachecontrol: no-store }]"),
    'smartsync.yaml:5:27 sites.本社.headers[0].cachecontrol: unknown key; did you mean "cacheControl"?',
  ],
  "a misspelt choice": [
    site("specialFiles: skipp"),
    'smartsync.yaml:5:5 sites.本社.specialFiles: must be one of: refuse, skip, not "skipp"; did you mean "skip"?',
  ],
  "an empty pattern": [site('exclude: [""]'), "smartsync.yaml:5:15 sites.本社.exclude[0]: must not be empty"],
  "an address without its scheme": [
    site("url: www.example.jp"),
    "smartsync.yaml:5:5 sites.本社.url: must be an address such as https://www.example.jp/",
  ],
  "a placeholder in a site": [
    site("url: https://${env:HOST}/"),
    "smartsync.yaml:5:5 sites.本社.url: must be an address such as https://www.example.jp/",
    "smartsync.yaml:5:5 sites.本社.url: placeholders are replaced only in targets and CDNs",
  ],
  "a name that can't be one": [
    site("htaccess: true").replace("本社:", '"本社 1":'),
    'smartsync.yaml:2:3 sites.本社 1: a name holds letters (Japanese too), digits, "-" and "_", and begins with a letter or digit',
  ],
  "a target nobody defined": [
    site("htaccess: true").replace("[web1]", "[wbe1, 印刷]"),
    'smartsync.yaml:4:15 sites.本社.targets[0]: no target is named "wbe1"; did you mean "web1"?',
    'smartsync.yaml:4:21 sites.本社.targets[1]: no target is named "印刷"; known: web1',
  ],
  "no targets": [
    site("htaccess: true").replace("[web1]", "[]"),
    "smartsync.yaml:4:5 sites.本社.targets: must not be empty",
  ],
  "a target named twice": [
    site("htaccess: true").replace("[web1]", "[web1, web1]"),
    'smartsync.yaml:4:21 sites.本社.targets[1]: the target "web1" is named twice',
  ],
  "a target of two sites": [
    site("htaccess: true").replace("targets:\n", "  採用:\n    source: ./採用\n    targets: [web1]\ntargets:\n"),
    'smartsync.yaml:8:15 sites.採用.targets[0]: the target "web1" already belongs to the site "本社"; each would overwrite the other\'s files',
  ],
  "a CDN nobody defined": [
    `${site("cdns: [egde]")}cdns: { edge: { type: edge, zone: Z, apiKey: k } }\n`,
    'smartsync.yaml:5:12 sites.本社.cdns[0]: no CDN is named "egde"; did you mean "edge"?',
  ],
  "a CDN of two sites": [
    `${site("{ url: https://a.jp/, cdns: [edge] }").replace("    { url: https://a.jp/, cdns: [edge] }", "    url: https://a.jp/\n    cdns: [edge]").replace("targets:\n", "  採用:\n    source: ./採用\n    targets: [web2]\n    cdns: [edge]\ntargets:\n")}  web2: { type: server, host: b.jp }\ncdns: { edge: { type: edge, zone: Z, apiKey: k, baseUrls: [https://a.jp] } }\n`,
    'smartsync.yaml:10:12 sites.採用.cdns[0]: the CDN "edge" already belongs to the site "本社"; give each site an entry of its own, with its own baseUrls',
  ],
  "a CDN in front of nobody knows what": [
    `${site("cdns: [edge]")}cdns: { edge: { type: edge, zone: Z, apiKey: k } }\n`,
    'smartsync.yaml:5:12 sites.本社.cdns[0]: the addresses in front of which "edge" stands are not known: give the site a `url`, or the CDN `baseUrls`',
  ],
  "a CDN that reads from a target of another name": [
    `${site("cdns: [edge]")}cdns: { edge: { type: edge, zone: Z, apiKey: k, baseUrls: [https://a.jp], targets: [wbe1] } }\n`,
    'smartsync.yaml:8:85 cdns.edge.targets[0]: the site "本社" has no target named "wbe1"; did you mean "web1"?',
  ],
  "a CDN's settings": [
    `${site("htaccess: true")}cdns: { edge: { type: edge, zone: "", apiKey: k, budget: { usd: -1, over: pay } } }\n`,
    "smartsync.yaml:8:29 cdns.edge.zone: must not be empty",
    "smartsync.yaml:8:60 cdns.edge.budget.usd: must be at least 0, not -1",
    'smartsync.yaml:8:69 cdns.edge.budget.over: must be one of: wait, everything, skip, not "pay"',
  ],
  "two targets in one place": [
    `${site("htaccess: true")}  web2: { type: server, host: example.jp, port: 2121 }\n`,
    'smartsync.yaml:8:3 targets.web2: the same place as the target "web1" (server://anonymous@example.jp/); each would overwrite the other\'s files',
  ],
  "an unknown type": [
    target("tls: none").replace("type: server", "type: serve"),
    'smartsync.yaml:5:5 targets.web1.type: must be one of: folder, server, not "serve"; did you mean "server"?',
  ],
  "no type": [
    target("tls: none").replace("type: server", "port: 21"),
    "smartsync.yaml:4:3 targets.web1.type: is missing; one of: folder, server",
  ],
  "a type that is a placeholder": [
    target("").replace("type: server", "type: ${env:TYPE}"),
    'smartsync.yaml:5:5 targets.web1.type: must be one of: folder, server, not "${env:TYPE}"',
  ],
  "a text that begins wrongly": [
    target("path: public_html"),
    'smartsync.yaml:7:5 targets.web1.path: must begin with "/"',
  ],
  "a text that is too long": [
    target("aliases: [abcdefghijklmnopqrstuvwxyz]"),
    "smartsync.yaml:7:15 targets.web1.aliases[0]: must be at most 20 characters long",
  ],
  "a placeholder for a number": [
    target("port: ${env:PORT}"),
    'smartsync.yaml:7:5 targets.web1.port: must be a number, not "${env:PORT}"',
  ],
  "an unknown placeholder": [
    target("password: ${WEB1_PASSWORD}"),
    'smartsync.yaml:7:5 targets.web1.password: an unknown kind of placeholder; use ${env:NAME}, ${file:path} or ${command:line}, and "$${" for a plain "${"',
  ],
  "a placeholder without its end": [
    target("password: ${env:WEB1"),
    'smartsync.yaml:7:5 targets.web1.password: a "${" without its "}"; use ${env:NAME}, ${file:path} or ${command:line}, and "$${" for a plain "${"',
  ],
  "a password of digits": [
    target("password: 12345678"),
    "smartsync.yaml:7:5 targets.web1.password: must be a text; put the number in quotes",
  ],
  "a key given twice": [target("host: b.example.jp"), "smartsync.yaml:7:5 targets.web1.host: this key is given twice"],
  "a mistake in merged settings is shown where it is written": [
    `${target("tls: ssl").replace("web1:\n", "web1: &web\n").replace("[web1]", "[web1, web2]")}  web2: { <<: *web, host: b.example.jp }\n`,
    'smartsync.yaml:7:5 targets.web1.tls: must be one of: explicit, implicit, not "ssl"',
    'smartsync.yaml:7:5 targets.web2.tls: must be one of: explicit, implicit, not "ssl"',
  ],
  "a tab": ["sites:\n\tcorporate:\n", "smartsync.yaml:2:1 tabs can't be used to indent; use spaces"],
  "a bracket that isn't closed": [
    "sites: {}\ntargets: [a\n",
    "smartsync.yaml:3:1 flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  "a placeholder in braces without quotes": [
    "targets: { web1: { password: ${env:WEB1} } }\n",
    'smartsync.yaml:1:31 this can\'t stand here; look for wrong indentation and for texts that need quotes, as "${...}" does inside { }',
  ],
  "two documents": [
    "sites: {}\n---\ntargets: {}\n",
    'smartsync.yaml:2:1 a configuration is one document; take out the "---" lines',
  ],
  "a second colon": [
    target("path: a: b"),
    'smartsync.yaml:7:11 a second ": " in one line; a text that holds one needs quotes around it',
  ],
  "a text that begins like a tag": [
    target("password: !hunter2"),
    'smartsync.yaml:7:15 unknown tag; a text that begins with "!" needs quotes around it',
  ],
  "a text that begins like an alias": [
    target("password: *hunter2"),
    'smartsync.yaml:7:15 an alias without its anchor; a text that begins with "*" needs quotes around it',
  ],
  "an alias inside its own anchor": [
    "sites: &all\n  corporate: *all\ntargets: {}\n",
    "smartsync.yaml:2:14 an alias inside its own anchor",
  ],
};

test.each(Object.entries(cases))("%s is refused with its place and in plain words", async (_, [yaml, ...problems]) => {
  expect(await problemsOf(yaml)).toEqual(problems);
});

test("aliases that unfold into a huge document are refused at once", async () => {
  const levels = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}*a${n}]`);
  const started = performance.now();
  const problems = await problemsOf(["a0: &a0 [lol]", ...levels].join("\n"));
  expect(problems).toEqual(["smartsync.yaml:1:1 the anchors, aliases and merge keys of this file can't be unfolded"]);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("every problem is told at once, in the order of the file", async () => {
  const error = await errorOf(
    loadText(`targets:
  web1: { type: server, host: "a b", prot: 21 }
sites:
  corporate:
    targets: [web2]
    guard: { maxDelete: 300% }
    htaccess: on
`),
  );
  expect(error).toMatchObject({ kind: "config", code: "config-invalid" });
  expect(error.hint).toBe("`smartsync schema` describes every key, here those of targets.web1");
  expect(error.message.replaceAll(/^.*\//gm, "").split("\n")).toEqual([
    "smartsync.yaml:2:25 targets.web1.host: must be a host name",
    'smartsync.yaml:2:38 targets.web1.prot: unknown key; did you mean "port"?',
    "smartsync.yaml:4:3 sites.corporate.source: is missing",
    'smartsync.yaml:5:15 sites.corporate.targets[0]: no target is named "web2"; did you mean "web1"?',
    'smartsync.yaml:6:14 sites.corporate.guard.maxDelete: must be a percentage from "0%" to "100%"',
    'smartsync.yaml:7:5 sites.corporate.htaccess: must be true or false, not "on"',
  ]);
});

test("no message shows a password, whatever is wrong around it", async () => {
  const wrong = [
    target("password: [hunter2000]"),
    target("password: hunter2000\n    password: hunter2000"),
    target("password: ${hunter2000}"),
    target("password: {hunter2000: hunter2000}").replace("{hunter2000", "{a"),
    `- a\npassword: hunter2000\n`,
    target("tls: hunter2000\n    password: hunter2000"),
  ];
  for (const yaml of wrong) expect((await problemsOf(yaml)).join("\n")).not.toContain("hunter2000");
});

test.each([
  ["inside the source", "./公開/コピー"],
  ["around the source", "."],
  ["the source itself", "公開/"],
  ["inside the source by way of a link", "link/コピー"],
])("a target on this machine that lies %s is refused", async (_, path) => {
  const dir = await scratchDir();
  await mkdir(join(dir, "公開"));
  await symlink("公開", join(dir, "link"));
  const yaml = `sites: { 本社: { source: ./公開, targets: [copy] } }\ntargets: { copy: { type: folder, path: ${path} } }\n`;
  const error = await errorOf(loadText(yaml, dir));
  expect(error.message).toMatch(
    new RegExp(
      `smartsync.yaml:2:12 targets.copy: ${dir}.* and the source of the site "本社", ${dir}/公開, lie one inside the other$`,
    ),
  );
});

test("a target on this machine beside the source, with a name that begins like it, is fine", async () => {
  const yaml =
    "sites: { a: { source: ./public, targets: [copy] } }\ntargets: { copy: { type: folder, path: ./public2 } }\n";
  expect((await loadText(yaml)).targets.copy).toEqual({ type: "folder", path: "./public2" });
});
