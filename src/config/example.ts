/** A whole configuration with every kind of thing in it, commented; the reference begins with it. */
export const exampleConfig = `# yaml-language-server: $schema=./node_modules/smartsync/schema.json

sites:
  corporate:
    source: ./public                      # where the CMS publishes, relative to this file
    url: https://www.example.jp/          # what visitors type
    cmsUrl: https://cms.example.jp/       # becomes root-relative in delivered text files
    exclude: ["**/*.bak", /preview/]      # left alone on both sides
    settle: 5                             # wait until the CMS has been quiet for 5 seconds
    grace: 7d                             # style sheets, scripts, images stay a week after they left the site
    guard:
      maxDelete: 25%                      # refuse to delete more than a quarter of a target's files,
      maxDeleteCount: 500                 # or more than 500,
      maxShrink: 50%                      # or to deliver a source that lost half of its files
      protect: [/robots.txt]              # never replaced or deleted
    targets: [web1, web2, mirror, bucket, container, google, copy]
    cdns: [edge]                          # purged of what changed, once the last of its targets is published

  採用サイト:                              # names may be Japanese
    source: ./採用/公開
    htaccess: false                       # .htaccess and .htpasswd stay as they are
    targets: [recruit]

targets:
  web1:
    type: ftps
    host: ftp.example.jp
    user: deploy
    password: \${env:WEB1_PASSWORD}        # read when this target is used, never stored or shown
    path: /public_html
    connections: 8

  web2:
    type: rsync
    host: web2.example.jp                 # or a Host of ~/.ssh/config
    user: deploy
    key: ~/.ssh/id_ed25519                # host keys are checked with ~/.ssh/known_hosts
    path: /var/www/html
    releases: true                        # versions side by side, switched in one step
    hooks:
      after: [sudo -n systemctl reload nginx]

  mirror:
    type: sftp
    host: sftp.example.jp
    user: deploy
    password: \${env:MIRROR_PASSWORD}
    fingerprint: SHA256:N3pZ1xTHy7kqVFq9xH3UeLpXo0d0m6bPaYq2s8hV1cE
    path: /html

  google:
    type: gcs
    bucket: www-example                   # signs in as this machine or the CI does, or with a keyFile
    stateBucket: www-example-smartsync    # where visitors can't read the records

  recruit:
    type: ftps
    host: old.example.jp
    user: recruit
    password: \${command:pass show web/recruit}
    path: /採用
    encoding: shift_jis                   # how this server writes file names

  bucket:
    type: s3                              # keys from the environment, a profile or a role
    bucket: www-example
    region: ap-northeast-1
    stateBucket: www-example-smartsync    # where visitors can't read the records

  container:
    type: azure-blob                      # $web: the account's static website
    account: corporatewww
    stateContainer: smartsync             # where visitors can't read the records
    entra: {}                             # who this machine is, or $AZURE_CLIENT_ID and its fellows say

  copy:
    type: local
    path: ./published

cdns:
  edge:
    type: cloudfront
    distributionId: E1ABCDEF2GHIJK
    targets: [bucket]                     # it reads from the bucket alone
`;
