/*
 * The request of a target's probe: made once for each way out, or after a rest; stamped
 * for each probe.
 */
#include "sipprobe/target/target_request.h"

#include <string.h>

#include "sipprobe/target/exchange.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_state.h"

int target_make_request(struct target *t, const struct sa *local)
{
	bool first = !t->request.buf && !t->request.shrunk;
	struct request_info info;
	int err;

	/* Its requests differ: each is made when it is stamped. */
	if (t->more->exchange) {
		exchange_set_local(t->more->exchange, local);
		return 0;
	}
	target_request_info(t, &info, local);
	err = request_make(&t->request, &info);
	/* By the last request's key a late answer to it is known; here is no last one. */
	if (!err && first)
		memset(t->request.buf + (request_key(&t->request) - t->request.buf), 0,
		       REQUEST_KEY_LEN);
	return err;
}

int target_stamp(struct target *t)
{
	struct request *r = &t->request;

	target_note_next_request(t);
	if (t->answered)
		memset(t->previous_key, 0, sizeof(t->previous_key));
	else
		request_pack_key(t->previous_key, r);
	t->answered = false;
	return t->more->exchange ? exchange_stamp(t) : request_stamp(r);
}
