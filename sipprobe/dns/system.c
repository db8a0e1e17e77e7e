#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unbound.h>
#include <unistd.h>

#include "sipprobe/dns/address_set.h"
#include "sipprobe/dns/resolv_conf.h"
#include "sipprobe/dns/unbound.h"
#include "sipprobe/loop/ip_literal.h"

enum {
	HOSTS_TTL_S = 60, /* of names in the hosts file, which is read once */
};

static const char blanks[] = " \t\r\n";

static const struct {
	const char *name;
	const char *value;
} options[] = {
	/* Answers are taken as they are: no DNSSEC, so no trust anchors to keep. */
	{"module-config:", "iterator"},
	{"do-not-query-localhost:", "no"},
	{"edns-buffer-size:", "1232"},
	{"use-caps-for-id:", "no"},
	{"qname-minimisation:", "no"},
	{"rrset-roundrobin:", "no"},
	{"msg-cache-size:", "1m"},
	{"rrset-cache-size:", "2m"},
	{"outgoing-range:", "128"},
	{"outgoing-num-tcp:", "16"},
	/*
	 * A forwarder that is silent about one dead zone would pass for dead, and every
	 * other name fail for up to 15 minutes: what was learnt of a server is kept for
	 * one second only.
	 */
	{"infra-host-ttl:", "1"},
	/* Of several servers the fastest, not one at random of those within 400 ms. */
	{"fast-server-permil:", "1000"},
	{"fast-server-num:", "1"},
	/* Zones that libunbound answers by itself; some sites serve them for real. */
	{"unblock-lan-zones:", "yes"},
	{"local-zone:", "test. typetransparent"},
	{"local-zone:", "invalid. typetransparent"},
	{"local-zone:", "onion. typetransparent"},
	{"local-zone:", "home.arpa. typetransparent"},
	{"local-zone:", "resolver.arpa. typetransparent"},
	{"local-zone:", "service.arpa. typetransparent"},
	/* Names of the hosts file; the domains around them stay DNS's. */
	{"local-zone:", ". typetransparent"},
};

static int options_set(struct ub_ctx *ctx)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (ub_ctx_set_option(ctx, options[i].name, options[i].value))
			return EIO;
	return 0;
}

static int ip6_set(struct ub_ctx *ctx)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = ub_ctx_set_option(ctx, "do-ip6:", fd < 0 ? "no" : "yes");

	if (fd >= 0)
		close(fd);
	return err ? EIO : 0;
}

/* A server as libunbound wants it: zones as numbers, '@' before a port. */
static int server_add(struct ub_ctx *ctx, const char *text)
{
	const char *port = strchr(text, '@');
	char addr[INET6_ADDRSTRLEN], server[INET6_ADDRSTRLEN + 32];
	struct sa sa;

	if (ip_literal_parse(&sa, text, port ? (size_t)(port - text) : strlen(text)))
		return EINVAL;
	if (sa_ntop(&sa, addr, sizeof(addr)))
		return EINVAL;
	if (sa_af(&sa) == AF_INET6 && sa.u.in6.sin6_scope_id)
		snprintf(server, sizeof(server), "%s%%%u%.8s", addr,
			 sa.u.in6.sin6_scope_id, port ? port : "");
	else
		snprintf(server, sizeof(server), "%s%.8s", addr, port ? port : "");
	return ub_ctx_set_fwd(ctx, server) ? EINVAL : 0;
}

static unsigned system_servers(struct ub_ctx *ctx, const char *path)
{
	struct resolv_conf rc;
	unsigned count = 0;

	(void)resolv_conf_read(&rc, path);
	for (unsigned i = 0; i < rc.server_count; i++)
		count += !server_add(ctx, rc.servers[i]);
	return count;
}

static int servers_set(struct ub_ctx *ctx, const struct config_dns *conf,
		       const struct lookup_system *sys)
{
	int err = 0;

	if (!conf || !conf->server_count)
		return system_servers(ctx, sys->resolv_conf)
			       ? 0
			       : server_add(ctx, "127.0.0.1");
	for (size_t i = 0; i < conf->server_count && !err; i++)
		err = server_add(ctx, conf->servers[i]);
	return err;
}

/* One name of one address, unless either makes no sense to DNS. */
static void host_add(struct ub_ctx *ctx, const struct sa *sa, const char *addr,
		     const char *text)
{
	char name[RR_NAME_MAX + 1], record[RR_NAME_MAX + INET6_ADDRSTRLEN + 32];

	if (rr_name_set(name, text, strlen(text)))
		return;
	snprintf(record, sizeof(record), "%s. %d IN %s %s", name, HOSTS_TTL_S,
		 sa_af(sa) == AF_INET ? "A" : "AAAA", addr);
	ub_ctx_set_option(ctx, "local-data:", record);
}

/* libunbound's own reader gives up at the first line it does not like. */
static void hosts_read(struct ub_ctx *ctx, const char *path)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	char line[1024], addr[INET6_ADDRSTRLEN];
	struct sa sa;

	while (f && fgets(line, sizeof(line), f)) {
		char *save, *word;

		line[strcspn(line, "#")] = '\0';
		word = strtok_r(line, blanks, &save);
		/* A record has no room for the zone of a link-local address. */
		if (!word || strchr(word, '%') ||
		    ip_literal_parse(&sa, word, strlen(word)))
			continue;
		if (sa_ntop(&sa, addr, sizeof(addr)))
			continue;
		while ((word = strtok_r(NULL, blanks, &save)))
			host_add(ctx, &sa, addr, word);
	}
	if (f)
		fclose(f);
}

int unbound_context(struct ub_ctx **ctxp, const struct config_dns *conf,
		    const struct lookup_system *sys)
{
	struct ub_ctx *ctx = ub_ctx_create();
	int err;

	if (!ctx)
		return ENOMEM;
	ub_ctx_debugout(ctx, NULL);
	ub_ctx_debuglevel(ctx, 0);
	err = ub_ctx_async(ctx, 1) ? EIO : options_set(ctx);
	if (!err)
		err = ip6_set(ctx);
	if (!err)
		err = servers_set(ctx, conf, sys);
	if (err) {
		ub_ctx_delete(ctx);
		return err;
	}
	hosts_read(ctx, sys->hosts);
	*ctxp = ctx;
	return 0;
}
