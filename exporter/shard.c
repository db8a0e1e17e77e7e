#include "exporter/shard.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct answer {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static int shard_refuse(const struct answer *a,
							      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->text, a->size, fmt, ap);
	va_end(ap);
	return EINVAL;
}

/* Digits only, @len of them. Numbers past SHARD_TOTAL_MAX are all alike too large. */
static bool shard_read_number(unsigned *out, const char *text, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		n = n * 10 + (unsigned)(text[i] - '0');
		if (n > SHARD_TOTAL_MAX)
			n = SHARD_TOTAL_MAX + 1;
	}
	*out = n;
	return len > 0;
}

/* A StatefulSet's pod is called NAME-ORDINAL. */
static bool shard_read_ordinal(unsigned *out, const char *host)
{
	size_t len = strcspn(host, "."), at = len;

	while (at && isdigit((unsigned char)host[at - 1]))
		at--;
	return at && host[at - 1] == '-' && shard_read_number(out, host + at, len - at);
}

int shard_parse(struct config_shard *out, const char *shard, const char *total,
		const char *host, char *err_text, size_t err_size)
{
	const struct answer answer = {err_text, err_size};
	bool ordinal = shard && !strcmp(shard, "auto");
	struct config_shard s = {0};

	if (!shard != !total)
		return shard_refuse(&answer,
				    "--shard and --total-shards belong together");
	if (total && (!shard_read_number(&s.total, total, strlen(total)) || !s.total ||
		      s.total > SHARD_TOTAL_MAX))
		return shard_refuse(&answer,
				    "--total-shards: \"%.40s\" is no number from 1 to %d",
				    total, SHARD_TOTAL_MAX);
	if (ordinal && !shard_read_ordinal(&s.index, host))
		return shard_refuse(
			&answer,
			"--shard=auto: the host name \"%.64s\" does not end in an "
			"ordinal, as siptrunk-0 does",
			host);
	if (shard && !ordinal && !shard_read_number(&s.index, shard, strlen(shard)))
		return shard_refuse(&answer,
				    "--shard: \"%.40s\" is neither a number nor auto",
				    shard);
	if (total && s.index >= s.total)
		return shard_refuse(
			&answer,
			"--shard: with --total-shards=%u they count from 0 to %u, "
			"there is no shard %s%s",
			s.total, s.total - 1, ordinal ? "as in " : "",
			ordinal ? host : shard);
	*out = s;
	return 0;
}
