#include "exporter/pages/http_origin.h"

#include <string.h>
#include <strings.h>

/* "host:port" of "https://host:port"; NULL of what is no origin, such as "null". */
static const char *http_origin_host(const char *origin)
{
	const char *host = strstr(origin, "://");

	return host && host[3] ? host + 3 : NULL;
}

bool http_origin_is_ours(const struct http_query *q)
{
	const char *host;

	if (q->fetch_site)
		return !strcmp(q->fetch_site, "same-origin") ||
		       !strcmp(q->fetch_site, "none");
	if (!q->origin)
		return true;
	host = http_origin_host(q->origin);
	if (!host)
		return false;
	return (q->host && !strcasecmp(host, q->host)) ||
	       (q->site->paths.host[0] && !strcasecmp(host, q->site->paths.host));
}
