/* The status of trunks as JSON: docs/api.md says what the members mean. */
#ifndef EXPORTER_PAGES_API_H
#define EXPORTER_PAGES_API_H

#include "base/json.h"
#include "exporter/pages/http_query.h"
#include "exporter/store/status.h"

enum {
	API_VERSION = 1,  /* of what is promised; grows when something breaks */
	API_LIMIT = 1000, /* trunks in an answer where the client does not say */
	API_LIMIT_MAX = 10000,
	API_RECENT = 20, /* probes of each trunk, likewise */
};

/* Bits as struct status_query has them, by names: "down,degraded"; EINVAL for another. */
int api_parse_states(unsigned *states, const char *text);

/* Whether a row holds the words, in any case, in name, URI, labels or last answer. */
bool api_row_matches(const struct status_row *row, const char *words);

/*
 * /api/v1/trunks.
 *
 * Returns 0; EINVAL for a wrong parameter, with @out saying which; ENOMEM; EBUSY.
 */
int api_trunks(struct buffer *out, const struct http_query *q);

/* /api/v1/trunks/NAME. Returns 0; ENOENT, with @out saying so; ENOMEM. */
int api_trunk(struct buffer *out, struct store *s, const char *name);

/* What the last reload changed, as member last_reload. Returns 0 or ENOMEM. */
int api_put_changes(struct json *j, struct store *s);

/* What a target's peer was asked besides probes: members size and train. */
void api_survey(struct json *j, const struct status_target *t);

/* What of a target's peer has changed: member changes. */
void api_peer_changes(struct json *j, const struct status_target *t);

/* A trunk in a list. */
void api_row(struct json *j, const struct status_row *row);

#endif
