#include "sipprobe/dns/search.h"

#include <stdio.h>
#include <string.h>

#include "sipprobe/loop/ip_literal.h"

static void search_add(struct search *s, const char *domain)
{
	if (s->count < RESOLV_SEARCH_MAX &&
	    !rr_name_set(s->domains[s->count], domain, strlen(domain)))
		s->count++;
}

void search_load(struct search *s, const struct config_dns *conf, const char *resolv_conf)
{
	struct resolv_conf rc;

	*s = (struct search){0};
	if (!conf || (!conf->search.system && !conf->search.count))
		return;
	(void)resolv_conf_read(&rc, resolv_conf);
	s->on = true;
	s->ndots = rc.ndots;
	for (size_t i = 0; i < conf->search.count; i++)
		search_add(s, conf->search.domains[i]);
	for (unsigned i = 0; conf->search.system && i < rc.search_count; i++)
		search_add(s, rc.search[i]);
}

static bool is_searched(const struct search *s, const struct config_slice *host)
{
	struct sa sa;

	return s->on && host->l && host->p[host->l - 1] != '.' &&
	       ip_literal_parse(&sa, host->p, host->l) == EINVAL;
}

static unsigned count_dots(const struct config_slice *host)
{
	unsigned dots = 0;

	for (size_t i = 0; i < host->l; i++)
		dots += host->p[i] == '.';
	return dots;
}

static bool candidate_with(struct candidate *c, const struct config_slice *host,
			   const char *domain)
{
	char text[2 * RR_NAME_MAX + 2];

	c->plain = !domain;
	if (host->l > RR_NAME_MAX)
		return false;
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)host->l, host->p,
		       domain ? "." : "", domain ? domain : "");
	return !rr_name_set(c->name, text, strlen(text));
}

bool search_candidate(struct candidate *c, const struct search *s,
		      const struct config_slice *host, unsigned n)
{
	unsigned domains = is_searched(s, host) ? s->count : 0;
	unsigned plain_at = count_dots(host) >= s->ndots ? 0 : domains;

	for (unsigned i = 0; i <= domains; i++) {
		const char *domain =
			i == plain_at ? NULL : s->domains[i - (i > plain_at)];

		if (candidate_with(c, host, domain) && !n--)
			return true;
	}
	return false;
}
