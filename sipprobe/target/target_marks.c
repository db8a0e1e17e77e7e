#include "sipprobe/target/target_marks.h"

#include <string.h>

#include "sipprobe/target/probers.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_loss.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/transport/udp.h"
#include "sipprobe/loss/direction.h"

enum {
	ASKED_COPY = 2,		   /* its number, as it is the second one */
	AGAIN_AFTER = 256,	   /* answers until what is known is asked for again */
	UNANSWERED_MAX = 12,	   /* questions in a row, as answers in doubt: loss.h */
	AGAIN_MIN_NS = 1000000000, /* between two: so long may an answer take */
};

struct target_marks {
	struct direction direction;
	int64_t asked_ns;	   /* the last question went out; 0: there was none */
	char key[REQUEST_KEY_LEN]; /* of the request that was sent once more */
	uint16_t answers;	   /* since the last question */
	uint8_t unanswered;	   /* questions in a row */
	bool same;   /* the question was answered by what the first copy was … */
	bool differ; /* … or by an answer of its own */
};

int target_marks_alloc(struct target *t)
{
	struct target_more *more;

	if (!target_settings(t)->mark_copies || t->prober == &prober_invite ||
	    t->address.transport != CONFIG_TRANSPORT_UDP)
		return 0;
	more = target_more(t);
	if (more)
		more->marks = mem_zalloc(sizeof(*more->marks), NULL);
	return more && more->marks ? 0 : ENOMEM;
}

uint16_t target_marks_copy(const struct target *t, const struct guard_message *m,
			   unsigned copies)
{
	return t->more->marks && m->copy <= copies ? (uint16_t)m->copy : 0;
}

/* For who reads the ladder: of an answer to a request that was sent again. */
static void marks_tell(struct target *t, int64_t rx_ns)
{
	const struct attempt *a = t->attempt;
	char words[96];

	if (t->more->marks->direction.kind == DIRECTION_STATELESS && a->mark == a->copies)
		(void)re_snprintf(words, sizeof(words),
				  "it answers copy %u, sent %d us before it came",
				  a->mark, (int)((rx_ns - a->copied_ns) / 1000));
	else if (t->more->marks->direction.kind == DIRECTION_STATEFUL && a->mark > 1)
		(void)re_snprintf(words, sizeof(words),
				  "it was made for copy %u, the first that arrived",
				  a->mark);
	else
		return;
	target_note_words(t, LADDER_ODDITY, rx_ns, words);
}

bool target_marks_final(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	struct attempt *a = t->attempt;

	a->mark = target_marks_copy(t, m, a->copies);
	if (!a->mark || a->copies < 2)
		return false;
	target_note_final(t, m, rx_ns);
	marks_tell(t, rx_ns);
	return true;
}

static void marks_know(struct target *t, enum loss_kind kind)
{
	struct probe_loss loss = {0};

	loss_know(&t->loss, kind, &loss);
	target_loss_tell(t, &loss);
}

/* Nothing came for the last question. A row of them is a peer that ignores copies. */
static void marks_judge(struct target *t)
{
	struct target_marks *k = t->more->marks;

	if (!k->asked_ns || k->same || k->differ)
		return;
	if (k->unanswered < UNANSWERED_MAX)
		k->unanswered++;
	if (k->unanswered == UNANSWERED_MAX && t->loss.kind == LOSS_UNKNOWN)
		marks_know(t, LOSS_FIRST);
}

/* Only where the request was answered and sent once, and the answer says so. */
static bool marks_wonders(const struct target *t, int64_t now_ns)
{
	const struct target_marks *k = t->more->marks;
	bool known = k->direction.kind != DIRECTION_UNKNOWN || t->loss.kind == LOSS_FIRST;

	if (t->prober != &prober_options || t->more->unregistration || !t->udp ||
	    t->attempt->mark != 1 || t->attempt->retransmissions)
		return false;
	return !k->asked_ns || (now_ns - k->asked_ns >= AGAIN_MIN_NS &&
				(!known || k->answers >= AGAIN_AFTER));
}

void target_marks_ask(struct target *t)
{
	struct target_marks *k = t->more->marks;
	int64_t now_ns;

	if (!k)
		return;
	now_ns = clock_monotonic_ns();
	k->answers += k->answers < AGAIN_AFTER;
	if (!marks_wonders(t, now_ns))
		return;
	marks_judge(t);
	k->asked_ns = now_ns;
	k->same = k->differ = false;
	k->answers = 0;
	memcpy(k->key, request_key(&t->request), sizeof(k->key));
	request_number_copy(&t->request, ASKED_COPY);
	(void)udp_transmit(t->udp, &t->address.sa, t->request.buf, t->request.len,
			   t->settings->dscp);
	request_number_copy(&t->request, 1);
}

bool target_marks_answer(struct target *t, const struct guard_message *m)
{
	struct target_marks *k = t->more->marks;

	if (!k || !k->asked_ns || m->code < 200 ||
	    !request_branch_has(&m->branch, k->key))
		return false;
	/* The network may double what answered the first copy, but once is the answer. */
	if (k->differ || (k->same && m->copy != ASKED_COPY))
		return false;
	k->same = m->copy == 1;
	k->differ = m->copy == ASKED_COPY;
	k->unanswered = 0;
	if (t->loss.kind != LOSS_COPIES)
		marks_know(t, LOSS_COPIES);
	direction_note(&k->direction, k->same	  ? LOSS_MARKS_SAME
				      : k->differ ? LOSS_MARKS_DIFFER
						  : LOSS_MARKS_NONE);
	return true;
}

int64_t target_marks_way_us(const struct target *t, const struct loss_request *r)
{
	bool exact = t->more->marks->direction.kind == DIRECTION_STATELESS &&
		     r->mark == r->copies && r->answered_us > r->last_us;

	return exact ? r->answered_us - r->last_us : 0;
}

void target_marks_settle(struct target *t, const struct loss_request *r,
			 struct probe_loss *loss)
{
	if (t->more->marks)
		direction_settle(&t->more->marks->direction, &t->loss, r, loss);
}
