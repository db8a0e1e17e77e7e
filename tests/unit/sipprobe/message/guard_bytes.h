/* Messages of files, as bytes. */
#ifndef TESTS_UNIT_SIPPROBE_MESSAGE_GUARD_BYTES_H
#define TESTS_UNIT_SIPPROBE_MESSAGE_GUARD_BYTES_H

#include "sipprobe/message/guard.h"
#include "tests/unit/exporter/store/kept.h"

/* A file whole, or a text, as bytes. */
struct bytes {
	char data[65536];
	size_t len;
};

static const char *data_dir;

static inline bool bytes_load(struct bytes *b, const char *folder, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s", data_dir, folder, name);
	b->len = kept_read(b->data, sizeof(b->data), path);
	return b->len > 0;
}

#endif
