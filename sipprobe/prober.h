/* How a trunk may be probed: a row per method. */
#ifndef SIPPROBE_PROBER_H
#define SIPPROBE_PROBER_H

struct target;

struct prober {
	const char *method; /* of the request, and the metrics' label */
	/*
	 * Begins a probe. Its result comes through target_finish(), exactly once, and
	 * never inside this call.
	 *
	 * Returns 0 or errno; on failure the caller makes the result of it.
	 */
	int (*start)(struct target *t);
};

extern const struct prober prober_options;

#endif
