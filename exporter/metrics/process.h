/* Statistics that the kernel keeps of this process, for the process_* families. */
#ifndef EXPORTER_METRICS_PROCESS_H
#define EXPORTER_METRICS_PROCESS_H

#include <stdint.h>

/* -1: the kernel did not tell. */
struct process_stats {
	int64_t cpu_ns;
	int64_t resident_bytes;
	int64_t virtual_bytes;
	int64_t open_fds;
	int64_t max_fds;
	int64_t start_unix_ns;
};

/* Reads it all now. Any thread. */
void process_read(struct process_stats *out);

#endif
