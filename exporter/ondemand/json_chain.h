/* The certificates that a peer showed, as JSON. */
#ifndef EXPORTER_ONDEMAND_JSON_CHAIN_H
#define EXPORTER_ONDEMAND_JSON_CHAIN_H

#include "base/json.h"
#include "sipprobe/chain.h"

/* As the member @key, or null. docs/api.md says what the members mean. */
void json_chain(struct json *j, const char *key, const struct chain *c);

#endif
