/* Which socket a probe to somewhere leaves from. */
#include "sipprobe/loop/ip_literal.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/transport/sockets_private.h"

/* Ranks a listening socket for probes to an address; 0: it does not suit at all. */
static int sockets_choice_suits(const struct sockets_entry *e, const struct sa *dst,
				const struct sa *source)
{
	if (e->transport != CONFIG_TRANSPORT_UDP || !e->in_force ||
	    sa_af(&e->local) != sa_af(dst))
		return 0;
	if (sa_cmp(&e->local, source, SA_ADDR))
		return 3;
	if (sa_is_any(&e->local))
		return 2;
	/* From a loopback address nothing leaves the machine, nor comes to it. */
	return ip_is_loopback(&e->local) == ip_is_loopback(source) ? 1 : 0;
}

static struct udp *listening_for(const struct sockets *s, const struct sa *dst,
				 const struct sa *source)
{
	const struct sockets_entry *best = NULL;
	int best_score = 0;

	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct sockets_entry *e = le->data;
		int score = sockets_choice_suits(e, dst, source);

		if (score > best_score) {
			best = e;
			best_score = score;
		}
	}
	return best ? best->udp : NULL;
}

static int own_socket(struct sockets *s, struct udp **up, int af)
{
	struct udp **own = &s->own[af == AF_INET6];
	struct sa any;
	int err = 0;

	if (!*own) {
		sa_init(&any, af);
		err = udp_socket(own, &any, &sockets_udp_events, s);
	}
	if (!err)
		*up = *own;
	return err;
}

/* The socket that listens where a trunk wants to send from, else one of its own. */
static int wanted_socket(struct sockets *s, struct udp **up, int af,
			 const struct config_local *want)
{
	struct sa sa;
	int err = local_sockets_address(&sa, want, af);

	if (err)
		return err;
	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct sockets_entry *e = le->data;

		if (e->udp && e->in_force && sa_af(&e->local) == af &&
		    local_sockets_fits(want, &e->local)) {
			*up = e->udp;
			return 0;
		}
	}
	return local_sockets_get(s->locals, up, &sa);
}

void sockets_mark_local(struct sockets *s, const struct config_local *want)
{
	local_sockets_mark(s->locals, want);
}

void sockets_sweep_local(struct sockets *s)
{
	local_sockets_sweep(s->locals);
}

int sockets_udp_for(struct sockets *s, struct udp **up, struct sa *local,
		    const struct sa *dst, const struct config_local *want)
{
	struct sa source;
	struct udp *u = NULL;
	int err = udp_source(&source, dst);

	if (err)
		return err;
	if (local_sockets_wanted(want))
		err = wanted_socket(s, &u, sa_af(dst), want);
	else
		u = listening_for(s, dst, &source);
	if (!u && !err)
		err = own_socket(s, &u, sa_af(dst));
	if (err)
		return err;
	*local = sa_is_any(udp_local(u)) ? source : *udp_local(u);
	sa_set_port(local, sa_port(udp_local(u)));
	*up = u;
	return 0;
}

/* Ranks a listening socket for who is to reach an address of ours; 0: he does not. */
static int sockets_choice_reaches(const struct sockets_entry *e,
				  enum config_transport transport, const struct sa *ours)
{
	if (!e->in_force || e->transport != transport || sa_af(&e->local) != sa_af(ours))
		return 0;
	if (sa_cmp(&e->local, ours, SA_ADDR))
		return 2;
	return sa_is_any(&e->local) || sa_is_any(ours) ? 1 : 0;
}

uint16_t sockets_stream_port(const struct sockets *s, enum config_transport transport,
			     const struct sa *ours)
{
	uint16_t port = 0;
	int best = 0;

	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct sockets_entry *e = le->data;
		int score = sockets_choice_reaches(e, transport, ours);

		if (score > best) {
			best = score;
			port = sa_port(&e->local);
		}
	}
	return port;
}
