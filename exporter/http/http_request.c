/*
 * A request, from its head to its answer. Who must wait, for a password to be checked,
 * for a reload or for a probe, is suspended: no thread waits with it, and libmicrohttpd
 * calls again when it is resumed.
 */
#include <stdlib.h>

#include "exporter/http/http_fields.h"
#include "exporter/http/http_private.h"
#include "exporter/http/http_response.h"
#include "exporter/http/http_scrape.h"
#include "exporter/pages/http_probe.h"

enum step {
	STEP_ASK,     /* the head is complete: who is it? */
	STEP_JUDGE,   /* bcrypt was asked */
	STEP_PROBED,  /* the answer is a probe's, … */
	STEP_SCRAPED, /* … or a scrape's */
	STEP_SEND,    /* the answer stands */
};

struct request {
	enum step step;
	struct MHD_Connection *conn;
	const struct web_rules *rules; /* in force when it was asked */
	enum web_verdict verdict;
	struct http_answer answer;
	struct scrape_body *scraped; /* a reference; NULL: the body is in `answer` */
};

/* Stands for a request that was not begun yet, and will be refused. */
static struct request zero_in_path;

static enum MHD_Result http_request_send_answer(struct request *rq, bool close)
{
	return http_response_send(rq->conn, &rq->answer, &rq->scraped,
				  &rq->rules->conf->headers, close);
}

static struct http_client *http_request_client_of(struct MHD_Connection *conn)
{
	const struct http_connection *c = http_connection_of(conn);

	return c ? c->client : NULL;
}

static void http_request_reloaded_h(unsigned status, const char *text, void *arg)
{
	struct request *rq = arg;

	http_answer_text(&rq->answer, status, text);
	MHD_resume_connection(rq->conn);
}

/* The answer comes when the main thread has done what it was asked to. */
static enum MHD_Result http_request_reload(struct http_server *s, struct request *rq)
{
	rq->step = STEP_SEND;
	MHD_suspend_connection(rq->conn);
	if (reload_requests_reload(s->orders[rq->answer.order], http_request_reloaded_h,
				   rq)) {
		http_answer_text(&rq->answer, 503, "cannot do that now\n");
		MHD_resume_connection(rq->conn);
	}
	return MHD_YES;
}

/* From here on libmicrohttpd's thread has the request again. */
static void http_request_probed_h(struct probe_reply *reply, void *arg)
{
	struct request *rq = arg;

	rq->answer.status = reply->status;
	rq->answer.content_type = reply->content_type;
	rq->answer.body = reply->body;
	MHD_resume_connection(rq->conn);
}

/* The answer comes when the main thread has probed. */
static enum MHD_Result http_request_probe(struct http_server *s, struct request *rq)
{
	const struct probe_ask ask = rq->answer.ask;
	int err;

	rq->step = STEP_PROBED;
	http_guard_wait(s->guard, http_request_client_of(rq->conn));
	MHD_suspend_connection(rq->conn);
	err = probe_service_ask(s->probes, &ask, http_request_probed_h, rq);
	if (err) {
		http_probe_refused(&rq->answer, err);
		MHD_resume_connection(rq->conn);
	}
	return MHD_YES;
}

/* The client's time to take the answer begins now. */
static enum MHD_Result http_request_send_probed(struct http_server *s, struct request *rq)
{
	http_guard_head(s->guard, http_request_client_of(rq->conn));
	return http_request_send_answer(rq, false);
}

/* From here on libmicrohttpd's thread has the request again. */
static void http_request_scraped_h(struct scrape_body *b, int err, void *arg)
{
	struct request *rq = arg;

	rq->scraped = b;
	http_scrape_done(&rq->answer, b, err);
	MHD_resume_connection(rq->conn);
}

/* The answer comes when it is rendered, for this client and all who want the same. */
static enum MHD_Result http_request_scrape(struct http_server *s, struct request *rq,
					   const struct http_query *q)
{
	struct scrape_want want;
	int err;

	http_scrape_want(&want, q);
	rq->step = STEP_SCRAPED;
	http_guard_wait(s->guard, http_request_client_of(rq->conn));
	MHD_suspend_connection(rq->conn);
	err = scrapes_ask(s->scrapes, &want, http_request_scraped_h, rq);
	if (err)
		http_request_scraped_h(NULL, err, rq);
	return MHD_YES;
}

static enum MHD_Result http_request_send_scraped(struct http_server *s,
						 struct request *rq)
{
	struct http_client *c = http_request_client_of(rq->conn);

	http_guard_head(s->guard, c);
	if (rq->scraped) {
		atomic_store(&s->site.scrape_bytes,
			     (long long)scrape_body_len(rq->scraped));
		http_guard_scrape(s->guard, c);
	}
	return http_request_send_answer(rq, false);
}

static enum MHD_Result http_request_answer(struct http_server *s, struct request *rq,
					   const char *method, const char *path,
					   bool body)
{
	struct http_args args;
	struct http_query q = {
		.site = &s->site,
		.method = method,
		.path = path,
		.body = body,
	};

	http_fields_query(&q, &args, rq->conn);
	http_routes_answer(&rq->answer, &q);
	if (rq->answer.order)
		return http_request_reload(s, rq);
	if (rq->answer.ask.target && s->probes)
		return http_request_probe(s, rq);
	if (rq->answer.ask.target)
		http_answer_text(&rq->answer, 404, "not found\n");
	if (rq->answer.scrape)
		return http_request_scrape(s, rq, &q);
	return http_request_send_answer(rq, body);
}

static enum MHD_Result http_request_refuse(struct request *rq)
{
	if (rq->verdict == WEB_DENIED) {
		http_answer_text(&rq->answer, 401, "Unauthorized\n");
		rq->answer.authenticate =
			"Basic realm=\"siptrunk_exporter\", charset=\"UTF-8\"";
	} else {
		http_answer_text(&rq->answer, 503, "cannot check the password now\n");
		rq->answer.retry_after = "1";
	}
	return http_request_send_answer(rq, false);
}

static void http_request_judged_h(enum web_verdict v, void *arg)
{
	struct request *rq = arg;

	rq->verdict = v;
	MHD_resume_connection(rq->conn);
}

static enum web_verdict http_request_who_is_it(struct http_server *s, struct request *rq,
					       struct web_claim *claim)
{
	claim->users = &rq->rules->conf->users;
	claim->authorization = http_fields_value(rq->conn, MHD_HTTP_HEADER_AUTHORIZATION);
	http_guard_network(claim->network, http_request_client_of(rq->conn));
	return claim->users->count ? web_auth_known(web_auth(s->web), claim)
				   : WEB_ALLOWED;
}

/* Leaves STEP_ASK for STEP_JUDGE when bcrypt must say. */
static void http_request_authorize(struct http_server *s, struct request *rq)
{
	struct web_claim claim = {0};

	rq->verdict = http_request_who_is_it(s, rq, &claim);
	if (rq->verdict != WEB_LATER)
		return;
	rq->step = STEP_JUDGE;
	MHD_suspend_connection(rq->conn);
	if (web_auth_check(web_auth(s->web), &claim, http_request_judged_h, rq))
		http_request_judged_h(WEB_BUSY, rq);
}

/*
 * A body is refused at the first call, before any of it is read; with users, before
 * anything is told about what is served.
 */
static enum MHD_Result http_request_refuse_body(struct http_server *s, struct request *rq,
						const char *method, const char *path)
{
	struct web_claim claim = {0};

	if (http_request_who_is_it(s, rq, &claim) == WEB_ALLOWED)
		return http_request_answer(s, rq, method, path, true);
	http_answer_text(&rq->answer, 413, "a request must have no body\n");
	return http_request_send_answer(rq, true);
}

/* Why nobody looks at what is asked for, or NULL. */
static const char *http_request_head_fault(struct MHD_Connection *conn, const char *path,
					   const char *version, bool zero)
{
	const struct http_head_field hosts = http_fields_find(conn, MHD_HTTP_HEADER_HOST);

	if (zero)
		return "a zero in the path\n";
	if (!path)
		return "the request target is neither a path nor a URL\n";
	return http_head_host_fault(version, &hosts);
}

static enum MHD_Result http_request_begin(struct http_server *s,
					  struct MHD_Connection *conn, const char *method,
					  const char *path, const char *version,
					  void **request)
{
	const char *fault =
		http_request_head_fault(conn, path, version, *request == &zero_in_path);
	struct request *rq = calloc(1, sizeof(*rq));

	*request = rq;
	if (!rq)
		return MHD_NO;
	rq->conn = conn;
	rq->step = STEP_ASK;
	rq->rules = web_get(s->web);
	http_guard_head(s->guard, http_request_client_of(conn));
	if (fault) {
		http_answer_text(&rq->answer, 400, fault);
		return http_request_send_answer(rq, true);
	}
	return http_fields_has_body(conn) ? http_request_refuse_body(s, rq, method, path)
					  : MHD_YES;
}

/* Sees the target as it came: libmicrohttpd hands on a decoded one, up to a zero. */
void *http_request_target_h(void *arg, const char *target, struct MHD_Connection *conn)
{
	(void)arg;
	(void)conn;
	return http_head_has_zero(target) ? &zero_in_path : NULL;
}

/*
 * Runs once when the head is complete, again when the body is, which is at once for a
 * request without one, and again after each pause.
 */
enum MHD_Result http_request_h(void *arg, struct MHD_Connection *conn, const char *target,
			       const char *method, const char *version, const char *data,
			       size_t *data_size, void **request)
{
	struct http_server *s = arg;
	const char *path = http_head_path(target);
	struct request *rq = *request;

	(void)data;
	if (!rq || rq == &zero_in_path)
		return http_request_begin(s, conn, method, path, version, request);
	if (*data_size)
		return MHD_NO;
	if (rq->step == STEP_SEND)
		return http_request_send_answer(rq, false);
	if (rq->step == STEP_PROBED)
		return http_request_send_probed(s, rq);
	if (rq->step == STEP_SCRAPED)
		return http_request_send_scraped(s, rq);
	if (rq->step == STEP_ASK) {
		http_request_authorize(s, rq);
		if (rq->step == STEP_JUDGE)
			return MHD_YES;
	}
	return rq->verdict == WEB_ALLOWED
		       ? http_request_answer(s, rq, method, path, false)
		       : http_request_refuse(rq);
}

void http_request_done_h(void *arg, struct MHD_Connection *conn, void **request,
			 enum MHD_RequestTerminationCode why)
{
	struct http_server *s = arg;
	struct request *rq = *request;

	(void)why;
	http_guard_done(s->guard, http_request_client_of(conn));
	*request = NULL;
	if (!rq || rq == &zero_in_path)
		return;
	web_put(s->web, rq->rules);
	buffer_clear(&rq->answer.body);
	scrape_body_unref(rq->scraped);
	free(rq);
}
