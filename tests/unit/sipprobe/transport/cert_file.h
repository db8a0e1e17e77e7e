/* A certificate with its key in a file, for tests that show it and replace it. */
#ifndef TESTS_UNIT_SIPPROBE_TRANSPORT_CERT_FILE_H
#define TESTS_UNIT_SIPPROBE_TRANSPORT_CERT_FILE_H

#include <stdio.h>

#include "config/config.h"
#include "tests/support/ca.h"

struct cert_file {
	char dir[64], path[128];
	struct config_tls conf; /* that shows it */
};

/* Writes another one, which is good for so long. */
static inline void cert_file_write(struct cert_file *s, long ends_s)
{
	const struct ca_cert *chain[2] = {NULL};
	struct ca_cert own;

	ca_make(&own,
		&(struct ca_spec){"us", "DNS:us.example", .begins_s = -60,
				  .ends_s = ends_s},
		NULL);
	chain[0] = &own;
	ca_write(s->path, s->dir, "us.pem", chain, own.key);
	ca_drop(&own);
	s->conf = (struct config_tls){
		.cert_file = s->path, .key_file = s->path, .min_version = CONFIG_TLS_1_2};
}

static inline void cert_file_break(struct cert_file *s)
{
	FILE *f = fopen(s->path, "w");

	if (f) {
		fputs("no certificate\n", f);
		fclose(f);
	}
}

/* In a folder of its own, removed by cert_file_remove(). */
static inline void cert_file_open(struct cert_file *s)
{
	ca_dir_make(s->dir);
	cert_file_write(s, 1000);
}

static inline void cert_file_remove(const struct cert_file *s)
{
	ca_dir_remove(s->dir);
}

#endif
