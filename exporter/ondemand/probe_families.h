/*
 * Families that /probe serves: a row each, with the names that blackbox_exporter's users
 * know where it has one. docs/probe.md lists them.
 */
#ifndef EXPORTER_ONDEMAND_PROBE_FAMILIES_H
#define EXPORTER_ONDEMAND_PROBE_FAMILIES_H

#include "base/buffer.h"
#include "sipprobe/ondemand.h"

#define PROBE_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends a report in the text format 0.0.4. */
void probe_families_render(struct buffer *b, const struct ondemand_report *r);

#endif
