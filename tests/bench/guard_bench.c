/*
 * What the guard costs beside libre's decoder, on the same bytes in the same run: a 200
 * OK as a SIP server sends it. The least of many short rounds counts, taken in turns, so
 * that other work on the machine spoils neither.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/message/guard.h"

enum {
	ROUNDS = 200,
	MESSAGES = 1000, /* a round */
};

static const char text[] =
	"SIP/2.0 200 OK\r\n"
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK6f1c2a9d00000017;rport=5060\r\n"
	"From: <sip:probe@192.0.2.10>;tag=1f0e2d3c4b5a6978\r\n"
	"To: <sip:sbc.isp-a.example>;tag=b27e1a1d33761e85846fc98f5f3a7e58.7f43\r\n"
	"Call-ID: 9a8b7c6d5e4f30211203f4e5d6c7b8a9\r\n"
	"CSeq: 23 OPTIONS\r\n"
	"Accept: */*\r\n"
	"Accept-Encoding:\r\n"
	"Accept-Language: en\r\n"
	"Supported:\r\n"
	"Server: kamailio (5.6.3 (x86_64/linux))\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

static int guard_run(void)
{
	struct guard_message m;

	return guard_datagram(&m, text, sizeof(text) - 1, NULL) || m.code != 200;
}

/* Decoding only: the buffer is made once. */
static int libre_run(void)
{
	static struct mbuf *mb;
	struct sip_msg *msg = NULL;
	int err;

	if (!mb) {
		mb = mbuf_alloc(sizeof(text));
		if (!mb || mbuf_write_mem(mb, (const uint8_t *)text, sizeof(text) - 1))
			return ENOMEM;
	}
	mbuf_set_pos(mb, 0);
	err = sip_msg_decode(&msg, mb);
	if (!err && msg->scode != 200)
		err = EBADMSG;
	mem_deref(msg);
	return err;
}

static int round_ns(double *best_ns, int (*run)(void))
{
	int64_t start_ns = clock_monotonic_ns();
	double ns;
	int err = 0;

	for (int i = 0; i < MESSAGES; i++)
		err |= run();
	ns = (double)(clock_monotonic_ns() - start_ns) / MESSAGES;
	if (ns < *best_ns)
		*best_ns = ns;
	return err;
}

int main(void)
{
	double guard_ns = 1e9, libre_ns = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		if (round_ns(&guard_ns, guard_run) || round_ns(&libre_ns, libre_run)) {
			fputs("the message was refused\n", stderr);
			return 1;
		}
	}
	printf("guard_datagram  %8.1f ns a message of %zu bytes\n", guard_ns,
	       sizeof(text) - 1);
	printf("sip_msg_decode  %8.1f ns a message\n", libre_ns);
	printf("ratio           %8.3f\n", guard_ns / libre_ns);
	return 0;
}
