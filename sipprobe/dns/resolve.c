#include "sipprobe/dns/resolve.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/dns/locate.h"
#include "sipprobe/dns/search.h"
#include "sipprobe/loop/alarm.h"

struct resolver {
	struct lookup *lookup;
	struct search search;
	struct alarm *alarm;
	struct list running; /* resolutions with questions under way */
	struct list ready;   /* IP literals, which only wait for the loop */
};

struct resolve {
	struct le le;
	struct locate locate;
	struct resolver *resolver; /* borrowed; good while questions are under way */
	struct config_uri uri;	   /* its slices lead into `text` */
	char *text;
	enum config_family family;
	unsigned tried;		    /* names */
	struct resolve_result kept; /* of those, what failed most */
	resolve_h *h;
	void *arg;
};

static void resolve_silence(struct list *list)
{
	while (list->head) {
		struct resolve *rs = list->head->data;

		list_unlink(&rs->le);
		locate_end(&rs->locate);
	}
}

static void resolver_destructor(void *data)
{
	struct resolver *r = data;

	resolve_silence(&r->running);
	resolve_silence(&r->ready);
	mem_deref(r->alarm);
	mem_deref(r->lookup);
}

static void resolve_destructor(void *data)
{
	struct resolve *rs = data;

	list_unlink(&rs->le);
	locate_end(&rs->locate);
	mem_deref(rs->text);
}

static void resolve_deliver(struct resolve *rs)
{
	list_unlink(&rs->le);
	mem_ref(rs); /* the handler may let go of it while it reads the result */
	rs->h(&rs->locate.result, rs->arg);
	mem_deref(rs);
}

/* One at a time: the handler may free the resolver. */
static void resolve_ready_h(void *arg)
{
	struct resolver *r = arg;
	struct resolve *rs = list_ledata(r->ready.head);

	if (!rs)
		return;
	if (rs->le.next)
		alarm_set(r->alarm, 0);
	resolve_deliver(rs);
}

int resolver_alloc_lookup(struct resolver **rp, struct lookup *lookup)
{
	struct resolver *r = mem_zalloc(sizeof(*r), resolver_destructor);
	int err;

	if (!r) {
		mem_deref(lookup);
		return ENOMEM;
	}
	r->lookup = lookup;
	err = alarm_alloc(&r->alarm, resolve_ready_h, r);
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

int resolver_alloc(struct resolver **rp, const struct config_dns *conf)
{
	static const struct lookup_system sys = {
		.resolv_conf = RESOLV_CONF_PATH,
		.hosts = "/etc/hosts",
	};
	struct lookup *lookup;
	struct resolver *r;
	int err = lookup_unbound_alloc(&lookup, conf, &sys);

	if (!err)
		err = resolver_alloc_lookup(&r, lookup);
	if (err)
		return err;
	search_load(&r->search, conf, sys.resolv_conf);
	*rp = r;
	return 0;
}

void resolver_set_search(struct resolver *r, const struct search *search)
{
	r->search = *search;
}

/* What RFC 3263 4 calls the target, and the parameters, of a text that may go. */
static int resolve_keep_uri(struct resolve *rs, const struct config_uri *uri)
{
	const struct config_slice *host = uri->maddr.l ? &uri->maddr : &uri->host;
	int err = re_sdprintf(&rs->text, "%b%b", host->p, host->l, uri->params.p,
			      uri->params.l);

	if (err)
		return err;
	rs->uri = *uri;
	rs->uri.host = (struct config_slice){rs->text, host->l};
	rs->uri.params = (struct config_slice){rs->text + host->l, uri->params.l};
	rs->uri.user = rs->uri.maddr = (struct config_slice){0};
	return 0;
}

static void resolve_tried_h(void *arg);

/* The next name that the host may stand for. Returns ENOENT past the last one. */
static int resolve_try(struct resolve *rs, bool *ready)
{
	struct config_uri uri = rs->uri;
	struct candidate c = {.plain = true};
	bool named =
		search_candidate(&c, &rs->resolver->search, &rs->uri.host, rs->tried);

	if (!named && rs->tried)
		return ENOENT;
	/* What is no name is for the road to say. */
	if (named)
		uri.host = (struct config_slice){c.name, strlen(c.name)};
	rs->tried++;
	locate_end(&rs->locate);
	rs->locate = (struct locate){
		.lookup = rs->resolver->lookup,
		.family = rs->family,
		.hints = c.plain,
		.h = resolve_tried_h,
		.arg = rs,
	};
	return locate_begin(&rs->locate, &uri, ready);
}

/* Of several names that failed: a server's failure, else the name as it is. */
static void resolve_keep_failure(struct resolve *rs)
{
	const struct resolve_result *res = &rs->locate.result;
	bool graver =
		res->status >= RESOLVE_SERVFAIL && rs->kept.status < RESOLVE_SERVFAIL;

	if (!rs->kept.status || graver ||
	    (rs->locate.hints && rs->kept.status < RESOLVE_SERVFAIL))
		rs->kept = *res;
}

static void resolve_failed(struct resolve *rs)
{
	struct resolve_result *res = &rs->locate.result;
	size_t used;

	*res = rs->kept;
	used = strlen(res->detail);
	if (rs->tried > 1)
		re_snprintf(res->detail + used, sizeof(res->detail) - used,
			    "; nor by %u search domains", rs->tried - 1);
	else if (!rs->resolver->search.on && res->status < RESOLVE_SERVFAIL &&
		 !res->hint && !memchr(rs->uri.host.p, '.', rs->uri.host.l))
		res->hint = DNS_HINT_SHORT;
}

/* After SERVFAIL the next name is tried, as glibc does; silence ends it. */
static void resolve_tried_h(void *arg)
{
	struct resolve *rs = arg;
	enum resolve_status status = rs->locate.result.status;
	bool ready;

	if (status != RESOLVE_OK) {
		resolve_keep_failure(rs);
		if (status <= RESOLVE_SERVFAIL) {
			int err;

			/* One that cannot be asked, for want of memory, is left out. */
			do
				err = resolve_try(rs, &ready);
			while (err && err != ENOENT);
			if (!err)
				return;
		}
		resolve_failed(rs);
	}
	resolve_deliver(rs);
}

int resolve_start(struct resolve **rp, struct resolver *r, const struct config_uri *uri,
		  enum config_family family, resolve_h *h, void *arg)
{
	struct resolve *rs = mem_zalloc(sizeof(*rs), resolve_destructor);
	bool ready = false;
	int err;

	if (!rs)
		return ENOMEM;
	rs->h = h;
	rs->arg = arg;
	rs->resolver = r;
	rs->family = family;
	err = resolve_keep_uri(rs, uri);
	if (!err)
		err = resolve_try(rs, &ready);
	if (err) {
		mem_deref(rs);
		return err;
	}
	list_append(ready ? &r->ready : &r->running, &rs->le, rs);
	if (ready)
		alarm_set(r->alarm, 0);
	*rp = rs;
	return 0;
}

void resolve_hasten(struct resolve *rs)
{
	if (rs->le.list == &rs->resolver->ready)
		resolve_deliver(rs);
}

const struct resolve_result *resolve_settled(const struct resolve *rs)
{
	return rs->locate.settled ? &rs->locate.result : NULL;
}
