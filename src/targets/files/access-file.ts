/** The file that keeps visitors out of a folder below the document root, on Apache. */
export const ACCESS_FILE = ".htaccess";

/** What it says, for Apache 2.4 and 2.2 alike. */
export const DENY_ALL = `<IfModule mod_authz_core.c>
  Require all denied
</IfModule>
<IfModule !mod_authz_core.c>
  Order deny,allow
  Deny from all
</IfModule>
`;
