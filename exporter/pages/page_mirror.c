#include "exporter/pages/page_mirror.h"

#include "exporter/pages/page_text.h"

void mirror_words(struct buffer *b, unsigned signs)
{
	const char *comma = "";

	for (int i = 0; i < MIRROR_SIGNS; i++) {
		if (!(signs >> i & 1))
			continue;
		buffer_str(b, comma);
		buffer_str(b, mirror_sign_name((enum mirror_sign)i));
		comma = ", ";
	}
}

void page_mirror(struct buffer *b, const struct status_target *t, int64_t now_ns)
{
	const struct stats_target *s = &t->stats;

	if (t->seen_as.l) {
		page_item_begin(b, "The peer sees us as");
		page_bytes(b, t->seen_as);
		buffer_str(b, s->nat ? " (NAT), since " : " (no NAT), since ");
		page_time(b, s->seen_as_unix_ns);
		buffer_str(b, ", for ");
		page_age(b, s->seen_as_unix_ns, now_ns);
		buffer_str(b, ", ");
		page_number(b, s->seen_as_changes);
		buffer_str(b, s->seen_as_changes == 1 ? " change" : " changes");
		page_item_end(b);
	}
	if (!s->alg_known)
		return;
	page_item_begin(b, "SIP rewritten on the way");
	if (s->alg_signs)
		mirror_words(b, s->alg_signs);
	else
		buffer_str(b, "no");
	page_item_end(b);
}

void page_mirror_next(struct buffer *b, const struct status_target *t)
{
	if (!t->stats.alg_signs)
		return;
	buffer_str(b,
		   "<p class=\"next\"><b>Next:</b> A router on the way rewrites SIP (an "
		   "ALG): calls lose audio or end early by it. Switch it off there "
		   "(\"SIP ALG\", \"SIP helper\", \"SIP inspection\"), or use TLS, which "
		   "it cannot read.</p>\n");
}

void page_mirror_json(struct json *j, const struct status_target *t)
{
	const struct stats_target *s = &t->stats;

	if (!t->seen_as.l) {
		json_null(j, "mirror");
		return;
	}
	json_open(j, "mirror", '{');
	json_text(j, "seen_as", t->seen_as);
	json_bool(j, "nat", s->nat);
	json_time(j, "since_unix_s", s->seen_as_unix_ns);
	json_number(j, "changes", s->seen_as_changes, 0);
	if (!s->alg_known) {
		json_null(j, "alg_signs");
	} else {
		json_open(j, "alg_signs", '[');
		for (int i = 0; i < MIRROR_SIGNS; i++)
			if (s->alg_signs >> i & 1)
				json_str(j, NULL, mirror_sign_name((enum mirror_sign)i));
		json_close(j, ']');
	}
	json_close(j, '}');
}
