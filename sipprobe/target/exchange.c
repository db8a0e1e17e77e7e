#include "sipprobe/target/exchange.h"

#include <string.h>

#include "sipprobe/message/auth.h"
#include "sipprobe/target/target_state.h"

struct exchange {
	struct auth *auth; /* NULL: no credentials */
	struct binding *binding;
	struct sa local;
	struct exchange_call own;
	struct exchange_call *call; /* `own`, or the prober's */
	uint8_t transactions;	    /* of this probe */
	char settled_key[REQUEST_KEY_LEN];
};

static void exchange_destructor(void *arg)
{
	struct exchange *x = arg;

	mem_deref(x->auth);
	mem_deref(x->binding);
}

int exchange_alloc(struct target *t)
{
	bool auth = target_settings(t)->auth;
	struct target_more *more;
	struct exchange *x;

	if (!auth && !t->prober->prepare)
		return 0;
	more = target_more(t);
	x = more ? mem_zalloc(sizeof(*x), exchange_destructor) : NULL;
	if (!x)
		return ENOMEM;
	more->exchange = x;
	x->call = &x->own;
	return auth ? auth_alloc(&x->auth) : 0;
}

struct binding **exchange_binding(struct exchange *x)
{
	return &x->binding;
}

void exchange_continue(struct exchange *x, struct exchange_call *call)
{
	x->call = call;
}

void exchange_set_local(struct exchange *x, const struct sa *local)
{
	x->local = *local;
}

void exchange_begin(struct target *t)
{
	struct exchange *x = t->more->exchange;

	x->transactions = 0;
	memset(x->settled_key, 0, sizeof(x->settled_key));
	if (x->auth)
		auth_begin(x->auth, t->answered);
}

/* Adds what answers the challenges so far; @mb holds the text that @info points to. */
static int add_credentials(struct mbuf *mb, struct request_info *info,
			   const struct exchange *x, const struct target *t)
{
	char uri[REQUEST_URI_SIZE];
	int err = request_uri_of(uri, sizeof(uri), info, NULL);

	if (!err)
		err = auth_print(x->auth, mb, target_settings(t)->auth, info->method,
				 uri);
	if (!err)
		err = mbuf_write_u8(mb, 0);
	info->fields = (const char *)mb->buf;
	return err;
}

static int exchange_make(struct target *t, struct mbuf *mb)
{
	const struct exchange *x = t->more->exchange;
	struct request_info info;
	int err = 0;

	target_request_info(t, &info, &x->local);
	if (t->prober->prepare)
		err = t->prober->prepare(t, &info);
	info.cseq = x->call->cseq + 1;
	if (!err && x->auth)
		err = add_credentials(mb, &info, x, t);
	return err ? err : request_make(&t->request, &info);
}

/* @fresh: no request of this target had stamps so far */
static int exchange_identify(struct target *t, bool fresh)
{
	struct exchange_call *call = t->more->exchange->call;
	struct request *r = &t->request;
	int err = fresh ? request_stamp(r) : request_stamp_branch(r);

	if (err)
		return err;
	if (call->cseq)
		memcpy(r->buf + r->call_id, call->id, sizeof(call->id));
	else
		memcpy(call->id, r->buf + r->call_id, sizeof(call->id));
	return 0;
}

int exchange_stamp(struct target *t)
{
	struct exchange *x = t->more->exchange;
	bool begins = !x->transactions && !t->prober->keeps_call;
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;
	if (begins)
		x->call->cseq = 0;
	begins = !x->call->cseq;
	err = exchange_make(t, mb);
	if (!err)
		err = exchange_identify(t, begins);
	if (!err) {
		x->call->cseq++;
		x->transactions++;
	}
	mem_deref(mb);
	return err;
}

/* Asked for more by @m: without the nonce that it took, where a challenge has room. */
static bool asks_again(struct target *t, const struct guard_message *m)
{
	struct exchange *x = t->more->exchange;

	if (!t->prober->again || !t->prober->again(t, m))
		return false;
	if (x->auth)
		auth_served(x->auth, x->transactions + 2 <= EXCHANGE_TRANSACTIONS_MAX);
	return true;
}

static enum exchange_step exchange_judge(struct target *t, const struct guard_message *m,
					 const char **why)
{
	static const enum exchange_step steps[] = {
		[AUTH_ANSWERED] = EXCHANGE_DONE,
		[AUTH_AGAIN] = EXCHANGE_AGAIN,
		[AUTH_REFUSED] = EXCHANGE_REFUSED,
	};
	struct exchange *x = t->more->exchange;
	bool more = x->transactions < EXCHANGE_TRANSACTIONS_MAX;

	if (more && asks_again(t, m))
		return EXCHANGE_AGAIN;
	if (!x->auth)
		return EXCHANGE_DONE;
	return steps[auth_take(x->auth, target_settings(t)->auth, m, more, why)];
}

enum exchange_step exchange_next(struct target *t, const struct guard_message *m,
				 const char **why)
{
	struct exchange *x = t->more->exchange;
	enum exchange_step step = x ? exchange_judge(t, m, why) : EXCHANGE_DONE;

	if (step == EXCHANGE_AGAIN)
		memcpy(x->settled_key, request_key(&t->request), REQUEST_KEY_LEN);
	return step;
}

bool exchange_is_settled(const struct target *t, const struct guard_message *m)
{
	const struct exchange *x = t->more->exchange;

	return x && x->settled_key[0] && request_branch_has(&m->branch, x->settled_key);
}
