#include "sipprobe/call/calls.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/call/call_caps.h"
#include "sipprobe/call/call_drive.h"
#include "sipprobe/call/call_guest.h"
#include "sipprobe/call/call_new.h"
#include "sipprobe/call/call_receive.h"
#include "sipprobe/call/call_serve.h"
#include "sipprobe/media/media.h"

struct calls {
	struct call_surroundings around; /* first */
	struct calls_conf conf;
	struct call_caps *caps;
	struct media *media;
	struct list list;
	bool stopped;
};

static struct calls *calls_of(const struct call *c)
{
	return (struct calls *)(uintptr_t)c->around;
}

static void calls_destructor(void *arg)
{
	struct calls *cs = arg;

	/* What has not ended by now is left to the peer's session timer. */
	for (struct le *le = cs->list.head; le; le = le->next)
		if (call_is_open(le->data))
			cs->around.lost_h(le->data, "we stopped before it ended");
	while (cs->list.head)
		mem_deref(cs->list.head->data);
	mem_deref(cs->media);
	mem_deref(cs->caps);
}

static unsigned open_of(const struct calls *cs, const char *trunk)
{
	unsigned open = 0;

	for (struct le *le = cs->list.head; le; le = le->next) {
		const struct call *c = le->data;

		open += call_is_open(c) && (!trunk || !strcmp(c->name, trunk));
	}
	return open;
}

static void calls_changed_h(struct call *c)
{
	struct calls *cs = calls_of(c);

	/* The first INVITE leaves before the call is in the list. */
	if (!c->le.list)
		list_append(&cs->list, &c->le, c);
	cs->conf.events->open_h(c->name, open_of(cs, c->name), cs->conf.arg);
}

static void calls_lost_h(struct call *c, const char *why)
{
	const struct calls *cs = calls_of(c);

	cs->conf.events->not_ended_h(c->name, c->settings.call->to, why, cs->conf.arg);
}

static void calls_made_h(const struct call *c)
{
	const struct calls *cs = calls_of(c);

	cs->conf.events->made_h(c->name, &c->out.report, cs->conf.arg);
}

static void calls_review_h(struct call *c)
{
	call_drive_review(c);
}

static void calls_gone_h(struct call *c)
{
	mem_deref(c);
}

int calls_alloc(struct calls **cp, const struct calls_conf *conf)
{
	struct calls *cs = mem_zalloc(sizeof(*cs), calls_destructor);
	int err;

	if (!cs)
		return ENOMEM;
	cs->conf = *conf;
	cs->around = (struct call_surroundings){
		.ticker = conf->ticker,
		.agent = conf->agent,
		.changed_h = calls_changed_h,
		.lost_h = calls_lost_h,
		.made_h = calls_made_h,
		.gone_h = calls_gone_h,
		.review_h = calls_review_h,
	};
	err = call_caps_alloc(&cs->caps);
	if (err)
		mem_deref(cs);
	else
		*cp = cs;
	return err;
}

static int media_conf_of(struct media_conf *out, const struct config_media *in)
{
	*out = (struct media_conf){
		.port_first = (uint16_t)in->port_min,
		.port_last = (uint16_t)in->port_max,
		.network_count = in->network_count,
	};
	if (in->network_count > MEDIA_NETWORKS)
		return EINVAL;
	for (size_t i = 0; i < in->network_count; i++) {
		memcpy(out->networks[i].network, in->networks[i].network, 16);
		out->networks[i].prefix = in->networks[i].prefix;
	}
	return 0;
}

static int calls_configure_media(struct calls *cs, const struct config *conf)
{
	struct media_conf media;
	int err;

	if (!conf->calls.allowed)
		return 0;
	err = media_conf_of(&media, &conf->calls.media);
	if (err)
		return err;
	return cs->media ? media_configure(cs->media, &media)
			 : media_alloc(&cs->media, &media);
}

int calls_configure(struct calls *cs, const struct config *conf)
{
	int err = call_caps_set(cs->caps, &conf->calls);

	if (!err)
		err = calls_configure_media(cs, conf);
	if (err)
		return err;
	cs->around.media = cs->media;
	cs->around.media_conf = conf->calls.media;
	cs->around.keep_audio = conf->calls.keep_audio;
	cs->stopped = false;
	return 0;
}

/* A call counts from its begin on: one whose connection is still to come will be open. */
static unsigned calls_under_way(const struct calls *cs)
{
	unsigned count = 0;

	for (struct le *le = cs->list.head; le; le = le->next) {
		const struct call *c = le->data;

		count += call_is_open(c) || !c->told;
	}
	return count;
}

enum calls_may calls_may(const struct calls *cs, const char *trunk, const char **why)
{
	for (struct le *le = cs->list.head; le; le = le->next) {
		const struct call *c = le->data;

		*why = "the trunk's last call is not over yet";
		if ((call_is_open(c) || !c->told) && !strcmp(c->name, trunk))
			return CALLS_BUSY;
	}
	*why = cs->stopped ? "calls are stopped"
			   : call_caps_refusal(cs->caps, clock_monotonic_ns());
	if (*why)
		return CALLS_REFUSED;
	*why = call_caps_crowd(cs->caps, calls_under_way(cs));
	return *why ? CALLS_FULL : CALLS_MAY;
}

int calls_start(struct call **cp, struct calls *cs, const struct call_setup *setup,
		const struct call_events *events, void *arg)
{
	const struct call_way_conf way = {
		.sockets = cs->conf.sockets,
		.arrivals = cs->conf.arrivals,
		.arrivals_arg = cs->conf.arrivals_arg,
		.peer = setup->peer,
		.transport = setup->transport,
		.tls = setup->tls,
		.name = setup->peer_name,
	};
	struct call *c;
	int err = call_new(&c, &cs->around, setup, &way, events, arg);

	if (err)
		return err;
	if (!c->le.list)
		list_append(&cs->list, &c->le, c);
	call_caps_count(cs->caps, clock_monotonic_ns());
	*cp = c;
	return 0;
}

/* By the Call-ID, which nobody can guess. */
static struct call *call_find(const struct calls *cs, const struct pl *call_id)
{
	if (call_id->l != REQUEST_CALL_ID_LEN)
		return NULL;
	for (struct le *le = cs->list.head; le; le = le->next) {
		const struct call *c = le->data;

		if (c->invite.buf && !memcmp(c->invite.buf + c->invite.call_id,
					     call_id->p, REQUEST_CALL_ID_LEN))
			return le->data;
	}
	return NULL;
}

static bool calls_guest_response(const struct calls *cs, const struct guard_message *m)
{
	for (struct le *le = cs->list.head; le; le = le->next) {
		if (!call_guest_receive(le->data, m))
			continue;
		call_drive_review(le->data);
		return true;
	}
	return false;
}

static bool calls_guest_request(const struct calls *cs, const struct guard_message *m,
				int64_t rx_ns, unsigned *code,
				struct answer_dialog *dialog)
{
	for (struct le *le = cs->list.head; le; le = le->next) {
		if (!call_guest_serve(le->data, m, rx_ns, code, dialog))
			continue;
		call_drive_review(le->data);
		return true;
	}
	return false;
}

bool calls_response(struct calls *cs, const struct sa *src, const struct guard_message *m,
		    int64_t rx_ns)
{
	struct call *c = call_find(cs, &m->call_id);

	if (calls_guest_response(cs, m))
		return true;
	if (!c)
		return false;
	if (src && !call_knows(c, src))
		return false;
	/* Repeats of what was answered long ago are nobody else's, too. */
	(void)call_receive(c, m, rx_ns);
	return true;
}

bool calls_icmp(struct calls *cs, const struct pl *branch, int err)
{
	for (struct le *le = cs->list.head; le; le = le->next)
		if (call_receive_icmp(le->data, branch, err))
			return true;
	return false;
}

bool calls_request(struct calls *cs, const struct guard_message *m, int64_t rx_ns,
		   unsigned *code, struct answer_dialog *dialog)
{
	struct call *c = m->fault ? NULL : call_find(cs, &m->call_id);
	struct call_serving serving;

	if (!m->fault && calls_guest_request(cs, m, rx_ns, code, dialog))
		return true;
	if (!c || !call_serve(c, m, rx_ns, &serving))
		return false;
	*code = serving.code;
	*dialog = serving.dialog;
	return true;
}

/* The digits of a text that ends at '@' or at its end; at most the last ten. */
static size_t last_digits(char out[11], const struct pl *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->l && text->p[i] != '@'; i++) {
		if (text->p[i] < '0' || text->p[i] > '9')
			continue;
		if (n == 10)
			memmove(out, out + 1, --n);
		out[n++] = text->p[i];
	}
	out[n] = '\0';
	return n;
}

/* Whether the number asked for is the one that was called, as carriers rewrite it. */
static bool is_same_number(const struct call *c, const struct guard_message *m)
{
	char called[11], asked[11];
	struct pl to;
	size_t a, b, least;

	pl_set_str(&to, c->settings.call->to);
	a = last_digits(called, &to);
	b = last_digits(asked, &m->ruri);
	least = a < b ? a : b;
	return least >= 4 && !strcmp(called + a - least, asked + b - least);
}

static bool is_waiting(const struct call *c)
{
	return c->settings.call->mode == CONFIG_CALL_LOOP && !c->guest && !c->wait_ns &&
	       c->sent_ns;
}

/*
 * By the Call-ID past a proxy; by the number, where several wait for the same by whom it
 * came from; or as the only one that waits.
 */
static struct call *calls_find_loop(const struct calls *cs, const struct guard_message *m,
				    const struct sa *src)
{
	struct call *only = NULL, *own = call_find(cs, &m->call_id), *same = NULL;
	unsigned waiting = 0;

	if (own && is_waiting(own))
		return own;
	for (struct le *le = cs->list.head; le; le = le->next) {
		struct call *c = le->data;

		if (!is_waiting(c))
			continue;
		only = c;
		waiting++;
		if (!is_same_number(c, m))
			continue;
		if (sa_cmp(&c->peer, src, SA_ADDR))
			return c;
		same = same ? same : c;
	}
	return same ? same : waiting == 1 ? only : NULL;
}

bool calls_invite(struct calls *cs, const struct guard_message *m,
		  const struct call_arrival *at)
{
	struct call *c;

	if (m->to_tag.p || pl_strcmp(&m->method, "INVITE"))
		return false;
	for (struct le *le = cs->list.head; le; le = le->next)
		if (call_guest_again(le->data, m, at))
			return true;
	c = calls_find_loop(cs, m, at->src);
	if (!c || !call_guest_welcome(c, m, at))
		return false;
	call_drive_review(c);
	return true;
}

void calls_stop(struct calls *cs)
{
	cs->stopped = true;
	for (struct le *le = cs->list.head; le; le = le->next) {
		struct call *c = le->data;

		if (c->wait_ns)
			continue;
		c->stopped = true;
		call_drive_end(c);
		call_drive_review(c);
	}
}

void calls_go_on(struct calls *cs)
{
	cs->stopped = false;
}

bool calls_are_stopped(const struct calls *cs)
{
	return cs->stopped;
}

unsigned calls_open(const struct calls *cs)
{
	return open_of(cs, NULL);
}

const struct media *calls_media(const struct calls *cs)
{
	return cs->media;
}
