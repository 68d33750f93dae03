import { expect, test } from "vitest";
import { readListing } from "../../../src/targets/azure-blob/read-listing.ts";

const PAGE = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://testaccount.blob.core.windows.net/" ContainerName="$web"><Prefix>お知らせ/</Prefix><MaxResults>5000</MaxResults><Blobs>
<Blob><Name>お知らせ/&lt;1&gt; &amp;amp; &quot;2&quot;.html</Name><Properties><Creation-Time>Mon, 23 Nov 2026 00:00:00 GMT</Creation-Time><Last-Modified>Mon, 23 Nov 2026 01:02:03 GMT</Last-Modified><Etag>0x8DE29F0A</Etag><Content-Length>6000</Content-Length><Content-Type>text/html</Content-Type><Content-Encoding /><Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==</Content-MD5><BlobType>BlockBlob</BlobType></Properties><Metadata><smartsync_sha256>${"ab".repeat(32)}</smartsync_sha256><smartsync_serving>plain-0123456789abcdef</smartsync_serving><note>a &amp; b</note></Metadata><OrMetadata /></Blob>
<Blob><Name Encoded="true">%E3%81%8A%EF%BF%BE%2Fx.html</Name><Properties><Etag>"0x2"</Etag><Content-Length>0</Content-Length><Content-MD5 /></Properties><Metadata /></Blob>
<Blob><Name>folder</Name><Properties><ResourceType>directory</ResourceType><Etag>0x3</Etag><Content-Length>0</Content-Length></Properties></Blob>
<Blob><Name>old-folder</Name><Properties><Etag>0x4</Etag><Content-Length>0</Content-Length></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>
<Blob><Name>&#x1F363;&#12354;.txt</Name><Properties><Etag>0x5</Etag><Content-Length>7</Content-Length></Properties></Blob>
</Blobs><NextMarker>2!88!MDAw&amp;x--</NextMarker></EnumerationResults>`;

test("everything a page says of a blob is read, whatever its name holds", () => {
  const { objects, next } = readListing(PAGE);
  expect(objects).toEqual([
    {
      key: 'お知らせ/<1> &amp; "2".html',
      size: 6000,
      etag: "0x8DE29F0A",
      mtimeMs: Date.UTC(2026, 10, 23, 1, 2, 3),
      md5: "d41d8cd98f00b204e9800998ecf8427e",
      sha256: "ab".repeat(32),
      serving: "plain-0123456789abcdef",
    },
    { key: "お\ufffe/x.html", size: 0, etag: "0x2" },
    { key: "🍣あ.txt", size: 7, etag: "0x5" },
  ]);
  expect(next).toBe("2!88!MDAw&x--");
});

test("the last page names no next one, and may be empty", () => {
  const end = "<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>";
  expect(readListing(end)).toEqual({ objects: [], next: "" });
});

test("metadata that calls itself like a property is not taken for one", () => {
  const page = `<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Etag>0x1</Etag><Content-Length>5</Content-Length></Properties><Metadata><etag>0x9</etag><Name>b</Name><Etag>0x9</Etag><NextMarker>m</NextMarker></Metadata></Blob></Blobs><NextMarker></NextMarker></EnumerationResults>`;
  expect(readListing(page)).toEqual({ objects: [{ key: "a", size: 5, etag: "0x1" }], next: "" });
});
