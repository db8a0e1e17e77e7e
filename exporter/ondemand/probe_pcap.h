/* A probe on demand as packets. */
#ifndef EXPORTER_ONDEMAND_PROBE_PCAP_H
#define EXPORTER_ONDEMAND_PROBE_PCAP_H

#include "exporter/ondemand/probe_format.h"

/* What each address was sent and answered, as one file of pcapng. */
void probe_pcap(struct buffer *b, const struct probe_output *t, const char *version);

/* Writes that to a file, which it makes anew. Returns 0 or an errno value, in errno too.
 */
int probe_pcap_write(const char *path, const struct probe_output *t, const char *version);

#endif
