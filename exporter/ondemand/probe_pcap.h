/* A probe on demand as packets. */
#ifndef EXPORTER_ONDEMAND_PROBE_PCAP_H
#define EXPORTER_ONDEMAND_PROBE_PCAP_H

#include "exporter/ondemand/probe_format.h"

/* What each address was sent and answered, as one file of pcapng. */
void probe_pcap(struct buffer *b, const struct probe_output *t, const char *version);

/* Whether it goes to standard output: "-". What is told of the probe goes elsewhere then.
 */
bool probe_pcap_is_stdout(const char *path);

/*
 * Writes that to a file, which it makes anew, or to standard output. Returns 0 or an
 * errno value, in errno too.
 */
int probe_pcap_write(const char *path, const struct probe_output *t, const char *version);

#endif
