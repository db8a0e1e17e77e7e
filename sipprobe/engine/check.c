/* Warnings about a configuration that take knowledge of SIP: a row each. */
#include "sipprobe/engine.h"

#include "sipprobe/engine/check_certificates.h"
#include "sipprobe/engine/check_size.h"

/* Each adds what it finds by config_warn(), and returns 0 or ENOMEM. NULL ends them. */
static int (*const checks[])(struct config_errors *warnings,
			     const struct config *conf) = {
	check_certificates,
	check_size,
	NULL,
};

int engine_check(struct config_errors *warnings, const struct config *conf)
{
	int err = 0;

	for (size_t i = 0; checks[i] && !err; i++)
		err = checks[i](warnings, conf);
	return err;
}
