#include "sipprobe/call/call_back.h"

#include <errno.h>

#include "sipprobe/transport/udp.h"

void call_back_open(struct call_back *back, const struct guard_message *invite,
		    const struct call_arrival *at)
{
	back->transport = at->transport;
	back->udp = mem_ref(at->udp);
	back->src = *at->src;
	back->local = *at->local;
	answer_destination(&back->dst, invite, at->src);
	if (at->stream)
		stream_lend(&back->loan, at->stream);
}

void call_back_close(struct call_back *back)
{
	back->udp = mem_deref(back->udp);
	stream_give_back(&back->loan);
}

bool call_back_stands(const struct call_back *back)
{
	return back->transport == CONFIG_TRANSPORT_UDP || back->loan.stream;
}

int call_back_send(struct call_back *back, const struct sa *dst, const struct mbuf *mb)
{
	const char *text = (const char *)mb->buf;

	if (!call_back_stands(back))
		return ENOTCONN;
	return back->loan.stream ? stream_send(back->loan.stream, text, mb->end, NULL)
				 : udp_transmit(back->udp, dst, text, mb->end, 0);
}
