/*
 * Shared by the tables: every section of a configuration, its keys with their ranges,
 * defaults and descriptions, stands in one of them.
 */
#ifndef CONFIG_TABLES_H
#define CONFIG_TABLES_H

#include <stddef.h>

#include "config/types.h"

/* Durations, in microseconds. */
#define MS  INT64_C(1000)
#define S   (1000 * MS)
#define DAY (24 * 3600 * S)

/* Taken whole by the nearest level that has them. */
extern const struct record_type record_auth;	 /* struct config_auth */
extern const struct record_type record_register; /* struct config_register */
extern const struct record_type record_size;	 /* struct config_size */
extern const struct record_type record_train;	 /* struct config_train */
extern const struct record_type record_mirror;	 /* struct config_mirror */
extern const struct record_type record_call;	 /* struct config_call */

/* Within those of calls. */
extern const struct section section_degraded; /* base: struct config_call_degraded */
extern const struct section section_media;    /* base: struct config_media */

/* The sections of the main file that concern the exporter as a whole. */
extern const struct section section_histogram; /* base: struct load */
extern const struct section section_metrics;   /* base: struct config_metrics */
extern const struct section section_sip;       /* base: struct config_sip in a load */
extern const struct section section_dns;       /* base: struct config_dns */
extern const struct section section_probe;     /* base: struct config_probe */
extern const struct section section_calls;     /* base: struct config_calls */
extern const struct section section_hep;       /* base: struct config_hep */
extern const struct section section_status;    /* base: struct config_status */

#endif
