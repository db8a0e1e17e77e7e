#include "sipprobe/dns/locate_hint.h"

#include <string.h>

/* Common in the field; RFC 3263 4.1 knows no such service. */
static const char *const wrong_prefixes[] = {"_sips._tls.", "_sip._tls."};

static size_t wrong_names(struct choice *v, size_t max, const char *host)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(wrong_prefixes) / sizeof(wrong_prefixes[0]); i++) {
		size_t len = strlen(wrong_prefixes[i]) + strlen(host);

		if (count == max || len > RR_NAME_MAX)
			break;
		v[count] = (struct choice){.transport = CONFIG_TRANSPORT_TLS};
		if (re_sdprintf(&v[count].name, "%s%s", wrong_prefixes[i], host))
			break;
		count++;
	}
	return count;
}

size_t locate_hint_names(struct choice *v, size_t max, const struct locate *locate)
{
	if (locate->has_port)
		return naptr_choose_without(v, max, locate->host, locate->sips,
					    locate->transport);
	if (locate->sips || locate->transport == CONFIG_TRANSPORT_TLS ||
	    locate->transport == CONFIG_TRANSPORT_NONE)
		return wrong_names(v, max, locate->host);
	return 0;
}

void locate_hint_found(struct resolve_result *res, const char *name, bool has_port)
{
	size_t used = strlen(res->detail);
	const char *end = strchr(name, '.');

	/* "_sip._udp", of it all. */
	end = end ? strchr(end + 1, '.') : NULL;
	if (!end)
		return;
	res->hint = has_port ? DNS_HINT_PORT : DNS_HINT_SRV_NAME;
	re_snprintf(res->detail + used, sizeof(res->detail) - used, "; it has %b SRV",
		    name, (size_t)(end - name));
}
